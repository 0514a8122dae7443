/** How many requests a group answered in one interval, and how many of them counted against it. */
export interface Counts {
  requests: number;
  bad: number;
}

/** Both groups in the same interval. */
export interface Interval {
  baseline: Counts;
  candidate: Counts;
}

/**
 * How much likelier the interval is when a request of the candidate has `odds` times the baseline's odds to be bad than
 * when it has `against` times: the logarithm of the ratio.
 *
 * Given how many requests were bad in all, who answered them follows Fisher's noncentral hypergeometric distribution,
 * whatever the common rate is. So nothing is approximated, a baseline without a single bad request is no special case, and
 * a rate that both groups share may change from one interval to the next.
 */
export function logOddsRatio({ baseline, candidate }: Interval, odds: number, against: number): number {
  const bad = baseline.bad + candidate.bad;
  if (bad === 0) return 0;
  const sums = logSums(baseline.requests, candidate.requests, bad, [Math.log(odds), Math.log(against)]);
  const [ofOdds = 0, ofAgainst = 0] = sums;
  return candidate.bad * Math.log(odds / against) - ofOdds + ofAgainst;
}

/** How much likelier the counts are when a request is bad with probability `rate` than with `against`: the logarithm. */
export function logRateRatio({ requests, bad }: Counts, rate: number, against: number): number {
  return bad * Math.log(rate / against) + (requests - bad) * Math.log((1 - rate) / (1 - against));
}

/** For each logarithm of odds: the logarithm of the sum of `C(candidate, k) C(baseline, bad - k) odds^k`, up to a constant. */
function logSums(baseline: number, candidate: number, bad: number, logOdds: readonly number[]): number[] {
  const first = Math.max(0, bad - baseline);
  const last = Math.min(candidate, bad);
  const logWeights = [0];
  for (let k = first; k < last; k++) {
    const step = ((candidate - k) * (bad - k)) / ((k + 1) * (baseline - bad + k + 1));
    logWeights.push((logWeights[k - first] ?? 0) + Math.log(step));
  }
  return logOdds.map((each) =>
    logSumOfExponentials(logWeights.map((weight, index) => weight + (first + index) * each)),
  );
}

export function logSumOfExponentials(values: readonly number[]): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of values) if (value > highest) highest = value;
  if (highest === Number.NEGATIVE_INFINITY) return highest;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - highest);
  return highest + Math.log(sum);
}
