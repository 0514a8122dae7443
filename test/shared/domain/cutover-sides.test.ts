import { describe, expect, it } from "vitest";
import {
  decideCutover,
  refuseWithdrawal,
  restoredWeights,
  servingGroup,
  switched,
} from "../../../shared/domain/cutover.ts";

const health = (healthy: number, total = healthy) => ({ healthy, total, reasons: [] });
const weight = (targetGroupArn: string, share: number) => ({ targetGroupArn, weight: share });

describe("going back to what answered before Kiln", () => {
  it("is refused when nobody would answer", () => {
    expect(refuseWithdrawal(undefined)).toBe("no target group would answer in its stead");
    expect(refuseWithdrawal(health(0, 0))).toBe("0 of 0 targets of generation 0 are healthy");
    expect(refuseWithdrawal(health(0, 4))).toBe("0 of 4 targets of generation 0 are healthy");
  });

  it("needs nine of ten of its targets", () => {
    expect(refuseWithdrawal(health(8, 10))).toBe("8 of 10 targets of generation 0 are healthy");
    expect(refuseWithdrawal(health(9, 10))).toBeUndefined();
    expect(refuseWithdrawal(health(1, 1))).toBeUndefined();
  });
});

describe("the group that serves", () => {
  it("is the heaviest one, wherever it stands in the rule", () => {
    expect(servingGroup([weight("a", 10), weight("b", 90), weight("c", 0)])).toBe("b");
    expect(servingGroup([weight("a", 0), weight("b", 1)])).toBe("b");
    expect(servingGroup([weight("a", 1), weight("b", 0)])).toBe("a");
  });

  it("is none where nothing has a weight", () => {
    expect(servingGroup([weight("a", 0)])).toBeUndefined();
    expect(servingGroup([])).toBeUndefined();
  });

  it("is found without changing the rule that is read", () => {
    const weights = [weight("a", 10), weight("b", 90)];
    servingGroup(weights);
    expect(weights.map(({ targetGroupArn }) => targetGroupArn)).toEqual(["a", "b"]);
  });
});

describe("a share of the requests", () => {
  it("leaves the rest with what is live and nothing with any other group", () => {
    expect(switched([weight("old", 0), weight("live", 1)], "new", "live", 10)).toEqual([
      weight("new", 10),
      weight("live", 90),
      weight("old", 0),
    ]);
  });

  it("is everything where nobody is live, or the release is live itself", () => {
    expect(switched([weight("old", 1)], "new", undefined, 10)).toEqual([weight("new", 1), weight("old", 0)]);
    expect(switched([weight("new", 1)], "new", "new", 10)).toEqual([weight("new", 1)]);
    expect(switched(undefined, "new", undefined, 100)).toEqual([weight("new", 1)]);
  });
});

describe("a rule with many groups", () => {
  const many = ["a", "b", "c", "d", "e", "f"].map((arn, index) => weight(arn, index === 0 ? 1 : 0));

  it("keeps the five that AWS allows, live and standby among them", () => {
    expect(switched(many, "new", "f", 100).map(({ targetGroupArn }) => targetGroupArn)).toEqual([
      "new",
      "f",
      "a",
      "b",
      "c",
    ]);
    expect(restoredWeights(many, "f", "e").map(({ targetGroupArn }) => targetGroupArn)).toEqual([
      "f",
      "e",
      "a",
      "b",
      "c",
    ]);
  });
});

describe("the floor of the switch", () => {
  const view = (to: number, from: number, needed = 0) =>
    decideCutover({
      weights: [weight("blue", 1)],
      to: "green",
      live: "blue",
      percent: 100,
      liveCanServe: true,
      toHealth: health(to),
      needed,
      fromHealth: health(from),
    });

  it("is nine healthy targets for each ten that serve, and nothing where none serves", () => {
    expect(view(9, 10).kind).toBe("switch");
    expect(view(8, 9)).toEqual({ kind: "refuse", reason: "8 healthy targets would replace 9" });
    expect(view(0, 0).kind).toBe("switch");
    expect(view(0, 1).kind).toBe("refuse");
  });
});
