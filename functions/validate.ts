import * as z from "zod/mini";
import * as clients from "../shared/aws/clients.ts";
import { Documents } from "../shared/aws/documents.ts";
import { type Fleet, Fleets } from "../shared/aws/fleets.ts";
import { Instances } from "../shared/aws/instances.ts";
import { Ledger } from "../shared/aws/ledger.ts";
import { ProbeFunction } from "../shared/aws/probe-function.ts";
import { TargetGroups } from "../shared/aws/target-groups.ts";
import { type FleetHealth, judgeHealth, judgeServing } from "../shared/domain/health.ts";
import { fleetName } from "../shared/domain/names.ts";
import { nextObservationSeconds } from "../shared/domain/pace.ts";
import type { ProbeReport } from "../shared/domain/probe.ts";
import type { Release } from "../shared/domain/release.ts";
import { trialHeader } from "../shared/domain/rules.ts";
import { stepSeconds, trafficSteps } from "../shared/domain/strategy.ts";
import { CapacityShortageError, ObservationFailedError, ValidationFailedError } from "../shared/errors.ts";
import { targetGroupOf } from "../shared/fleet-names.ts";
import { recordEvent } from "../shared/history.ts";
import { type BaseWorld, lambdaHandler, type Step } from "../shared/step.ts";
import { pending, ready, type StepOutput, shift, stepInput } from "../shared/step-input.ts";

const input = z.extend(stepInput, { phase: z.enum(["candidate", "serving"]) });
type Input = z.infer<typeof input>;

interface World extends BaseWorld {
  ledger: Ledger;
  targetGroups: TargetGroups;
  fleets: Fleets;
  instances: Instances;
  probes: ProbeFunction;
}

/** Unit: milliseconds. The probe function itself ends after 90 s. */
const probeTimeoutMs = 95_000;

/** Unit: seconds between looks: while programs start, and once health was good and is only to be confirmed. */
const settlingSeconds = 4;
const confirmSeconds = 5;
/** Unit: seconds between looks at a fleet that serves and was just found wanting. */
const doubtSeconds = 5;

/** Looks in a row at too few healthy targets before a serving fleet is given up: one flap is not a failure. */
const badStreakLimit = 3;

/** Unit: milliseconds. A fleet that has not its size by then will not get it. */
const launchPatienceMs = 600_000;
/** Unit: milliseconds. By then a launch that AWS refused for want of capacity or quota has been tried elsewhere too. */
const shortagePatienceMs = 120_000;

/**
 * Gives the verdict on a fleet: before production goes to it (`candidate`), and while it serves for the first time
 * (`serving`).
 *
 * Before: the fleet was launched. After `ready`: every check passed, with its evidence in the history.
 * Repeatable: it only reads; its counts travel in the memo.
 */
export async function validate(request: Input, world: World): Promise<StepOutput> {
  const release = await world.ledger.frozen(request.release);
  return request.phase === "candidate" ? judgeCandidate(request, release, world) : judgeLive(request, release, world);
}

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
}

async function look(release: Release, knownGroup: unknown, world: World) {
  const { stage } = world.config;
  const [group, fleet] = await Promise.all([
    typeof knownGroup === "string" ? knownGroup : world.targetGroups.find(targetGroupOf(stage, release.generation)),
    world.fleets.read(fleetName(stage, release.generation)),
  ]);
  const health = group
    ? await world.targetGroups.health(group)
    : { healthy: 0, total: 0, reasons: ["its target group is gone"] };
  return { group, fleet, health, needed: Math.max(1, fleet?.desired ?? 1), instanceIds: fleet?.instanceIds ?? [] };
}

async function judgeCandidate(request: Input, release: Release, world: World): Promise<StepOutput> {
  const { group, fleet, health, needed, instanceIds } = await look(release, request.memo["targetGroupArn"], world);
  const before = progressOf(request, world.now());
  if ((fleet?.inService ?? 0) < needed && before.inServiceMs === undefined && health.healthy < needed) {
    await assertNoShortage(fleetName(world.config.stage, release.generation), fleet, before.startedMs, world);
    return pending(settlingSeconds, { ...before });
  }
  const { inServiceMs = world.now() } = before;
  const deadlinePassed = world.now() - inServiceMs > release.spec.validate.timeoutSeconds * 1000;
  const streakNeeded = release.spec.validate.healthyInARow;
  const progress = { ...before, inServiceMs, ...(group && { targetGroupArn: group }) };
  const judge = (seen: FleetHealth, streak: number) =>
    judgeHealth({ health: seen, needed, streak, streakNeeded, deadlinePassed });
  const unhealthy = (reason: string) =>
    failure(request, release, `its targets are not healthy: ${reason}`, { instanceIds }, world);

  const judged = judge(health, before.streak);
  if (judged.verdict === "fail") throw await unhealthy(judged.reason);
  const { streak } = judged;
  if (streak === 0 || streak < streakNeeded - 1) {
    return pending(streak > 0 ? confirmSeconds : settlingSeconds, { ...progress, streak });
  }

  const report = await world.probes.ask(probeRequest(release));
  if (report.verdict === "inconclusive" && !deadlinePassed) return pending(confirmSeconds, { ...progress, streak });
  if (report.verdict !== "pass") {
    throw await failure(request, release, `its probes did not pass: ${report.reason}`, { instanceIds, report }, world);
  }
  // The last look comes after the probes: a fleet that they hurt does not pass.
  const last = judge(group ? await world.targetGroups.health(group) : health, streak);
  if (last.verdict === "fail") throw await unhealthy(last.reason);
  if (last.verdict === "inconclusive") return pending(confirmSeconds, { ...progress, streak: last.streak });
  await recordEvent(request, world, "validated", { verdict: "pass", health: last.reason, probes: report });
  return ready(group ? { targetGroupArn: group } : {});
}

function progressOf({ memo }: Input, nowMs: number): Progress {
  const { startedMs, inServiceMs, streak, targetGroupArn } = memo as Partial<Progress>;
  return {
    startedMs: startedMs ?? nowMs,
    streak: streak ?? 0,
    ...(inServiceMs !== undefined && { inServiceMs }),
    ...(targetGroupArn !== undefined && { targetGroupArn }),
  };
}

/** @throws {CapacityShortageError} once AWS has refused launches for a while, or instances never came. */
async function assertNoShortage(
  name: string,
  fleet: Fleet | undefined,
  startedMs: number,
  world: World,
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

function probeRequest(release: Release) {
  const { healthCheck, validate: checks, route } = release.spec;
  const first = { path: healthCheck.path, status: 200, count: 3 };
  return {
    origin: release.network.origin,
    host: route.hosts.find((host) => !/[*?]/.test(host)),
    headers: { [trialHeader]: release.trialSecret },
    probes: checks.probes.length > 0 ? checks.probes : [first],
  };
}

async function judgeLive(request: Input, release: Release, world: World): Promise<StepOutput> {
  const { group, health, needed, instanceIds } = await look(release, request.memo["targetGroupArn"], world);
  const observedSinceMs = Number(request.memo["observedSinceMs"] ?? world.now());
  const judged = judgeServing({ health, needed, badStreak: Number(request.memo["badStreak"] ?? 0), badStreakLimit });
  if (judged.verdict === "fail") {
    const evidence = await consoles(instanceIds, world);
    await recordEvent(request, world, "observation-failed", { health, ...evidence });
    throw new ObservationFailedError(
      `Release ${release.generation} serves with ${health.healthy} of ${needed} healthy targets: ${health.reasons.join("; ")}.`,
      "Traffic goes back to the previous release; see its history for console output.",
    );
  }
  const step = Number(request.memo["step"] ?? 0);
  const memo = { ...(group && { targetGroupArn: group }) };
  const leftMs = observedSinceMs + stepSeconds(release.spec, step) * 1000 - world.now();
  if (leftMs <= 0 && judged.verdict === "pass") {
    return step < trafficSteps(release.spec.deploy).length - 1 ? shift({ ...memo, step: step + 1 }) : ready();
  }
  const waitSeconds = judged.verdict === "pass" ? nextObservationSeconds(leftMs) : doubtSeconds;
  return pending(Math.max(1, waitSeconds), { ...memo, step, observedSinceMs, badStreak: judged.badStreak });
}

async function failure(
  request: Input,
  release: Release,
  reason: string,
  evidence: { instanceIds: string[]; report?: ProbeReport },
  world: World,
): Promise<ValidationFailedError> {
  const said = await consoles(evidence.instanceIds, world);
  await recordEvent(request, world, "validation-failed", { verdict: "fail", reason, probes: evidence.report, ...said });
  return new ValidationFailedError(
    `Release ${release.generation} did not pass: ${reason}.`,
    `Its console said: ${JSON.stringify(lastLines(said.console))}`,
  );
}

/** What the first instances printed; two are enough to see why. */
async function consoles(instanceIds: string[], world: World): Promise<{ console: Record<string, string> }> {
  const said: Record<string, string> = {};
  for (const id of instanceIds.slice(0, 2)) said[id] = (await world.instances.console(id)) ?? "(no output)";
  return { console: said };
}

function lastLines(said: Record<string, string>): string {
  const [first = "(nothing)"] = Object.values(said);
  return first.trimEnd().split("\n").slice(-3).join("\n");
}

export const step: Step<Input, World, StepOutput> = {
  name: "validate",
  input,
  run: validate,
  world: (common, connect) => ({
    ...common,
    ledger: new Ledger(new Documents(clients.s3(connect), common.config.ledgerBucket), common.releases),
    targetGroups: new TargetGroups(clients.loadBalancing(connect)),
    fleets: new Fleets(clients.autoScaling(connect)),
    instances: new Instances(clients.ec2(connect)),
    probes: new ProbeFunction(clients.lambda(connect, probeTimeoutMs), common.config.probeFunction),
  }),
};

export const handler = lambdaHandler(step);
