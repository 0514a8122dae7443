import { describe, expect, it } from "vitest";
import {
  type Comparison,
  compared,
  decideStep,
  dueMinutes,
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

  it("are read once each, an hour at a time at most", () => {
    const began = newComparison(0);
    const due = dueMinutes(began, 500 * minute);
    expect(due).toEqual({ fromMs: 0, toMs: 60 * minute });
    expect(compared(began, [], due?.toMs ?? 0, settings).nextMs).toBe(60 * minute);
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
  expect(toppingUp(wanting, seen(300), 30)).toBe(0);
  expect(toppingUp(judge, [], 30)).toBe(0);
});
