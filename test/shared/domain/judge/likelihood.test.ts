import { describe, expect, it } from "vitest";
import { logOddsRatio, logRateRatio, logSumOfExponentials } from "../../../../shared/domain/judge/likelihood.ts";

/** Number of ways to choose. */
function choose(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i;
  return ways;
}

describe("the likelihood ratio of odds", () => {
  it.each([
    [20, 5, 4],
    [3, 30, 6],
    [200, 20, 1],
  ])(
    "has the mean 1 under what it is held against, exactly (%i and %i requests, %i bad)",
    (baseline, candidate, bad) => {
      for (const [odds, against] of [
        [3, 1],
        [1, 2],
        [100, 1.5],
      ] as const) {
        let total = 0;
        let mean = 0;
        for (let k = Math.max(0, bad - baseline); k <= Math.min(candidate, bad); k++) {
          const weight = choose(candidate, k) * choose(baseline, bad - k) * against ** k;
          const interval = {
            baseline: { requests: baseline, bad: bad - k },
            candidate: { requests: candidate, bad: k },
          };
          total += weight;
          mean += weight * Math.exp(logOddsRatio(interval, odds, against));
        }
        expect(mean / total).toBeCloseTo(1, 9);
      }
    },
  );

  it("says nothing when nothing was bad, and counts every bad request of the candidate when the baseline has none", () => {
    const interval = (bad: number) => ({ baseline: { requests: 900, bad: 0 }, candidate: { requests: 100, bad } });
    expect(logOddsRatio(interval(0), 10, 1)).toBe(0);
    // One bad request, the candidate's: 10 against 1, with a tenth of the requests its own.
    expect(logOddsRatio(interval(1), 10, 1)).toBeCloseTo(Math.log(10 / (0.1 * 10 + 0.9)), 9);
    expect(logOddsRatio(interval(3), 10, 1)).toBeGreaterThan(2 * logOddsRatio(interval(1), 10, 1));
  });
});

describe("the likelihood ratio of rates", () => {
  it("grows by the same for each request that was not bad", () => {
    expect(logRateRatio({ requests: 1000, bad: 0 }, 0.0001, 0.001)).toBeCloseTo(1000 * Math.log(0.9999 / 0.999), 9);
    expect(logRateRatio({ requests: 1, bad: 1 }, 0.0001, 0.001)).toBeCloseTo(Math.log(0.1), 9);
  });
});

describe("the logarithm of a sum", () => {
  it("neither overflows nor loses what is small", () => {
    expect(logSumOfExponentials([1000, 1000])).toBeCloseTo(1000 + Math.log(2), 9);
    expect(logSumOfExponentials([-1000, -1001])).toBeCloseTo(-1000 + Math.log(1 + Math.exp(-1)), 9);
    expect(logSumOfExponentials([Number.NEGATIVE_INFINITY])).toBe(Number.NEGATIVE_INFINITY);
  });
});
