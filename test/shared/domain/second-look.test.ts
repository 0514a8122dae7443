import { describe, expect, it } from "vitest";
import { dismantled, emptyHead, type Head, leftovers, reaped } from "../../../shared/domain/head.ts";
import { vanished } from "../../../shared/domain/second-look.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
const due = (head: Head, seconds: number) => leftovers(head, Date.parse(at(seconds)));
const head: Head = {
  ...emptyHead("web"),
  live: { generation: "web-000003", since: at(0) },
  known: ["web-000003", "web-000004"],
  kept: ["web-000002", "web-000003"],
};

describe("a candidate that never served", () => {
  const once = vanished(reaped(head, "web-000004", "exec"), "web-000004", at(0));

  it("is looked for once more, three minutes after nothing of it was found", () => {
    expect(due(once, 179)).toEqual([]);
    expect(due(once, 180)).toEqual(["web-000004"]);
  });

  it("is not when the first look is repeated, and not a third time", () => {
    expect(vanished(once, "web-000004", at(5))).toBe(once);
    expect(due(vanished(once, "web-000004", at(180)), 999)).toEqual([]);
  });

  it("is left alone while it is being deployed again", () => {
    expect(due({ ...once, pending: { execution: "other", generation: "web-000004" } }, 999)).toEqual([]);
  });

  it("is forgotten with the stage", () => {
    expect(due(dismantled(once), 999)).toEqual([]);
  });
});

it("does not look again for what is kept, or was dropped after it had served", () => {
  for (const generation of ["web-000002", "web-000001"]) expect(vanished(head, generation, at(0))).toBe(head);
});
