import {
  type CanaryVerdict,
  type JudgeMemory,
  type JudgeSettings,
  judgeCanary,
  newJudge,
  type Observation,
  observed,
  usualJudgeSettings,
} from "./judge/canary-judge.ts";
import type { Limits } from "./judge/evidence.ts";
import type { ServiceSpec } from "./service-spec.ts";

export type SpecJudge = NonNullable<ServiceSpec["deploy"]["judge"]>;

/** What both groups answered in one minute of CloudWatch's. */
export interface Minute extends Observation {
  startMs: number;
}

/** What a deploy remembers of the comparison from one look to the next. */
export interface Comparison {
  memory: JudgeMemory;
  /** Start of the first minute that is not in the memory yet. Unit: milliseconds since the Unix epoch. */
  nextMs: number;
  /** It passed once: a pass is a decision, and more requests need not repeat it. A fail still may come. */
  passed: boolean;
}

const minuteMs = 60_000;

/**
 * Unit: milliseconds after a minute until its counts are read. Load balancers send a minute's metrics when it is over
 * ("CloudWatch metrics for your Application Load Balancer"); what is read too early is missing for ever.
 */
const arrivalMs = 60_000;

/** Minutes that are read at once, after a long pause too. */
const mostMinutes = 60;

/** Programs that have just started are a little slower; less than one slow answer in a hundred is nobody's grief. */
const slowLimits: Limits = { toleratedOdds: 1.5, worstOdds: 3, harmlessRate: 0.01 };

/** Error rates and limits that the judge promises to a service. */
export function judgeSettingsOf({ slowMilliseconds, harmlessPercent }: SpecJudge): JudgeSettings {
  const errors = { ...usualJudgeSettings.errors, harmlessRate: harmlessPercent / 100 };
  return { ...usualJudgeSettings, errors, ...(slowMilliseconds !== undefined && { slow: slowLimits }) };
}

/** Nothing compared yet; the first minute is the first whole one after the release got its share. */
export function newComparison(sinceMs: number): Comparison {
  return { memory: newJudge, nextMs: Math.ceil(sinceMs / minuteMs) * minuteMs, passed: false };
}

/** The minutes whose counts have arrived and are not compared yet; undefined when there is none. */
export function dueMinutes({ nextMs }: Comparison, nowMs: number): { fromMs: number; toMs: number } | undefined {
  const arrived = Math.floor((nowMs - arrivalMs) / minuteMs) * minuteMs;
  const toMs = Math.min(arrived, nextMs + mostMinutes * minuteMs);
  return toMs > nextMs ? { fromMs: nextMs, toMs } : undefined;
}

/** The comparison with more minutes in it, up to `toMs`: minutes in which nobody asked are over as well. */
export function compared(
  before: Comparison,
  minutes: readonly Minute[],
  toMs: number,
  settings: JudgeSettings,
): Comparison {
  const memory = [...minutes]
    .sort((a, b) => a.startMs - b.startMs)
    .reduce((known, minute) => observed(known, minute, settings), before.memory);
  const passed = before.passed || judgeCanary(memory, settings).verdict === "pass";
  return { memory, nextMs: toMs, passed };
}

/** How the comparison stands. */
export function verdictOf({ memory, passed }: Comparison, settings: JudgeSettings): CanaryVerdict {
  const judged = judgeCanary(memory, settings);
  return passed && judged.verdict === "inconclusive" ? { ...judged, verdict: "pass", requestsNeeded: 0 } : judged;
}

/** What becomes of a step whose interval is over. */
export type StepDecision = { kind: "go" } | { kind: "wait" } | { kind: "back"; why: string };

/** @param overSeconds How long the step's interval has been over. */
export function decideStep(verdict: CanaryVerdict, judge: SpecJudge, overSeconds: number): StepDecision {
  if (isOnlyTold(judge)) return { kind: "go" };
  if (verdict.verdict === "fail") return { kind: "back", why: verdict.reason };
  if (verdict.verdict === "pass") return { kind: "go" };
  if (overSeconds < judge.waitSeconds) return { kind: "wait" };
  if (judge.ifUndecided === "proceed") return { kind: "go" };
  return {
    kind: "back",
    why: `no verdict ${judge.waitSeconds} s after the step: ${verdict.reason} (deploy.judge.ifUndecided is "back")`,
  };
}

/** Whether the judge's verdict is written down and moves nothing. Releases of before there was the choice decide. */
export function isOnlyTold({ decides }: SpecJudge): boolean {
  return decides === false;
}

/** Requests to add in the time between two looks, so that the service gets as many a minute as the spec wants. */
export function toppingUp(judge: SpecJudge, minutes: readonly Minute[], everySeconds: number): number {
  const last = minutes.at(-1);
  const seen = last ? last.baseline.requests + last.candidate.requests : 0;
  // What was added in the last minute counts among what was seen: as long as all of it is needed, all is added again.
  return seen > 2 * judge.topUpPerMinute ? 0 : Math.ceil((judge.topUpPerMinute * everySeconds) / 60);
}
