import { describe, expect, it } from "vitest";
import { dismantled, emptyHead, type Head, leftovers, reaped } from "../../../shared/domain/head.ts";
import { dueSecondLooks, vanished } from "../../../shared/domain/second-look.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
const due = (head: Head, seconds: number) => leftovers(head, Date.parse(at(seconds)));
const head: Head = {
  ...emptyHead("web"),
  live: { generation: "web-000003", since: at(0) },
  known: ["web-000003", "web-000004"],
  kept: ["web-000002", "web-000003"],
};

/** The head once nothing of version 4 was found any more. */
const lookedOnce = () => vanished(reaped(head, "web-000004", "exec"), "web-000004", at(0));

describe("a candidate that never served", () => {
  it("is looked for once more, three minutes after nothing of it was found", () => {
    const once = lookedOnce();
    expect(once.vanished).toEqual([{ generation: "web-000004", at: at(0) }]);
    expect(due(once, 179)).toEqual([]);
    expect(due(once, 180)).toEqual(["web-000004"]);
  });

  it("is not when the first look is repeated, and not a third time", () => {
    const once = lookedOnce();
    expect(vanished(once, "web-000004", at(5))).toBe(once);
    expect(due(vanished(once, "web-000004", at(180)), 999)).toEqual([]);
  });

  it("is left alone while it is being deployed again", () => {
    expect(due({ ...lookedOnce(), pending: { execution: "other", generation: "web-000004" } }, 999)).toEqual([]);
  });

  it("is forgotten with the stage", () => {
    expect(due(dismantled(lookedOnce()), 999)).toEqual([]);
  });

  it("has a time of its own beside others that are looked for", () => {
    const both = vanished(lookedOnce(), "web-000005", at(100));
    expect(both.vanished).toEqual([
      { generation: "web-000004", at: at(0) },
      { generation: "web-000005", at: at(100) },
    ]);
    expect(dueSecondLooks(both, Date.parse(at(279)))).toEqual(["web-000004"]);
    expect(dueSecondLooks(both, Date.parse(at(280)))).toEqual(["web-000004", "web-000005"]);
    expect(vanished(both, "web-000004", at(200)).vanished).toEqual([{ generation: "web-000005", at: at(100) }]);
  });

  it("is one as well when nothing ever served, or when it lies between releases that are kept", () => {
    expect(vanished(emptyHead("web"), "web-000001", at(0)).vanished).toHaveLength(1);
    const gap = { ...head, kept: ["web-000002", "web-000005"] };
    expect(vanished(gap, "web-000004", at(0)).vanished).toHaveLength(1);
  });
});

it("does not look again for what is kept, or was dropped after it had served", () => {
  for (const generation of ["web-000002", "web-000001"]) expect(vanished(head, generation, at(0))).toBe(head);
});
