import { expect, it } from "vitest";
import { dueQuarantines, withoutQuarantined, withQuarantined } from "../../../shared/domain/quarantine.ts";

const one = { instanceId: "i-1", generation: "web-000002", until: "2026-01-01T12:00:00.000Z" };
const other = { instanceId: "i-2", generation: "web-000003", until: "2026-01-01T13:00:00.000Z" };
const noon = Date.parse(one.until);

it("ends what was kept for a time that is over, and nothing before", () => {
  expect(dueQuarantines([one, other], noon - 1)).toEqual([]);
  expect(dueQuarantines([one, other], noon)).toEqual([one]);
  expect(dueQuarantines(undefined, noon)).toEqual([]);
});

it("keeps one instance of a generation", () => {
  expect(withQuarantined(undefined, one)).toEqual([one]);
  expect(withQuarantined([one, other], { ...one, instanceId: "i-9" })).toEqual([other, { ...one, instanceId: "i-9" }]);
  expect(withoutQuarantined([one, other], ["i-1"])).toEqual([other]);
  expect(withoutQuarantined([one, other], ["i-2", "i-1"])).toEqual([]);
  expect(withoutQuarantined([one, other], ["i-3"])).toEqual([one, other]);
  expect(withoutQuarantined(undefined, ["i-1"])).toEqual([]);
});
