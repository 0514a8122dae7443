import { judgeServing } from "../domain/health.ts";
import { nextObservationSeconds } from "../domain/pace.ts";
import type { Release } from "../domain/release.ts";
import { stepSeconds, trafficSteps } from "../domain/strategy.ts";
import { type CheckReport, together, type Verdict } from "../domain/verdict.ts";
import { pending, ready, type StepOutput, shift } from "../step-input.ts";
import { ask, servingChecks } from "./checks.ts";
import { type Compared, compareShare, comparingSeconds } from "./comparison.ts";
import { servingFailed } from "./evidence.ts";
import { type Look, lookAt } from "./look.ts";
import type { Turn, ValidationWorld } from "./world.ts";

/** Unit: seconds between looks at a fleet that was just found wanting, or of which nobody knows anything. */
const doubtSeconds = 5;

/** Looks in a row at too few healthy targets before a serving fleet is given up: one flap is not a failure. */
const badStreakLimit = 3;

/** Unit: milliseconds. What still says nothing so long after the window counts as a failure: silence is no pass. */
const silencePatienceMs = 300_000;

/** One turn of watching a release that has its share of traffic: it goes back, is watched on, takes the next step, or stays. */
export async function judgeServingRelease(turn: Turn, release: Release, world: ValidationWorld): Promise<StepOutput> {
  const step = Number(turn.memo["step"] ?? 0);
  const observedSinceMs = Number(turn.memo["observedSinceMs"] ?? world.now());
  const look = await lookAt(release, turn.memo["targetGroupArn"], world);
  const health = judgeServing({ ...look, badStreak: Number(turn.memo["badStreak"] ?? 0), badStreakLimit });
  const reports = await ask(servingChecks, { release, targetGroupArn: look.group, step }, world);
  const judged = together([healthReport(health.verdict, look), ...reports]);

  const leftMs = observedSinceMs + stepSeconds(release.spec, step) * 1000 - world.now();
  const share = { release, targetGroupArn: look.group, step, observedSinceMs, leftMs };
  const beside = judged.verdict === "fail" ? undefined : await compareShare(turn, share, world);
  const isSilent = judged.verdict === "inconclusive" && leftMs < -silencePatienceMs;
  if (judged.verdict === "fail" || isSilent) {
    throw await servingFailed(turn, release, { reason: judged.reason, look, reports }, world);
  }
  if (beside?.decision.kind === "back") {
    const reason = `judge: ${beside.decision.why}`;
    throw await servingFailed(turn, release, { reason, look, reports: [...reports, judgeReport(beside)] }, world);
  }
  const memo = {
    step,
    ...(look.group && { targetGroupArn: look.group }),
    ...(beside && { comparison: beside.comparison }),
  };
  const isWaiting = beside?.decision.kind === "wait";
  if (judged.verdict === "pass" && leftMs <= 0 && !isWaiting) {
    return step < trafficSteps(release.spec.deploy).length - 1 ? shift({ ...memo, step: step + 1 }) : ready();
  }
  const nextSeconds = leftMs <= 0 ? comparingSeconds : nextObservationSeconds(leftMs);
  const waitSeconds = judged.verdict === "pass" ? nextSeconds : doubtSeconds;
  return pending(Math.max(1, waitSeconds), { ...memo, observedSinceMs, badStreak: health.badStreak });
}

function healthReport(verdict: Verdict, { health, needed }: Look): CheckReport {
  const found = `${health.healthy} of ${needed} healthy targets`;
  return { check: "health", verdict, reason: [found, ...health.reasons].join("; ") };
}

function judgeReport({ verdict, decision }: Compared): CheckReport {
  const reason = decision.kind === "back" ? decision.why : verdict.reason;
  return { check: "judge", verdict: verdict.verdict, reason, evidence: verdict };
}
