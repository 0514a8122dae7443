import { describe, expect, it } from "vitest";
import {
  type Drill,
  decideLoan,
  drilled,
  judgeAnswers,
  nextLookSeconds,
  refuseDrill,
  resultOf,
  withDrill,
} from "../../../shared/domain/drill.ts";
import { emptyHead, type Head, promoted, withdrawn } from "../../../shared/domain/head.ts";

const noon = Date.parse("2026-01-01T12:00:00Z");
const at = (seconds: number) => new Date(noon + seconds * 1000).toISOString();

/** Version 2 is live, version 1 stands by for an hour. */
const head: Head = {
  ...emptyHead("web"),
  live: { generation: "web-000002", since: at(-60) },
  standby: { generation: "web-000001", until: at(3_600) },
  kept: ["web-000001", "web-000002"],
};
const drill: Drill = { execution: "mine", generation: "web-000001", percent: 5, seconds: 60, at: at(0) };

describe("a drill may begin", () => {
  it("while a standby of an earlier release is hot and nothing is under way", () => {
    expect(refuseDrill(head, { seconds: 600 }, noon)).toBeUndefined();
    const untilJustAfter = { ...head, standby: { generation: "web-000001", until: at(601) } };
    expect(refuseDrill(untilJustAfter, { seconds: 600 }, noon)).toBeUndefined();
  });

  it.each<[string, Partial<Head>, string]>([
    [
      "while something is pending",
      { pending: { execution: "x", generation: "web-000003" } },
      "web-000003 is under way",
    ],
    ["while another drill is", { drill }, "another drill is under way"],
    ["when nothing is live", { live: null }, "no release stands by"],
    ["when nothing stands by", { standby: null }, "no release stands by"],
    [
      "when the hot window ends before it would",
      { standby: { generation: "web-000001", until: at(600) } },
      "only until",
    ],
    [
      "when it would go forward",
      { standby: { generation: "web-000003", until: at(3_600) } },
      "is newer than web-000002",
    ],
    ["while it is paused", { paused: { by: "ann", at: at(0), reason: "" } }, "it is paused by ann"],
    [
      "when the standby was revoked",
      { revoked: [{ generation: "web-000001", kind: "release", id: "web-000001", by: "ann", at: at(0), reason: "x" }] },
      "must not serve again",
    ],
  ])("not %s", (_title, change, problem) => {
    const refusal = refuseDrill({ ...head, ...change }, { seconds: 600 }, noon);
    expect(refusal?.problem).toContain(problem);
    expect(refusal?.fix).not.toBe("");
  });

  it("only from the head that it was judged by, and once", () => {
    const begun = withDrill(head, head, drill);
    expect(begun.drill).toEqual(drill);
    expect(withDrill(begun, head, drill)).toBe(begun);
    expect(withDrill(begun, head, { ...drill, execution: "other" })).toBe(begun);
    const deployed = { ...head, pending: { execution: "x", generation: "web-000003" } };
    expect(withDrill(deployed, head, drill)).toBe(deployed);
    const moved = { ...head, live: { generation: "web-000003", since: at(0) } };
    expect(withDrill(moved, head, drill)).toBe(moved);
    const replaced = { ...head, standby: { generation: "web-000000", until: at(3_600) } };
    expect(withDrill(replaced, head, drill)).toBe(replaced);
    for (const gone of [
      { ...head, live: null },
      { ...head, standby: null },
    ]) {
      expect(withDrill(gone, head, drill)).toBe(gone);
      expect(withDrill(head, { ...gone, live: null }, drill)).toBe(head);
    }
  });

  it("and looks every ten seconds, more often only towards its end", () => {
    expect([600_000, 10_000, 9_001, 3_200, 1_000, 1, 0, -5_000].map(nextLookSeconds)).toEqual([
      10, 10, 10, 4, 1, 1, 1, 1,
    ]);
  });
});

describe("a drill is over", () => {
  const result = resultOf(drill, "web-000002", {}, { failure: "x", nowMs: noon });

  it("by its own hand, or by that of whoever ended it first", () => {
    const begun = withDrill(head, head, drill);
    expect(drilled(begun, "mine", result)).toEqual({ ...begun, drill: null, drilled: result });
    expect(drilled(begun, "other", result)).toBe(begun);
    expect(drilled(head, "mine", result)).toBe(head);
  });

  it("when a release has become live, or none is: no share is left then", () => {
    const begun = withDrill(head, head, drill);
    expect(promoted(begun, "web-000001", at(1), at(2)).drill).toBeNull();
    expect(promoted(begun, "web-000002", at(1), at(2)).drill).toBeNull();
    expect(withdrawn(begun, at(2)).drill).toBeNull();
  });
});

describe("the standby gets its share", () => {
  const healthy = (count: number) => ({ healthy: count, total: count, reasons: [] });
  const view = {
    percent: 5,
    weights: [
      { targetGroupArn: "blue", weight: 1 },
      { targetGroupArn: "green", weight: 0 },
    ],
    to: "green",
    live: "blue",
    toHealth: healthy(2),
    fromHealth: healthy(2),
    needed: 2,
    liveCanServe: true,
  };
  const lent = [
    { targetGroupArn: "green", weight: 5 },
    { targetGroupArn: "blue", weight: 95 },
  ];

  it("and live the rest; a share that is there stays", () => {
    expect(decideLoan(view)).toEqual({ kind: "switch", weights: lent });
    expect(decideLoan({ ...view, weights: lent })).toEqual({ kind: "done" });
  });

  const rest = "the live release cannot take the rest of the requests";

  it.each([
    ["it could not take over", { toHealth: healthy(1) }, "1 healthy targets, 2 needed"],
    ["live could not take the rest", { liveCanServe: false }, rest],
    ["there is no rule", { weights: undefined }, rest],
    ["nothing is live", { live: undefined }, rest],
    ["it is live itself", { to: "blue" }, rest],
    [
      "another release has requests",
      { weights: [...view.weights, { targetGroupArn: "red", weight: 1 }] },
      "the production rule sends requests to another release than the live one",
    ],
  ])("not when %s", (_title, change, reason) => {
    expect(decideLoan({ ...view, ...change })).toEqual({ kind: "refuse", reason: expect.stringContaining(reason) });
  });
});

describe("the answers of a standby", () => {
  it.each([
    [{ requests: 0, errors: 0 }, { requests: 900, errors: 0 }, "inconclusive"],
    [{ requests: 12, errors: 0 }, { requests: 900, errors: 0 }, "pass"],
    [{ requests: 100, errors: 5 }, { requests: 900, errors: 0 }, "pass"],
    [{ requests: 100, errors: 6 }, { requests: 900, errors: 0 }, "fail"],
    [{ requests: 100, errors: 30 }, { requests: 900, errors: 270 }, "pass"],
    [{ requests: 1, errors: 1 }, { requests: 0, errors: 0 }, "fail"],
  ] as const)("%j beside live's %j: %s", (standby, live, verdict) => {
    expect(judgeAnswers(standby, live).verdict).toBe(verdict);
  });

  it("are told in numbers, with live's beside them where these are better", () => {
    const live = { requests: 900, errors: 3 };
    expect(judgeAnswers({ requests: 12, errors: 0 }, live).why).toBe("12 of 12 requests answered well");
    expect(judgeAnswers({ requests: 100, errors: 6 }, live).why).toBe(
      "94 of 100 requests answered well; of live 897 of 900",
    );
  });
});

describe("the record of a drill", () => {
  it("says how long it took until the standby had its share, and until it was over", () => {
    const course = {
      lentAtMs: noon + 4_210,
      returnMs: 320,
      answers: { requests: 12, errors: 0 },
      verdict: "pass" as const,
    };
    expect(resultOf(drill, "web-000002", { ...course, why: "fine" }, { nowMs: noon + 130_000 })).toStrictEqual({
      generation: "web-000001",
      live: "web-000002",
      verdict: "pass",
      why: "fine",
      percent: 5,
      at: at(130),
      backSeconds: 4.2,
      returnSeconds: 0.3,
      wholeSeconds: 130,
      answers: { requests: 12, errors: 0 },
    });
  });

  it("says who asked, and no more than its steps found out", () => {
    expect(resultOf({ ...drill, by: "ann" }, "web-000002", {}, { nowMs: noon + 1_250 })).toStrictEqual({
      generation: "web-000001",
      live: "web-000002",
      verdict: "inconclusive",
      why: "it was not judged",
      percent: 5,
      by: "ann",
      at: "2026-01-01T12:00:01.250Z",
      wholeSeconds: 1.3,
    });
  });

  it("is a failure whatever was found before it failed", () => {
    const result = resultOf(drill, "web-000002", { verdict: "pass", why: "fine" }, { failure: "x", nowMs: noon });
    expect(result).toMatchObject({ verdict: "fail", why: "x" });
  });
});
