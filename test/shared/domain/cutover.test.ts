import { describe, expect, it } from "vitest";
import { decideCutover, restoredWeights, sameWeights, servingGroup, switched } from "../../../shared/domain/cutover.ts";

const healthy = (count: number) => ({ healthy: count, total: count, reasons: [] });
const serving = (arn: string) => [{ targetGroupArn: arn, weight: 1 }];

describe("the guard at the switch", () => {
  it("moves everything to the candidate and keeps the previous group at weight 0", () => {
    const decision = decideCutover({
      percent: 100,
      liveCanServe: true,
      weights: serving("blue"),
      to: "green",
      live: "blue",
      toHealth: healthy(2),
      needed: 2,
      fromHealth: healthy(2),
    });
    expect(decision).toEqual({
      kind: "switch",
      weights: [
        { targetGroupArn: "green", weight: 1 },
        { targetGroupArn: "blue", weight: 0 },
      ],
    });
  });

  it("names only the candidate in a first deployment", () => {
    const decision = decideCutover({
      percent: 100,
      liveCanServe: true,
      weights: undefined,
      to: "green",
      live: undefined,
      toHealth: healthy(1),
      needed: 1,
      fromHealth: undefined,
    });
    expect(decision).toEqual({ kind: "switch", weights: [{ targetGroupArn: "green", weight: 1 }] });
  });

  it("changes nothing when the candidate serves already", () => {
    expect(
      decideCutover({
        percent: 100,
        liveCanServe: true,
        weights: serving("green"),
        to: "green",
        live: "blue",
        toHealth: healthy(0),
        needed: 2,
        fromHealth: healthy(0),
      }),
    ).toEqual({ kind: "done" });
  });

  it("lets a service become smaller only where its spec allows it, and no smaller than that", () => {
    const view = {
      percent: 100,
      liveCanServe: true,
      weights: serving("blue"),
      to: "green",
      live: "blue",
      toHealth: healthy(2),
      needed: 2,
      fromHealth: healthy(4),
    };
    expect(decideCutover(view).kind).toBe("refuse");
    expect(decideCutover({ ...view, shrinksTo: 2 }).kind).toBe("switch");
    expect(decideCutover({ ...view, shrinksTo: 3 }).kind).toBe("refuse");
  });

  it("refuses a candidate with fewer healthy targets than needed", () => {
    const decision = decideCutover({
      percent: 100,
      liveCanServe: true,
      weights: serving("blue"),
      to: "green",
      live: "blue",
      toHealth: healthy(1),
      needed: 2,
      fromHealth: healthy(0),
    });
    expect(decision).toEqual({ kind: "refuse", reason: "1 healthy targets, 2 needed" });
  });

  it("refuses to replace many healthy targets by few, even when the spec would allow it", () => {
    const decision = decideCutover({
      percent: 100,
      liveCanServe: true,
      weights: serving("blue"),
      to: "green",
      live: "blue",
      toHealth: healthy(2),
      needed: 2,
      fromHealth: healthy(5),
    });
    expect(decision.kind).toBe("refuse");
  });

  it("replaces a service that is down by one that is up", () => {
    expect(
      decideCutover({
        percent: 100,
        liveCanServe: true,
        weights: serving("blue"),
        to: "green",
        live: "blue",
        toHealth: healthy(2),
        needed: 2,
        fromHealth: healthy(0),
      }).kind,
    ).toBe("switch");
  });

  it("keeps every other group in the rule, so that it is drained when its fleet goes, as far as a rule holds them", () => {
    const resting = (...groups: string[]) => groups.map((targetGroupArn) => ({ targetGroupArn, weight: 0 }));
    const groups = switched([...serving("blue"), ...resting("a", "b", "c", "d")], "green", "blue", 100);
    expect(groups).toEqual([...serving("green"), ...resting("blue", "a", "b", "c")]);
  });

  it("keeps what the ledger calls live in the rule when an interrupted deploy had taken its traffic", () => {
    const weights = [...serving("interrupted"), { targetGroupArn: "blue", weight: 0 }];
    expect(switched(weights, "green", "blue", 100)).toEqual([
      { targetGroupArn: "green", weight: 1 },
      { targetGroupArn: "blue", weight: 0 },
      { targetGroupArn: "interrupted", weight: 0 },
    ]);
  });

  it("goes back to live with its standby still in the rule, and the one that failed while it drains", () => {
    const failed = [...serving("green"), { targetGroupArn: "blue", weight: 0 }];
    expect(restoredWeights(failed, "blue", "old")).toEqual([
      { targetGroupArn: "blue", weight: 1 },
      { targetGroupArn: "old", weight: 0 },
      { targetGroupArn: "green", weight: 0 },
    ]);
    expect(restoredWeights(serving("blue"), "blue", "blue")).toEqual([{ targetGroupArn: "blue", weight: 1 }]);
  });

  it("calls no group serving when every weight is 0", () => {
    expect(servingGroup([{ targetGroupArn: "blue", weight: 0 }])).toBeUndefined();
  });

  it("compares rules by content, not by order", () => {
    const a = [...serving("x"), { targetGroupArn: "y", weight: 0 }];
    expect(sameWeights(a, [...a].reverse())).toBe(true);
    expect(sameWeights(a, serving("x"))).toBe(false);
  });
});

describe("a step of a strategy", () => {
  const view = {
    weights: serving("blue"),
    to: "green",
    live: "blue",
    percent: 10,
    liveCanServe: true,
    toHealth: healthy(2),
    needed: 2,
    fromHealth: healthy(2),
  };
  const shared = (green: number) => [
    { targetGroupArn: "green", weight: green },
    { targetGroupArn: "blue", weight: 100 - green },
  ];

  it("gives the candidate its share and live the rest, which add up to 100", () => {
    expect(decideCutover(view)).toEqual({ kind: "switch", weights: shared(10) });
    for (let percent = 1; percent < 100; percent++) {
      const sum = switched(view.weights, "green", "blue", percent).reduce((total, { weight }) => total + weight, 0);
      expect(sum).toBe(100);
    }
  });

  it("goes on from the step before, and changes nothing when it was taken already", () => {
    const next = { ...view, percent: 50, percentBefore: 10 };
    expect(decideCutover({ ...next, weights: shared(10) })).toEqual({ kind: "switch", weights: shared(50) });
    expect(decideCutover({ ...next, weights: shared(50) })).toEqual({ kind: "done" });
    expect(decideCutover({ ...next, weights: shared(10), percent: 100 })).toEqual({
      kind: "switch",
      weights: [
        { targetGroupArn: "green", weight: 1 },
        { targetGroupArn: "blue", weight: 0 },
      ],
    });
  });

  it("stops when somebody else changed the rule since the step before", () => {
    const decision = decideCutover({ ...view, percent: 50, percentBefore: 10, weights: serving("blue") });
    expect(decision).toEqual({
      kind: "conflict",
      reason: "the rule says blue 100 %, and was left at green 10 %, blue 90 %",
    });
  });

  it("tells groups by the readable part of their ARNs, and a rule that sends requests nowhere", () => {
    const arn = (group: string) => `arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/${group}/0123`;
    const [to, live] = [arn("green"), arn("blue")];
    const stopped = {
      ...view,
      to,
      live,
      percent: 50,
      percentBefore: 10,
      weights: [{ targetGroupArn: live, weight: 0 }],
    };
    expect(decideCutover(stopped)).toEqual({
      kind: "conflict",
      reason: "the rule says nothing, and was left at green 10 %, blue 90 %",
    });
  });

  it("is guarded like a whole cutover, however small its share", () => {
    expect(decideCutover({ ...view, toHealth: healthy(1) })).toMatchObject({ kind: "refuse" });
    expect(decideCutover({ ...view, needed: 1, toHealth: healthy(1) })).toMatchObject({ kind: "refuse" });
  });

  it("moves everything when live has nothing healthy to take the rest", () => {
    const broken = { ...view, fromHealth: healthy(0), liveCanServe: false };
    expect(decideCutover(broken)).toMatchObject({ kind: "switch", weights: [{ weight: 1 }, { weight: 0 }] });
    expect(decideCutover({ ...broken, weights: shared(10), percent: 50, percentBefore: 10 })).toMatchObject({
      weights: [{ weight: 1 }, { weight: 0 }],
    });
  });
});
