import { describe, expect, it } from "vitest";
import {
  adopted,
  decideRecovery,
  dismantled,
  emptyHead,
  generationZero,
  type Head,
  isGenerationZero,
  isKept,
  keptGenerations,
  type PinnedRelease,
  pinnedWith,
  propagationLeftSeconds,
  reaped,
  retired,
  rollbackTarget,
  servedWith,
  settled,
  takenUp,
  unpinned,
  withDeploy,
  withdrawn,
  withRollback,
} from "../../../shared/domain/head.ts";

const noon = "2026-01-01T12:00:00.000Z";
const noonMs = Date.parse(noon);
const hotUntil = "2026-01-01T13:00:00.000Z";
const [first, second, third] = ["web-000001", "web-000002", "web-000003"] as const;
const since = { since: noon };

function headWith(parts: Partial<Head>): Head {
  return { ...emptyHead("web"), ...parts };
}

const pin = (generation: string, by = "ann"): PinnedRelease => ({ generation, by, at: noon, reason: "audit" });

describe("a pinned release", () => {
  it("is kept beside those that served, and the first pin stays as it was made", () => {
    const once = pinnedWith(headWith({ kept: [second] }), pin(first));
    expect(once).toEqual(headWith({ kept: [second], pinned: [pin(first)] }));
    expect(pinnedWith(once, pin(first, "bob"))).toBe(once);
    expect(pinnedWith(once, pin(third)).pinned).toEqual([pin(first), pin(third)]);
    expect(keptGenerations(pinnedWith(once, pin(second)))).toEqual([first, second]);
    expect([isKept(once, first), isKept(once, second), isKept(once, third)]).toEqual([true, true, false]);
  });

  it("may own something still once nobody wants it, unless it is kept anyway", () => {
    const head = headWith({ kept: [second], known: [third], pinned: [pin(first), pin(second)] });
    expect(unpinned(head, first)).toEqual({ ...head, pinned: [pin(second)], known: [third, first] });
    expect(unpinned(head, second)).toEqual({ ...head, pinned: [pin(first)] });
    expect(unpinned({ ...head, known: [first] }, first).known).toEqual([first]);
    expect(unpinned(head, third)).toBe(head);
    const bare = headWith({});
    expect(unpinned(bare, first)).toBe(bare);
    expect(keptGenerations(bare)).toEqual([]);
    expect(isKept(bare, first)).toBe(false);
  });

  it("is listed by its age, oldest first", () => {
    expect(keptGenerations(headWith({ kept: [first, third], pinned: [pin(second)] }))).toEqual([first, second, third]);
  });
});

describe("generation 0", () => {
  it("is what answered before Kiln, and nothing that Kiln could remove", () => {
    expect(generationZero("web")).toBe("web-000000");
    expect(isGenerationZero("web", "web-000000")).toBe(true);
    expect(isGenerationZero("web", first)).toBe(false);
    const intent = { kind: "rollback", time: noon, tieBreak: "x" } as const;
    expect(withRollback(headWith({ known: [first] }), intent, "x", "web-000000").known).toEqual([first]);
    expect(withRollback(headWith({ known: [first] }), intent, "x", second).known).toEqual([first, second]);
    expect(withRollback(headWith({ known: [first, second] }), intent, "x", second).known).toEqual([first, second]);
  });

  it("makes what was live the standby, and of an experiment leaves what is to be removed", () => {
    const head = headWith({ live: { generation: second, ...since }, kept: [first, second], known: [second] });
    expect(withdrawn(head, hotUntil)).toEqual({
      ...head,
      live: null,
      standby: { generation: second, until: hotUntil },
      rule: undefined,
    });
    expect(withdrawn(headWith({}), hotUntil)).toEqual(headWith({}));
    const experiment = { until: noon } as NonNullable<Head["experiment"]>;
    expect(withdrawn({ ...head, experiment }, hotUntil)).toEqual({
      ...head,
      experiment,
      live: null,
      kept: [],
      known: [second, first],
      rule: undefined,
    });
  });

  it("is finished when its rule is gone already, and dropped when it is not", () => {
    const head = headWith({
      live: { generation: first, ...since },
      pending: { execution: "x", generation: "web-000000" },
    });
    expect(decideRecovery({ head, serving: "web-000000", liveHealthy: true })).toBe("finish");
    expect(decideRecovery({ head, serving: first, liveHealthy: true })).toBe("drop");
  });
});

describe("work of somebody who died", () => {
  it("is taken up when a release serves that nobody pends", () => {
    const head = headWith({ live: { generation: first, ...since } });
    expect(takenUp(head, second, "sweep")).toEqual({ ...head, pending: { execution: "sweep", generation: second } });
    const busy = headWith({ pending: { execution: "x", generation: third } });
    expect(takenUp(busy, second, "sweep")).toBe(busy);
  });

  it("is adopted from the dead execution and from nobody else", () => {
    const abort = { by: "x", at: noon };
    const head = headWith({ pending: { execution: "x", generation: second }, abort });
    expect(adopted(head, "x", "sweep")).toEqual(headWith({ pending: { execution: "sweep", generation: second } }));
    expect(adopted(head, "y", "sweep")).toBe(head);
    expect(adopted(head, "x", "x")).toBe(head);
    const idle = headWith({});
    expect(adopted(idle, "x", "sweep")).toBe(idle);
  });

  it("is dropped when nothing was begun, and when a kept release was to serve again but does not yet", () => {
    expect(decideRecovery({ head: headWith({}), serving: first, liveHealthy: true })).toBe("drop");
    const live = { generation: third, ...since };
    const back = headWith({ live, kept: [first, third], pending: { execution: "x", generation: first } });
    expect(decideRecovery({ head: back, serving: third, liveHealthy: true })).toBe("drop");
    expect(decideRecovery({ head: back, serving: first, liveHealthy: true })).toBe("finish");
    const toStandby = headWith({
      live,
      standby: { generation: second, until: hotUntil },
      pending: { execution: "x", generation: second },
    });
    expect(decideRecovery({ head: toStandby, serving: third, liveHealthy: true })).toBe("drop");
    expect(decideRecovery({ head: toStandby, serving: second, liveHealthy: true })).toBe("finish");
  });

  it("is undone while there is something healthy to go back to, and finished when there is not", () => {
    const pending = { execution: "x", generation: second };
    const head = headWith({ live: { generation: first, ...since }, pending });
    expect(decideRecovery({ head, serving: second, liveHealthy: true })).toBe("undo");
    expect(decideRecovery({ head, serving: second, liveHealthy: false })).toBe("finish");
    expect(decideRecovery({ head, serving: first, liveHealthy: true })).toBe("undo");
    expect(decideRecovery({ head, serving: first, liveHealthy: false })).toBe("undo");
    expect(decideRecovery({ head: headWith({ pending }), serving: second, liveHealthy: true })).toBe("finish");
    expect(decideRecovery({ head: headWith({ pending }), serving: undefined, liveHealthy: true })).toBe("undo");
  });
});

describe("a generation that is about to go", () => {
  it("stands by no more", () => {
    const head = headWith({ standby: { generation: first, until: hotUntil }, known: [first] });
    expect(retired(head, first)).toEqual({ ...head, standby: null });
    expect(retired(head, second)).toBe(head);
    const none = headWith({});
    expect(retired(none, first)).toBe(none);
  });

  it("is forgotten once nothing of it is left, and nothing else is", () => {
    const standby = { generation: first, until: hotUntil };
    const head = headWith({ standby, known: [first, second] });
    expect(reaped(head, second, "x")).toEqual({ ...head, known: [first] });
    expect(reaped(head, first, "x")).toEqual({ ...head, known: [second], standby: null });
    expect(reaped(head, third, "x")).toBe(head);
    expect(reaped(headWith({ standby, known: [] }), first, "x")).toEqual(headWith({}));
  });

  it("stays known while somebody else works on it again", () => {
    const head = headWith({ known: [first], pending: { execution: "rollback", generation: first } });
    expect(reaped(head, first, "sweep")).toBe(head);
    expect(reaped(head, first, "rollback").known).toEqual([]);
  });
});

describe("an execution that is done", () => {
  it("takes away what it had announced, and leaves what is somebody else's", () => {
    const abort = { by: "x", at: noon };
    const pending = { execution: "x", generation: first };
    expect(settled(headWith({ pending, abort }), "x")).toEqual(headWith({}));
    expect(settled(headWith({ pending }), "x")).toEqual(headWith({}));
    expect(settled(headWith({ abort }), "x")).toEqual(headWith({}));
    const others = headWith({ pending, abort });
    expect(settled(others, "y")).toBe(others);
    const mixed = headWith({ pending: { execution: "y", generation: second }, abort });
    expect(settled(mixed, "x")).toEqual({ ...mixed, abort: null });
    expect(settled(mixed, "y")).toEqual({ ...mixed, pending: null });
    const idle = headWith({});
    expect(settled(idle, "x")).toBe(idle);
  });
});

describe("ordinals and history", () => {
  it("go up by one with each admitted deploy", () => {
    const intent = { kind: "upload", time: noon, tieBreak: "v" } as const;
    expect(withDeploy(headWith({ nextOrdinal: 7 }), intent, "x", "web-000007").nextOrdinal).toBe(8);
  });

  it("put a release that serves again last", () => {
    expect(servedWith(headWith({ kept: [first, second, third] }), second)).toEqual([first, third, second]);
  });
});

describe("the way back", () => {
  const live = { generation: third, ...since };

  it("is the live release while a deploy has moved traffic away from it", () => {
    const head = headWith({ live, standby: { generation: second, until: hotUntil }, kept: [first, second, third] });
    expect(rollbackTarget(head, "web-000004")).toBe(third);
    expect(rollbackTarget(head, third)).toBe(second);
    expect(rollbackTarget(head, undefined)).toBe(second);
  });

  it("is the newest kept release when none stands by, and never the live one", () => {
    expect(rollbackTarget(headWith({ live, kept: [first, second, third] }), third)).toBe(second);
    expect(rollbackTarget(headWith({ live, kept: [third] }), third)).toBeUndefined();
    expect(rollbackTarget(headWith({ kept: [first] }), undefined)).toBe(first);
  });
});

describe("the load balancer's nodes", () => {
  it("follow a rule change within thirty seconds", () => {
    const head = headWith({ ruleChangedAt: noon });
    expect(propagationLeftSeconds(head, noonMs)).toBe(30);
    expect(propagationLeftSeconds(head, noonMs + 10_500)).toBe(20);
    expect(propagationLeftSeconds(head, noonMs + 60_000)).toBe(1);
  });
});

describe("a stage that is taken down", () => {
  const busy = headWith({
    live: { generation: second, ...since },
    standby: { generation: first, until: hotUntil },
    pending: { execution: "x", generation: third },
    abort: { by: "x", at: noon },
    known: [third],
    kept: [first, second],
  });
  const nothing = { live: null, standby: null, pending: null, abort: null, known: [], kept: [], rule: { to: null } };

  it("leaves a head that speaks of nothing on AWS and remembers the rest", () => {
    expect(dismantled(busy)).toEqual({ ...busy, ...nothing });
    const quarantined = [{ instanceId: "i-1" } as NonNullable<Head["quarantined"]>[number]];
    expect(dismantled({ ...busy, quarantined })).toEqual({ ...busy, ...nothing, quarantined: [] });
    const drill = { generation: first } as NonNullable<Head["drill"]>;
    expect(dismantled({ ...busy, drill })).toEqual({ ...busy, ...nothing, drill: null });
    const experiment = { until: noon, lent: [{ generation: first }] } as unknown as NonNullable<Head["experiment"]>;
    expect(dismantled({ ...busy, experiment })).toEqual({
      ...busy,
      ...nothing,
      experiment: { until: noon, ended: noon, lent: [] },
    });
  });

  it.each<[string, Partial<Head>]>([
    ["live", { live: { generation: second, ...since } }],
    ["standby", { standby: { generation: first, until: hotUntil } }],
    ["pending", { pending: { execution: "x", generation: third } }],
    ["abort", { abort: { by: "x", at: noon } }],
    ["known", { known: [third] }],
    ["kept", { kept: [first] }],
    ["rule", { rule: { to: { weights: [] } } as unknown as Head["rule"] }],
    ["quarantined", { quarantined: [{ instanceId: "i-1" } as NonNullable<Head["quarantined"]>[number]] }],
  ])("changes a head of which only %s is left", (_, parts) => {
    expect(dismantled(headWith(parts))).toMatchObject(nothing);
  });

  it("leaves a head alone that speaks of nothing already", () => {
    const done = headWith({ rule: { to: null } as Head["rule"] });
    expect(dismantled(done)).toBe(done);
    const never = headWith({});
    expect(dismantled(never)).toBe(never);
  });
});
