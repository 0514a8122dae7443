import { describe, expect, it } from "vitest";
import {
  type Comparison,
  compared,
  decideStep,
  dueMinutes,
  isOnlyTold,
  judgeSettingsOf,
  newComparison,
  type SpecJudge,
  toppingUp,
  verdictOf,
} from "../../../shared/domain/canary.ts";

const minute = 60_000;
const judge: SpecJudge = {
  harmlessPercent: 0.5,
  waitSeconds: 600,
  ifUndecided: "back",
  topUpPerMinute: 0,
  decides: true,
};
const settings = judgeSettingsOf(judge);
const counts = (requests: number, errors = 0) => ({ requests, errors });

describe("the minutes that are compared", () => {
  it("begin with the first whole one and are read when their counts have arrived", () => {
    const began = newComparison(10 * minute + 1);
    expect(began.nextMs).toBe(11 * minute);
    expect(dueMinutes(began, 12 * minute + 59_999)).toBeUndefined();
    expect(dueMinutes(began, 13 * minute)).toEqual({ fromMs: 11 * minute, toMs: 12 * minute });
  });

  it("begin at once where a release got its share on the minute", () => {
    expect(newComparison(10 * minute)).toMatchObject({ nextMs: 10 * minute, passed: false });
  });

  it("are all that have arrived, up to an hour", () => {
    const began = newComparison(0);
    expect(dueMinutes(began, 61 * minute)).toEqual({ fromMs: 0, toMs: 60 * minute });
    expect(dueMinutes(began, 60 * minute + 59_999)).toEqual({ fromMs: 0, toMs: 59 * minute });
    expect(dueMinutes(began, 62 * minute)).toEqual({ fromMs: 0, toMs: 60 * minute });
    expect(dueMinutes(began, minute)).toBeUndefined();
    expect(dueMinutes(began, 0)).toBeUndefined();
  });

  it("are read once each, an hour at a time at most", () => {
    const began = newComparison(0);
    const due = dueMinutes(began, 500 * minute);
    expect(due).toEqual({ fromMs: 0, toMs: 60 * minute });
    expect(compared(began, [], due?.toMs ?? 0, settings).nextMs).toBe(60 * minute);
  });
});

describe("the judge's settings", () => {
  it("are its usual ones with the service's harmless share, and judge slow answers only where a limit is set", () => {
    expect(judgeSettingsOf(judge)).toStrictEqual({
      falseAlarmRate: 0.01,
      missRate: 0.05,
      errors: { toleratedOdds: 1, worstOdds: 2, harmlessRate: 0.005 },
    });
    expect(judgeSettingsOf({ ...judge, slowMilliseconds: 300 })).toStrictEqual({
      ...judgeSettingsOf(judge),
      slow: { toleratedOdds: 1.5, worstOdds: 3, harmlessRate: 0.01 },
    });
  });
});

describe("a comparison", () => {
  const fine = (requests: number) => [{ startMs: 0, baseline: counts(9 * requests), candidate: counts(requests) }];

  it("stays passed once it has passed, but may fail all the same", () => {
    const passed = compared(newComparison(0), fine(2_000), minute, settings);
    expect(verdictOf(passed, settings).verdict).toBe("pass");
    const worse = [{ startMs: minute, baseline: counts(900), candidate: counts(100, 4) }];
    const doubtful = compared(passed, worse, 2 * minute, settings);
    expect(doubtful.passed).toBe(true);
    const bad = [{ startMs: 2 * minute, baseline: counts(900), candidate: counts(100, 50) }];
    expect(verdictOf(compared(doubtful, bad, 3 * minute, settings), settings).verdict).toBe("fail");
  });

  it("adds the minutes up in the order of the clock, whatever order they came in", () => {
    const minutes = [1, 50, 3].map((errors, index) => ({
      startMs: index * minute,
      baseline: counts(900, 1),
      candidate: counts(100, errors),
    }));
    const inOrder = compared(newComparison(0), minutes, 3 * minute, settings);
    const [first, second, third] = minutes;
    if (!first || !second || !third) throw new Error("there are three");
    const given = [third, first, second];
    expect(compared(newComparison(0), given, 3 * minute, settings)).toStrictEqual(inOrder);
    expect(given).toEqual([third, first, second]);
    const oneByOne = minutes.reduce((known, one) => compared(known, [one], 3 * minute, settings), newComparison(0));
    expect(oneByOne).toStrictEqual(inOrder);
    expect(inOrder.memory.errors.candidate).toEqual({ requests: 300, bad: 54 });
  });

  it("that has passed needs no more requests, even when the last minutes leave it open", () => {
    const passed = compared(newComparison(0), fine(1_000), minute, settings);
    expect(passed.passed).toBe(true);
    const worse = [{ startMs: minute, baseline: counts(900), candidate: counts(100, 2) }];
    const doubtful = compared(passed, worse, 2 * minute, settings);
    const fresh = { ...doubtful, passed: false };
    expect(verdictOf(fresh, settings)).toMatchObject({ verdict: "inconclusive" });
    expect(verdictOf(fresh, settings).requestsNeeded).toBeGreaterThan(0);
    expect(verdictOf(doubtful, settings)).toMatchObject({ verdict: "pass", requestsNeeded: 0 });
  });

  it("has not passed while it is open, and not by failing", () => {
    expect(compared(newComparison(0), fine(1), minute, settings).passed).toBe(false);
    const bad = [{ startMs: 0, baseline: counts(900), candidate: counts(100, 50) }];
    expect(compared(newComparison(0), bad, minute, settings).passed).toBe(false);
  });

  it("takes as many requests as it says when none of them fails", () => {
    const first = verdictOf(newComparison(0), settings);
    expect(first).toMatchObject({ verdict: "inconclusive" });
    const needed = first.requestsNeeded ?? 0;
    const verdictAfter = (requests: number) =>
      verdictOf(compared(newComparison(0), fine(requests), minute, settings), settings).verdict;
    expect([verdictAfter(Math.floor(needed / 2)), verdictAfter(needed)]).toEqual(["inconclusive", "pass"]);
  });
});

describe("the end of a step", () => {
  const undecided: Comparison = newComparison(0);
  const verdict = verdictOf(undecided, settings);

  it("waits for a verdict, then goes back and says what was missing", () => {
    expect(decideStep(verdict, judge, 599)).toEqual({ kind: "wait" });
    expect(decideStep(verdict, judge, 600)).toEqual({
      kind: "back",
      why: expect.stringMatching(/^no verdict 600 s after the step: .* more requests to the candidate would tell/),
    });
  });

  it("goes on at once after a pass, and back at once after a fail with the judge's reason", () => {
    expect(decideStep({ ...verdict, verdict: "pass" }, judge, 0)).toEqual({ kind: "go" });
    expect(decideStep({ ...verdict, verdict: "fail", reason: "errors: 4 of 100" }, judge, 0)).toEqual({
      kind: "back",
      why: "errors: 4 of 100",
    });
  });

  it("lets the judge decide in releases of before there was the choice", () => {
    const before: SpecJudge = JSON.parse(JSON.stringify({ ...judge, decides: undefined }));
    expect(before).not.toHaveProperty("decides");
    const told = [before, judge, { ...judge, decides: false }].map(isOnlyTold);
    expect(told).toEqual([false, false, true]);
  });

  it("proceeds without a verdict only when the spec says so, and never against a bad one", () => {
    const lenient: SpecJudge = { ...judge, ifUndecided: "proceed" };
    expect(decideStep(verdict, lenient, 600)).toEqual({ kind: "go" });
    expect(decideStep({ ...verdict, verdict: "fail" }, lenient, 600)).toMatchObject({ kind: "back" });
  });

  it.each(["pass", "fail", "inconclusive"] as const)(
    "goes on at once on a %s when the judge does not decide",
    (found) => {
      const onlyTold: SpecJudge = { ...judge, decides: false };
      expect(decideStep({ ...verdict, verdict: found }, onlyTold, 0)).toEqual({ kind: "go" });
    },
  );
});

it("requests are added only while the public sends too few", () => {
  const wanting: SpecJudge = { ...judge, topUpPerMinute: 100 };
  const seen = (requests: number) => [{ startMs: 0, baseline: counts(requests), candidate: counts(0) }];
  expect(toppingUp(wanting, [], 30)).toBe(50);
  expect(toppingUp(wanting, seen(150), 30)).toBe(50);
  expect(toppingUp(wanting, seen(200), 30)).toBe(50);
  expect(toppingUp(wanting, seen(201), 30)).toBe(0);
  expect(toppingUp(wanting, [{ startMs: 0, baseline: counts(150), candidate: counts(51) }], 30)).toBe(0);
  expect(toppingUp(wanting, [...seen(900), { startMs: minute, baseline: counts(1), candidate: counts(1) }], 30)).toBe(
    50,
  );
  expect(toppingUp({ ...wanting, topUpPerMinute: 1 }, [], 30)).toBe(1);
  expect(toppingUp(judge, [], 30)).toBe(0);
});
