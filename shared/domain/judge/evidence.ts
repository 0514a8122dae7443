import { type Counts, type Interval, logOddsRatio, logRateRatio, logSumOfExponentials } from "./likelihood.ts";

/** What counts as worse, and what is harmless, for one thing that is counted (errors, slow answers). */
export interface Limits {
  /** A candidate with up to this many times the baseline's odds is not to be failed. At least 1. */
  toleratedOdds: number;
  /** A candidate with this many times the baseline's odds or more is not to be passed. Above `toleratedOdds`. */
  worstOdds: number;
  /** Below this rate nothing is worth a rollback, however good the baseline is. Above 0, below 1. */
  harmlessRate: number;
}

/**
 * All that is remembered of the intervals seen: one number for each hypothesis that takes part, so it fits into a state
 * machine's memo. Logarithms of likelihood ratios.
 */
export interface Evidence {
  baseline: Counts;
  candidate: Counts;
  /** Each degree of being worse, against being as bad as is tolerated. */
  worse: number[];
  /** Each degree of being no worse, against being as bad as the worst that must not pass. */
  noWorse: number[];
  /** Each rate below the harmless one, against that one. */
  harmless: number[];
}

/** Multiples of the tolerated odds that the judge looks out for: small effects need many requests, large ones few. */
const worseBy = [1.5, 2, 3, 5, 10, 30, 100] as const;
/** Odds at which a candidate is expected that is no worse, or a little better. */
const expectedOdds = [1, 0.7] as const;
/** Shares of the harmless rate at which a candidate is expected that hardly ever fails. */
const belowHarmless = [0.5, 0.1, 0.01] as const;

export const noEvidence: Evidence = {
  baseline: { requests: 0, bad: 0 },
  candidate: { requests: 0, bad: 0 },
  worse: worseBy.map(() => 0),
  noWorse: expectedOdds.map(() => 0),
  harmless: belowHarmless.map(() => 0),
};

/** The evidence with one more interval in it. */
export function withInterval(evidence: Evidence, interval: Interval, limits: Limits): Evidence {
  const { toleratedOdds, worstOdds, harmlessRate } = limits;
  const added = (before: readonly number[], ratios: readonly number[]) =>
    before.map((value, index) => value + (ratios[index] ?? 0));
  return {
    baseline: sum(evidence.baseline, interval.baseline),
    candidate: sum(evidence.candidate, interval.candidate),
    worse: added(
      evidence.worse,
      worseBy.map((factor) => logOddsRatio(interval, toleratedOdds * factor, toleratedOdds)),
    ),
    noWorse: added(
      evidence.noWorse,
      expectedOdds.map((odds) => logOddsRatio(interval, odds, worstOdds)),
    ),
    harmless: added(
      evidence.harmless,
      belowHarmless.map((share) => logRateRatio(interval.candidate, harmlessRate * share, harmlessRate)),
    ),
  };
}

/**
 * Logarithm of an e-value: of a candidate that is tolerable its mean is at most 1 after any number of intervals, so the
 * chance that it ever reaches 1/α is at most α (Ville's inequality), however often one looks.
 */
export function logWorse({ worse }: Evidence): number {
  return logMean(worse);
}

/**
 * The same for the opposite question, of a candidate that is harmful: the worst odds or more, at more than the harmless
 * rate. Half of the weight is on being no worse than the baseline, half on hardly ever failing.
 */
export function logFine({ noWorse, harmless }: Evidence): number {
  return logMean([logMean(noWorse), logMean(harmless)]);
}

/**
 * How many more requests the candidate has to answer until `logFine` reaches `goal`, if it fails as often as both groups
 * did together until now. Null: no number of requests would be enough.
 */
export function requestsUntilFine(evidence: Evidence, goal: number, limits: Limits): number | null {
  if (logFine(evidence) >= goal) return 0;
  const { baseline, candidate } = evidence;
  const bad = baseline.bad + candidate.bad;
  // Without a single bad request the rate is unknown; none at all is what a person hopes for.
  const rate = bad === 0 ? 0 : (bad + 0.5) / (baseline.requests + candidate.requests + 1);
  // Each hypothesis has to make up for its small share of the weight.
  const ofHarmless = goal + Math.log(2 * belowHarmless.length);
  const ofOdds = goal + Math.log(2 * expectedOdds.length);
  const needed = [
    ...belowHarmless.map((share, index) => ({
      missing: ofHarmless - (evidence.harmless[index] ?? 0),
      growth: harmlessGrowth(rate, share, limits),
    })),
    { missing: ofOdds - (evidence.noWorse[0] ?? 0), growth: oddsGrowth(evidence, rate, limits) },
  ].flatMap(({ missing, growth }) => (growth > 0 ? [Math.ceil(missing / growth)] : []));
  return needed.length > 0 ? Math.max(1, Math.min(...needed)) : null;
}

/** Unit: of the logarithm, for each request of the candidate. */
function harmlessGrowth(rate: number, share: number, { harmlessRate }: Limits): number {
  const expected = harmlessRate * share;
  return rate * Math.log(share) + (1 - rate) * Math.log((1 - expected) / (1 - harmlessRate));
}

/** How far the share of the bad requests that is the candidate's tells equal odds from the worst. */
function oddsGrowth({ baseline, candidate }: Evidence, rate: number, { worstOdds }: Limits): number {
  if (Math.min(baseline.requests, candidate.requests) === 0) return 0;
  const share = candidate.requests / (baseline.requests + candidate.requests);
  const worst = (share * worstOdds) / (share * worstOdds + 1 - share);
  const divergence = share * Math.log(share / worst) + (1 - share) * Math.log((1 - share) / (1 - worst));
  return (rate / share) * divergence;
}

function logMean(values: readonly number[]): number {
  return logSumOfExponentials(values) - Math.log(values.length);
}

function sum(one: Counts, other: Counts): Counts {
  return { requests: one.requests + other.requests, bad: one.bad + other.bad };
}
