import type { Fleet } from "../aws/fleets.ts";
import { type FleetHealth, judgeHealth } from "../domain/health.ts";
import { fleetName } from "../domain/names.ts";
import type { Release } from "../domain/release.ts";
import { type CheckReport, together } from "../domain/verdict.ts";
import { CapacityShortageError } from "../errors.ts";
import { recordEvent } from "../history.ts";
import { pending, ready, type StepOutput } from "../step-input.ts";
import { deadlineSecondsOf } from "./approval.ts";
import { ask, candidateChecks } from "./checks.ts";
import { lookAtCommands, type SentCommand } from "./commands.ts";
import { candidateFailed } from "./evidence.ts";
import { lookAt } from "./look.ts";
import { runOnce } from "./once.ts";
import type { Turn, ValidationWorld } from "./world.ts";

/** Unit: seconds between looks: while programs start, and once health was good and is only to be confirmed. */
const settlingSeconds = 4;
const confirmSeconds = 5;

/** Unit: milliseconds. A fleet that has not its size by then will not get it. */
const launchPatienceMs = 600_000;
/** Unit: milliseconds. By then a launch that AWS refused for want of capacity or quota has been tried elsewhere too. */
const shortagePatienceMs = 120_000;

/** What a candidate's turns remember. */
interface Progress {
  /** When it was launched. */
  startedMs: number;
  /** When all its instances were in service: from then on its programs have to come up. */
  inServiceMs?: number;
  /** Good looks in a row. */
  streak: number;
  /** Found once; what answers under it is asked anew in each look. */
  targetGroupArn?: string;
  /** Who said that it may get traffic, once somebody did; its checks are made once more after that. */
  approved?: unknown;
  /** Commands that were sent, by name. */
  commands?: Record<string, SentCommand>;
  /** Since when everything is passed and only the command that runs once is awaited. */
  onceSinceMs?: number;
}

/**
 * What is asked of a candidate beside its health.
 * @param runsOnce Whether this is a deploy, whose `once` command may run; a rollback never runs it.
 */
export interface CandidateTurn extends Turn {
  runsOnce: boolean;
}

/** One turn of the verdict on a candidate: its instances came, its targets are healthy look after look, its checks pass. */
export async function judgeCandidate(
  turn: CandidateTurn,
  release: Release,
  world: ValidationWorld,
): Promise<StepOutput> {
  const { group, fleet, health, needed, instanceIds } = await lookAt(release, turn.memo["targetGroupArn"], world);
  const before = progressOf(turn, world.now());
  if (before.onceSinceMs !== undefined) return finishOnce(turn, release, { ...before }, instanceIds, world);
  if ((fleet?.inService ?? 0) < needed && before.inServiceMs === undefined && health.healthy < needed) {
    await assertNoShortage(fleetName(world.config.stage, release.generation), fleet, before.startedMs, world);
    return pending(settlingSeconds, { ...before });
  }
  const { inServiceMs = world.now() } = before;
  const { timeoutSeconds, healthyInARow: streakNeeded } = release.spec.validate;
  const deadlinePassed = world.now() - inServiceMs > timeoutSeconds * 1000;
  const progress = { ...before, inServiceMs, ...(group && { targetGroupArn: group }) };
  const judge = (seen: FleetHealth, streak: number) =>
    judgeHealth({ health: seen, needed, streak, streakNeeded, deadlinePassed });
  const failed = (reason: string, reports: CheckReport[] = []) =>
    candidateFailed(turn, release, { reason, instanceIds, reports }, world);

  const judged = judge(health, before.streak);
  if (judged.verdict === "fail") throw await failed(`its targets are not healthy: ${judged.reason}`);
  const { streak } = judged;
  if (streak === 0 || streak < streakNeeded - 1) {
    return pending(streak > 0 ? confirmSeconds : settlingSeconds, { ...progress, streak });
  }

  const { isOpen, sent, reports: ofCommands } = await lookAtCommands(turn, release, instanceIds, world);
  const asked = { ...progress, streak, ...(ofCommands.length > 0 && { commands: sent }) };
  if (isOpen && !deadlinePassed) return pending(confirmSeconds, asked);
  const others = await ask(candidateChecks, { release, targetGroupArn: group, step: 0 }, world);
  const reports = [...others, ...ofCommands];
  const checked = together(reports);
  if (checked.verdict === "inconclusive" && !deadlinePassed) return pending(confirmSeconds, asked);
  if (checked.verdict !== "pass") throw await failed(checked.reason, reports);
  // The last look comes after the checks: a fleet that they hurt does not pass.
  const last = judge(group ? await world.targetGroups.health(group) : health, streak);
  if (last.verdict === "fail") throw await failed(`its targets are not healthy: ${last.reason}`, reports);
  if (last.verdict === "inconclusive") return pending(confirmSeconds, { ...asked, streak: last.streak });
  await recordEvent(turn, world, "validated", { verdict: "pass", health: last.reason, reports });
  return passed(turn, release, group ? { targetGroupArn: group } : {}, world, instanceIds);
}

async function passed(
  turn: CandidateTurn,
  release: Release,
  memo: object,
  world: ValidationWorld,
  instanceIds: string[],
): Promise<StepOutput> {
  const { approved } = turn.memo;
  if (approved !== undefined) await recordEvent(turn, world, "approved", { approved });
  const isAsked = release.spec.deploy?.approval !== undefined && approved === undefined;
  if (isAsked) return { status: "approval", waitSeconds: deadlineSecondsOf(release), memo: { ...memo } };
  if (!turn.runsOnce || release.spec.deploy?.once === undefined) return ready({ ...memo });
  return finishOnce(turn, release, { ...memo, onceSinceMs: world.now() }, instanceIds, world);
}

/** The command that runs once comes last, when nothing else stands between the release and its traffic. */
async function finishOnce(
  turn: CandidateTurn,
  release: Release,
  memo: Record<string, unknown> & { onceSinceMs?: number; targetGroupArn?: string },
  instanceIds: string[],
  world: ValidationWorld,
): Promise<StepOutput> {
  const standing = await runOnce(turn, release, instanceIds, world);
  const { targetGroupArn } = memo;
  if (standing.kind === "done") return ready(targetGroupArn === undefined ? {} : { targetGroupArn });
  if (standing.kind === "wait") return pending(confirmSeconds, memo);
  const reason =
    standing.kind === "failed"
      ? `its once command failed: ${standing.says}`
      : `whether its once command succeeded is not known, and it is not run again: ${standing.says}`;
  throw await candidateFailed(turn, release, { reason, instanceIds, reports: [] }, world);
}

function progressOf({ memo }: Turn, nowMs: number): Progress {
  const { startedMs, inServiceMs, streak, targetGroupArn, approved, commands, onceSinceMs } = memo as Partial<Progress>;
  return {
    startedMs: startedMs ?? nowMs,
    streak: streak ?? 0,
    ...(inServiceMs !== undefined && { inServiceMs }),
    ...(targetGroupArn !== undefined && { targetGroupArn }),
    ...(approved !== undefined && { approved }),
    ...(commands !== undefined && { commands }),
    ...(onceSinceMs !== undefined && { onceSinceMs }),
  };
}

/** @throws {CapacityShortageError} once AWS has refused launches for a while, or instances never came. */
async function assertNoShortage(
  name: string,
  fleet: Fleet | undefined,
  startedMs: number,
  world: ValidationWorld,
): Promise<void> {
  const waitedMs = world.now() - startedMs;
  if (waitedMs < shortagePatienceMs) return;
  const failures = await world.fleets.launchFailures(name);
  if (failures.length === 0 && waitedMs < launchPatienceMs) return;
  throw new CapacityShortageError(
    `${fleet?.inService ?? 0} of ${fleet?.desired ?? 0} instances came into service: ${failures.join("; ") || "AWS names no reason"}.`,
    "Raise the quota, add subnets or choose another instance type, then deploy again.",
  );
}
