import {
  type Comparison,
  compared,
  decideStep,
  dueMinutes,
  isOnlyTold,
  judgeSettingsOf,
  newComparison,
  type SpecJudge,
  type StepDecision,
  toppingUp,
  verdictOf,
} from "../domain/canary.ts";
import type { CanaryVerdict } from "../domain/judge/canary-judge.ts";
import type { Release } from "../domain/release.ts";
import { trafficSteps } from "../domain/strategy.ts";
import { targetGroupOf } from "../fleet-names.ts";
import { recordEvent } from "../history.ts";
import { hostOf } from "./checks.ts";
import type { Turn, ValidationWorld } from "./world.ts";

/** Unit: seconds between two looks at a comparison: CloudWatch has something new every minute. */
export const comparingSeconds = 30;

/** One look at how a release that has a share compares with live. */
export interface Compared {
  verdict: CanaryVerdict;
  decision: StepDecision;
  /** For the memo. */
  comparison: Comparison;
}

interface Share {
  release: Release;
  targetGroupArn: string | undefined;
  step: number;
  observedSinceMs: number;
  /** Unit: milliseconds until the step's interval is over; negative after that. */
  leftMs: number;
}

/**
 * Compares a release that has a share of the traffic with live, when the spec asks for that. Undefined: it does not, or
 * nobody else gets requests any more.
 */
export async function compareShare(turn: Turn, share: Share, world: ValidationWorld): Promise<Compared | undefined> {
  const { release, step, targetGroupArn, observedSinceMs } = share;
  const { judge } = release.spec.deploy;
  if (!judge || targetGroupArn === undefined || step >= trafficSteps(release.spec.deploy).length - 1) return undefined;
  const before = (turn.memo["comparison"] as Comparison | undefined) ?? newComparison(observedSinceMs);
  try {
    return await compare(turn, share, { judge, before, candidate: targetGroupArn }, world);
  } catch (error) {
    if (!isOnlyTold(judge)) throw error;
    return unable(turn, share, { judge, before }, error, world);
  }
}

interface Known {
  judge: SpecJudge;
  before: Comparison;
  /** ARN of the candidate's target group. */
  candidate: string;
}

async function compare(
  turn: Turn,
  share: Share,
  { judge, before, candidate }: Known,
  world: ValidationWorld,
): Promise<Compared | undefined> {
  const { release, leftMs } = share;
  const { live } = await world.ledger.head(release.service);
  const baseline = live && (await world.targetGroups.find(targetGroupOf(world.config.stage, live.generation)));
  if (!baseline) return undefined;

  const settings = judgeSettingsOf(judge);
  const due = dueMinutes(before, world.now());
  const groups = { loadBalancerArn: release.network.loadBalancerArn, baseline, candidate };
  const minutes = due ? await world.groupMetrics.minutes(groups, due, judge.slowMilliseconds) : [];
  const comparison = due ? compared(before, minutes, due.toMs, settings) : before;
  const verdict = verdictOf(comparison, settings);
  const isDue = leftMs <= 0 || verdict.verdict === "fail";
  const decision = isDue ? decideStep(verdict, judge, -leftMs / 1000) : waiting;
  if (verdict.verdict === "inconclusive") await topUp(release, toppingUp(judge, minutes, comparingSeconds), world);
  if (leftMs <= 0 || (isDue && isOnlyTold(judge))) await tell(turn, share, { verdict, decision }, world);
  return { verdict, decision, comparison };
}

/** A judge that does not decide ends no deploy by what it could not find out either: that is told in its verdict. */
async function unable(
  turn: Turn,
  share: Share,
  { judge, before }: Omit<Known, "candidate">,
  error: unknown,
  world: ValidationWorld,
): Promise<Compared> {
  const found = verdictOf(before, judgeSettingsOf(judge));
  const why = error instanceof Error ? error.message : String(error);
  const verdict = { ...found, reason: `${found.reason}; nothing newer could be read: ${why}` };
  const decision: StepDecision = { kind: "go" };
  if (share.leftMs <= 0) await tell(turn, share, { verdict, decision }, world);
  return { verdict, decision, comparison: before };
}

const waiting: StepDecision = { kind: "wait" };

/**
 * Requests like the public's, by the production rule: so they fall to both releases in the shares that the rule has, and
 * count in CloudWatch with all others. Their answers are judged there and nowhere else.
 */
async function topUp(release: Release, count: number, world: ValidationWorld): Promise<void> {
  if (count === 0) return;
  const { probes } = release.spec.validate;
  const pages = probes.length > 0 ? probes : [{ path: release.spec.healthCheck.path, status: 200 }];
  const each = Math.ceil(count / pages.length);
  await world.probes.ask({
    origin: release.network.origin,
    host: hostOf(release),
    headers: {},
    probes: pages.map(({ path, status }) => ({ path, status, count: each })),
  });
}

/**
 * What the judge says at the end of a step stands in the history: once while it waits, once when it has decided. One that
 * does not decide is told as soon as it would have sent the release back; the first line of a step stays.
 */
async function tell(
  turn: Turn,
  { release, step }: Share,
  { verdict, decision }: Pick<Compared, "verdict" | "decision">,
  world: ValidationWorld,
): Promise<void> {
  // A release that goes back says so itself, with the same evidence.
  if (decision.kind === "back") return;
  const event = decision.kind === "wait" ? "undecided" : "judged";
  const only = release.spec.deploy.judge && isOnlyTold(release.spec.deploy.judge) ? { decides: false } : {};
  await recordEvent(turn, world, step === 0 ? event : `${event}-${step}`, { ...verdict, ...only });
}
