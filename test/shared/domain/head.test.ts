import { describe, expect, it } from "vitest";
import {
  adopted,
  decideRecovery,
  emptyHead,
  generationOf,
  type Head,
  isPropagating,
  isSuperseded,
  leftovers,
  promoted,
  reaped,
  rollbackTarget,
  settled,
  withDeploy,
  withRollback,
} from "../../../shared/domain/head.ts";
import type { Intent } from "../../../shared/domain/release.ts";

const upload = (time: string, tieBreak = "v1"): Intent => ({ kind: "upload", time, tieBreak });
const noon = "2026-01-01T12:00:00.000Z";
const later = "2026-01-01T13:00:00.000Z";

function headWith(parts: Partial<Head>): Head {
  return { ...emptyHead("web"), ...parts };
}

describe("the order of intents", () => {
  it("lets a newer upload take the place of one that waits", () => {
    const first = withDeploy(emptyHead("web"), upload("2026-01-01T10:00:00Z"), "exec-1", "web-000001");
    const second = withDeploy(first, upload("2026-01-01T11:00:00Z"), "exec-2", "web-000002");
    expect(generationOf(second, "exec-1")).toBeUndefined();
    expect(generationOf(second, "exec-2")).toBe("web-000002");
    expect(second.known).toEqual(["web-000001", "web-000002"]);
    expect(generationOf(emptyHead("web"), "exec-1")).toBeUndefined();
    expect(isSuperseded(emptyHead("web"), upload("2026-01-01T10:00:00Z"))).toBe(false);
  });

  it("never lets an older upload supersede a newer one, however late it arrives", () => {
    const head = withDeploy(emptyHead("web"), upload("2026-01-01T11:00:00Z"), "exec-2", "web-000001");
    expect(isSuperseded(head, upload("2026-01-01T10:59:59Z"))).toBe(true);
    expect(isSuperseded(head, upload("2026-01-01T11:00:00Z", "v0"))).toBe(true);
    expect(isSuperseded(head, upload("2026-01-01T11:00:00Z", "v1"))).toBe(false);
    expect(isSuperseded(head, upload("2026-01-01T11:00:01Z"))).toBe(false);
  });

  it("orders times of different precision as times, not as texts", () => {
    const head = withDeploy(emptyHead("web"), upload("2026-01-01T11:00:00Z"), "exec-1", "web-000001");
    expect(isSuperseded(head, upload("2026-01-01T11:00:00.500Z"))).toBe(false);
  });

  it("puts a rollback before every upload made until it was asked", () => {
    const head = headWith({ live: { generation: "web-000002", since: noon }, kept: ["web-000001", "web-000002"] });
    const after = withRollback(head, { kind: "rollback", time: noon, tieBreak: "exec-9" }, "exec-9", "web-000001");
    expect(isSuperseded(after, upload("2026-01-01T11:59:59Z"))).toBe(true);
    expect(after.abort).toEqual({ by: "exec-9", at: noon });
    expect(withRollback(after, { kind: "rollback", time: later, tieBreak: "exec-9" }, "exec-9", "web-000001")).toBe(
      after,
    );
  });
});

describe("promotion", () => {
  it("makes the previous live release the one standby", () => {
    const head = headWith({
      live: { generation: "web-000001", since: noon },
      kept: ["web-000001"],
      known: ["web-000001", "web-000002"],
    });
    const after = promoted(head, "web-000002", noon, later);
    expect(after.live).toEqual({ generation: "web-000002", since: noon });
    expect(after.standby).toEqual({ generation: "web-000001", until: later });
    expect(after.kept).toEqual(["web-000001", "web-000002"]);
  });

  it("has no standby after a first deployment", () => {
    expect(promoted(emptyHead("web"), "web-000001", noon, later).standby).toBeNull();
  });

  it("changes nothing when it is repeated", () => {
    const once = promoted(headWith({ live: { generation: "web-000001", since: noon } }), "web-000002", noon, later);
    expect(promoted(once, "web-000002", later, later)).toBe(once);
  });

  it("turns the sixth-oldest kept release into a leftover instead of forgetting its image", () => {
    const kept = ["web-000001", "web-000002", "web-000003", "web-000004", "web-000005"];
    const head = headWith({
      live: { generation: "web-000005", since: noon },
      kept,
      known: ["web-000005", "web-000006"],
    });
    const after = promoted(head, "web-000006", noon, later);
    expect(after.kept).not.toContain("web-000001");
    expect(leftovers(after, Date.parse(noon))).toEqual(["web-000001"]);
  });
});

describe("leftovers", () => {
  const head = headWith({
    live: { generation: "web-000003", since: noon },
    standby: { generation: "web-000002", until: later },
    pending: { execution: "exec-4", generation: "web-000004" },
    known: ["web-000001", "web-000002", "web-000003", "web-000004"],
  });

  it("holds live, the hot standby and the pending candidate", () => {
    expect(leftovers(head, Date.parse(noon))).toEqual(["web-000001"]);
  });

  it("counts a standby whose hot window is over, but never what is live", () => {
    expect(leftovers(head, Date.parse(later))).toEqual(["web-000001", "web-000002"]);
  });

  it("forgets what was reaped, and that it stood by", () => {
    const after = reaped(head, "web-000002", "sweep");
    expect(after.standby).toBeNull();
    expect(after.known).not.toContain("web-000002");
    expect(reaped(after, "web-000002", "sweep")).toBe(after);
  });

  it("does not forget what somebody else has begun to work on, such as a rollback to it", () => {
    const pending = { execution: "rollback-1", generation: "web-000002" };
    expect(reaped({ ...head, pending }, "web-000002", "exec-4").known).toContain("web-000002");
    expect(reaped({ ...head, pending }, "web-000002", "rollback-1").known).not.toContain("web-000002");
  });
});

describe("a change of the production rule", () => {
  it("counts as under way until every node of the load balancer must have followed", () => {
    const head = headWith({ ruleChangedAt: noon });
    expect(isPropagating(head, Date.parse(noon) + 29_999)).toBe(true);
    expect(isPropagating(head, Date.parse(noon) + 30_000)).toBe(false);
    expect(isPropagating(emptyHead("web"), Date.parse(noon))).toBe(false);
  });
});

describe("settling", () => {
  it("clears only what the execution itself has pending", () => {
    const head = headWith({
      pending: { execution: "exec-2", generation: "web-000002" },
      abort: { by: "exec-2", at: noon },
    });
    expect(settled(head, "exec-1")).toBe(head);
    expect(settled(head, "exec-2")).toMatchObject({ pending: null, abort: null });
  });

  it("hands interrupted work to the sweep only while it is still the dead execution's", () => {
    const head = headWith({ pending: { execution: "dead", generation: "web-000002" } });
    expect(adopted(head, "dead", "sweep").pending?.execution).toBe("sweep");
    expect(adopted(head, "other", "sweep")).toBe(head);
  });
});

describe("the target of a rollback", () => {
  const live = { generation: "web-000003", since: noon };
  const standby = { generation: "web-000002", until: later };

  it("is the standby when production goes to what is live", () => {
    expect(rollbackTarget(headWith({ live, standby }), "web-000003")).toBe("web-000002");
  });

  it("is what the ledger calls live when an unsettled deploy has moved traffic", () => {
    expect(rollbackTarget(headWith({ live, standby }), "web-000004")).toBe("web-000003");
  });

  it("is the newest kept release when no fleet stands by", () => {
    expect(rollbackTarget(headWith({ live, kept: ["web-000001", "web-000002", "web-000003"] }), "web-000003")).toBe(
      "web-000002",
    );
  });

  it("is nothing when only one release ever served", () => {
    expect(rollbackTarget(headWith({ live, kept: ["web-000003"] }), "web-000003")).toBeUndefined();
  });
});

describe("recovery of interrupted work", () => {
  const live = { generation: "web-000001", since: noon };
  const pending = { execution: "dead", generation: "web-000002" };
  const base = headWith({ live, pending, kept: ["web-000001"] });

  it("undoes a candidate that never served", () => {
    expect(decideRecovery({ head: base, serving: "web-000001", liveHealthy: true })).toBe("undo");
  });

  it("undoes a candidate that took traffic but was not observed to the end", () => {
    expect(decideRecovery({ head: base, serving: "web-000002", liveHealthy: true })).toBe("undo");
  });

  it("finishes it when nothing healthy is left to go back to", () => {
    expect(decideRecovery({ head: base, serving: "web-000002", liveHealthy: false })).toBe("finish");
    expect(decideRecovery({ head: { ...base, live: null }, serving: "web-000002", liveHealthy: false })).toBe("finish");
  });

  it("finishes what the ledger already calls live", () => {
    const head = { ...base, live: { generation: "web-000002", since: noon } };
    expect(decideRecovery({ head, serving: "web-000002", liveHealthy: true })).toBe("finish");
  });

  it("never reaps the kept target of a rollback that died before the switch", () => {
    const head = headWith({
      live,
      pending: { execution: "dead", generation: "web-000000" },
      kept: ["web-000000", "web-000001"],
    });
    expect(decideRecovery({ head, serving: "web-000001", liveHealthy: true })).toBe("drop");
    expect(decideRecovery({ head, serving: "web-000000", liveHealthy: true })).toBe("finish");
  });
});
