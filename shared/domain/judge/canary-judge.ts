import {
  type Evidence,
  type Limits,
  logFine,
  logWorse,
  noEvidence,
  requestsUntilFine,
  withInterval,
} from "./evidence.ts";

/** What one group of targets answered in one interval. */
export interface GroupCounts {
  requests: number;
  /** Answers that are the program's fault: 5xx and broken connections. */
  errors: number;
  /** Answers slower than the service's limit; left out where nobody set one. */
  slow?: number;
}

/** Both groups in one interval, whatever its length. */
export interface Observation {
  baseline: GroupCounts;
  candidate: GroupCounts;
}

export interface JudgeSettings {
  /** Highest chance that a candidate which is no worse than tolerated ever fails. */
  falseAlarmRate: number;
  /** Highest chance that a candidate which is at least as bad as `worstOdds` ever passes. */
  missRate: number;
  errors: Limits;
  /** Left out: slow answers are not judged. */
  slow?: Limits;
}

/** One in a hundred good candidates fails, one in twenty harmful ones passes, at most. */
export const usualJudgeSettings: JudgeSettings = {
  falseAlarmRate: 0.01,
  missRate: 0.05,
  errors: { toleratedOdds: 1, worstOdds: 2, harmlessRate: 0.001 },
};

/** What the judge remembers between two looks: plain numbers, for a state machine's memo. */
export interface JudgeMemory {
  errors: Evidence;
  slow: Evidence;
}

export const newJudge: JudgeMemory = { errors: noEvidence, slow: noEvidence };

export type Metric = "errors" | "slow";

/** How one metric stands. Both e-values are 1 when nothing is known; the limits are where they decide. */
export interface MetricVerdict {
  metric: Metric;
  verdict: "pass" | "fail" | "inconclusive";
  baseline: { requests: number; bad: number };
  candidate: { requests: number; bad: number };
  /** Against "tolerable"; fails at `failsAt`. */
  worse: number;
  failsAt: number;
  /** Against "harmful"; passes at `passesAt`. */
  fine: number;
  passesAt: number;
}

export interface CanaryVerdict {
  verdict: "pass" | "fail" | "inconclusive";
  /** For a person. */
  reason: string;
  metrics: MetricVerdict[];
  /** Requests that the candidate has yet to answer, if it is as good as the baseline; null when none would do. */
  requestsNeeded: number | null;
}

/** The memory with one more interval in it. Intervals must follow the clock, not what was seen in them. */
export function observed(
  memory: JudgeMemory,
  { baseline, candidate }: Observation,
  settings: JudgeSettings,
): JudgeMemory {
  const counts = ({ requests, ...bad }: GroupCounts, metric: Metric) => ({
    requests,
    bad: Math.min(requests, bad[metric] ?? 0),
  });
  const interval = (metric: Metric) => ({ baseline: counts(baseline, metric), candidate: counts(candidate, metric) });
  return {
    errors: withInterval(memory.errors, interval("errors"), settings.errors),
    slow: settings.slow ? withInterval(memory.slow, interval("slow"), settings.slow) : memory.slow,
  };
}

/**
 * Judges a candidate beside what serves, from all that was observed. It may be asked after every interval and stopped at
 * the first verdict: its error rates hold for the whole time, not for one look. Silence decides nothing.
 */
export function judgeCanary(memory: JudgeMemory, settings: JudgeSettings): CanaryVerdict {
  const judged: { metric: Metric; limits: Limits }[] = [{ metric: "errors", limits: settings.errors }];
  if (settings.slow) judged.push({ metric: "slow", limits: settings.slow });
  // A good candidate must fail by none of them: they share the false-alarm rate. A harmful one must pass by all of them.
  const failsAt = judged.length / settings.falseAlarmRate;
  const passesAt = 1 / settings.missRate;
  const metrics = judged.map(({ metric }) => judgeMetric(metric, memory[metric], failsAt, passesAt));
  const failed = metrics.find(({ verdict }) => verdict === "fail");
  const open = metrics.filter(({ verdict }) => verdict !== "pass");
  const needed = judged.map(({ metric, limits }) => requestsUntilFine(memory[metric], Math.log(passesAt), limits));
  const requestsNeeded = needed.some((one) => one === null) ? null : Math.max(...needed.map(Number));
  if (failed) return { verdict: "fail", reason: `${failed.metric}: ${told(failed)}`, metrics, requestsNeeded: 0 };
  if (open.length === 0) {
    return {
      verdict: "pass",
      reason: metrics.map((one) => `${one.metric}: ${told(one)}`).join("; "),
      metrics,
      requestsNeeded: 0,
    };
  }
  const wait =
    requestsNeeded === null
      ? "no number of requests would tell"
      : `about ${requestsNeeded} more requests to the candidate would tell`;
  return {
    verdict: "inconclusive",
    reason: `${open.map((one) => `${one.metric}: ${told(one)}`).join("; ")}; ${wait}`,
    metrics,
    requestsNeeded,
  };
}

function judgeMetric(metric: Metric, evidence: Evidence, failsAt: number, passesAt: number): MetricVerdict {
  const { baseline, candidate } = evidence;
  const [worse, fine] = [logWorse(evidence), logFine(evidence)];
  const verdict = worse >= Math.log(failsAt) ? "fail" : fine >= Math.log(passesAt) ? "pass" : "inconclusive";
  return { metric, verdict, baseline, candidate, worse: Math.exp(worse), failsAt, fine: Math.exp(fine), passesAt };
}

function told({ baseline, candidate }: MetricVerdict): string {
  return `${candidate.bad} of ${candidate.requests} against ${baseline.bad} of ${baseline.requests}`;
}
