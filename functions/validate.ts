import * as z from "zod/mini";
import * as clients from "../shared/aws/clients.ts";
import { Documents } from "../shared/aws/documents.ts";
import { Fleets } from "../shared/aws/fleets.ts";
import { Instances } from "../shared/aws/instances.ts";
import { Ledger } from "../shared/aws/ledger.ts";
import { ProbeFunction } from "../shared/aws/probe-function.ts";
import { TargetGroups } from "../shared/aws/target-groups.ts";
import { judgeHealth, judgeServing } from "../shared/domain/health.ts";
import { fleetName } from "../shared/domain/names.ts";
import type { ProbeReport } from "../shared/domain/probe.ts";
import type { Release } from "../shared/domain/release.ts";
import { trialHeader } from "../shared/domain/rules.ts";
import { ObservationFailedError, ValidationFailedError } from "../shared/errors.ts";
import { targetGroupOf } from "../shared/fleet-names.ts";
import { recordEvent } from "../shared/history.ts";
import { type BaseWorld, lambdaHandler, type Step } from "../shared/step.ts";
import { pending, ready, type StepOutput, stepInput } from "../shared/step-input.ts";

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
const settlingSeconds = 8;
const confirmSeconds = 5;
/** Unit: seconds between looks at a fleet that serves. */
const servingSeconds = 10;

/** Looks in a row at too few healthy targets before a serving fleet is given up: one flap is not a failure. */
const badStreakLimit = 3;

/**
 * Gives the verdict on a fleet: before production goes to it (`candidate`), and while it serves for the first time
 * (`serving`).
 *
 * Before: the fleet is in service. After `ready`: every check passed, with its evidence in the history.
 * Repeatable: it only reads; its counts travel in the memo.
 */
export async function validate(request: Input, world: World): Promise<StepOutput> {
  const release = await world.ledger.frozen(request.release);
  return request.phase === "candidate" ? judgeCandidate(request, release, world) : judgeLive(request, release, world);
}

async function look(release: Release, world: World) {
  const { stage } = world.config;
  const [group, fleet] = await Promise.all([
    world.targetGroups.find(targetGroupOf(stage, release.generation)),
    world.fleets.read(fleetName(stage, release.generation)),
  ]);
  const health = group
    ? await world.targetGroups.health(group)
    : { healthy: 0, total: 0, reasons: ["its target group is gone"] };
  return { health, needed: Math.max(1, fleet?.desired ?? 1), instanceIds: fleet?.instanceIds ?? [] };
}

async function judgeCandidate(request: Input, release: Release, world: World): Promise<StepOutput> {
  const { health, needed, instanceIds } = await look(release, world);
  const startedMs = Number(request.memo["startedMs"] ?? world.now());
  const deadlinePassed = world.now() - startedMs > release.spec.validate.timeoutSeconds * 1000;
  const streak = Number(request.memo["streak"] ?? 0);
  const judged = judgeHealth({
    health,
    needed,
    streak,
    streakNeeded: release.spec.validate.healthyInARow,
    deadlinePassed,
  });
  if (judged.verdict === "inconclusive") {
    return pending(judged.streak > 0 ? confirmSeconds : settlingSeconds, { startedMs, streak: judged.streak });
  }
  if (judged.verdict === "fail") {
    throw await failure(request, release, `its targets are not healthy: ${judged.reason}`, { instanceIds }, world);
  }

  const report = await world.probes.ask(probeRequest(release));
  if (report.verdict === "inconclusive" && !deadlinePassed) {
    return pending(confirmSeconds, { startedMs, streak: judged.streak });
  }
  if (report.verdict !== "pass") {
    throw await failure(request, release, `its probes did not pass: ${report.reason}`, { instanceIds, report }, world);
  }
  await recordEvent(request, world, "validated", { verdict: "pass", health: judged.reason, probes: report });
  return ready();
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
  const { health, needed, instanceIds } = await look(release, world);
  const startedMs = Number(request.memo["startedMs"] ?? world.now());
  const judged = judgeServing({ health, needed, badStreak: Number(request.memo["badStreak"] ?? 0), badStreakLimit });
  if (judged.verdict === "fail") {
    const evidence = await consoles(instanceIds, world);
    await recordEvent(request, world, "observation-failed", { health, ...evidence });
    throw new ObservationFailedError(
      `Release ${release.generation} serves with ${health.healthy} of ${needed} healthy targets: ${health.reasons.join("; ")}.`,
      "Traffic goes back to the previous release; see its history for console output.",
    );
  }
  const over = world.now() - startedMs >= release.spec.observeSeconds * 1000;
  if (over && judged.verdict === "pass") return ready();
  return pending(Math.min(servingSeconds, Math.max(1, release.spec.observeSeconds)), {
    startedMs,
    badStreak: judged.badStreak,
  });
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
    ledger: new Ledger(new Documents(clients.s3(connect), common.config.ledgerBucket)),
    targetGroups: new TargetGroups(clients.loadBalancing(connect)),
    fleets: new Fleets(clients.autoScaling(connect)),
    instances: new Instances(clients.ec2(connect)),
    probes: new ProbeFunction(clients.lambda(connect, probeTimeoutMs), common.config.probeFunction),
  }),
};

export const handler = lambdaHandler(step);
