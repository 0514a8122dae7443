import * as z from "zod/mini";
import { releaseOfRule } from "../shared/admission/rollback.ts";
import * as clients from "../shared/aws/clients.ts";
import { Documents } from "../shared/aws/documents.ts";
import { type Fleet, Fleets } from "../shared/aws/fleets.ts";
import { Ledger } from "../shared/aws/ledger.ts";
import type { SeenRule } from "../shared/aws/listener-reading.ts";
import { TargetGroups } from "../shared/aws/target-groups.ts";
import { Traffic } from "../shared/aws/traffic.ts";
import { endDrill, lendShare, returnShare } from "../shared/cutover/drill.ts";
import { type CutoverWorld, look, refused } from "../shared/cutover/look.ts";
import { holdAt } from "../shared/domain/calendar.ts";
import { decideCutover, refuseWithdrawal, restoredWeights, sameWeights, switched } from "../shared/domain/cutover.ts";
import { type Head, isGenerationZero } from "../shared/domain/head.ts";
import { experimentOf, serviceOf } from "../shared/domain/names.ts";
import { nextObservationSeconds } from "../shared/domain/pace.ts";
import { pausedUntil, pauseLimitSeconds } from "../shared/domain/pause.ts";
import type { Release } from "../shared/domain/release.ts";
import { type RevokedRelease, revocationText } from "../shared/domain/revocation.ts";
import { givenUp, stateOf, unexplained } from "../shared/domain/rule-record.ts";
import { stepSeconds, trafficSteps } from "../shared/domain/strategy.ts";
import { DeployHeldError, RevokedError, RuleConflictError } from "../shared/errors.ts";
import { targetGroupOf } from "../shared/fleet-names.ts";
import { readGenerationZero } from "../shared/generation-zero.ts";
import { recordEvent } from "../shared/history.ts";
import { pin } from "../shared/pinning.ts";
import { ruleConflict } from "../shared/rule-judgement.ts";
import { lambdaHandler, type Step } from "../shared/step.ts";
import { pending, ready, type StepOutput, stepInput } from "../shared/step-input.ts";

const input = z.extend(stepInput, {
  /**
   * `forward`: to a new release, in the steps of its strategy. `back`: to a release that served before, all at once.
   * `finish`: all to a release whose deploy died, once it was decided that it stays. `restore`: away from a candidate.
   * `lend`: a drill's share to the standby. `return`: that share to live. `end-drill`: the same for a drill that died.
   */
  direction: z.enum(["forward", "back", "finish", "restore", "lend", "return", "end-drill"]),
});
type Input = z.infer<typeof input>;

/** Unit: seconds between two looks at whether a paused deploy may go on. */
const pausedSeconds = 15;

/** Unit: milliseconds. A candidate that live outgrew is resized; if it is not large enough by then, the switch is refused. */
const resizePatienceMs = 300_000;

/**
 * Changes production's rule once: to the release, all of it or the next share, or away from a failed candidate.
 *
 * Before: the release passed validation, or failed after a change. After: the rule says what was decided at this instant
 * and was read back, the other fleet stays in it; the memo says which step that was and when.
 * Repeatable: a retry that finds the rule as wanted changes nothing.
 */
export async function cutover(request: Input, world: CutoverWorld): Promise<StepOutput> {
  const { service, generation } = request.release;
  if (request.direction === "end-drill") return endDrill(request, world);
  if (isGenerationZero(service, generation))
    return request.direction === "restore" ? ready() : withdraw(request, world);
  const release = await world.ledger.release(service, generation);
  // A deploy that died before its release was frozen has moved nothing.
  if (!release && request.direction === "restore") return ready();
  if (!release) throw refused(request.release, "it is not in the ledger");
  if (request.direction === "restore") return restore(request, release, world);
  if (request.direction === "lend") return lendShare(request, release, world);
  if (request.direction === "return") return returnShare(request, world);
  return request.direction === "finish" ? finish(request, release, world) : shift(request, release, world);
}

async function shift(request: Input, release: Release, world: CutoverWorld): Promise<StepOutput> {
  const shares = request.direction === "forward" ? trafficSteps(release.spec.deploy) : [100];
  const seen = await look(request, release, world);
  // Nobody could take the rest: everything moves, and that is the last step.
  const step = seen.liveCanServe ? Number(request.memo["step"] ?? 0) : shares.length - 1;
  const percent = shares[step] ?? 100;
  const decision = decideCutover({ ...seen, percent, percentBefore: shares[step - 1] });

  const { comparison } = request.memo;
  const memo = { step, targetGroupArn: seen.to, ...(comparison !== undefined && { comparison }) };
  if (decision.kind === "done") return moved(release, memo, world);
  if (decision.kind === "conflict") throw conflicted(release, decision.reason);
  if (request.direction === "forward" && seen.head.paused) {
    if (world.now() < Date.parse(pausedUntil(release))) return pending(pausedSeconds, memo);
    throw pausedTooLong(release, seen.head.paused);
  }
  if (decision.kind === "refuse") return grow(request, release, { ...seen, memo, reason: decision.reason }, world);

  if (request.direction === "forward") await refuseFrozen(release, world);
  if (request.direction === "forward") refuseRevoked(release, seen.revoked);
  await holdLive(request, seen, world);
  const record = { from: stateOf(seen.rule), to: { weights: decision.weights, route: release.spec.route } };
  await world.ledger.announceRuleChange(release.service, world.now(), record, seen.isLive);
  await world.ledger.assertLease(request.release, request.execution);
  if (seen.rule) await world.traffic.change(seen.rule, decision.weights, release.spec.route);
  else await world.traffic.createProduction(release, decision.weights);
  const { toHealth, fromHealth, needed } = seen;
  const evidence = { weights: decision.weights, percent, toHealth, fromHealth, needed };
  await recordEvent(request, world, step === 0 ? "cut-over" : `cut-over-${step}`, evidence);
  return moved(release, memo, world);
}

/**
 * A freeze that came after admission: nothing more moves forward, and what moved goes back. A window that closes in the
 * meantime lets a deploy that began in it finish.
 */
async function refuseFrozen(release: Release, world: CutoverWorld): Promise<void> {
  if (release.override !== undefined) return;
  const hold = holdAt(world.now(), [], await world.ledger.freezes.of(serviceOf(release.service)));
  if (!hold) return;
  throw new DeployHeldError(
    `Traffic was not moved to ${release.generation}: ${hold.why}.`,
    `Once it is over: kiln deploy ${release.service}. Now: kiln deploy ${release.service} --override "<why>".`,
  );
}

/** What was revoked after admission gets no requests, whoever died before stopping its deploy. */
function refuseRevoked({ generation }: Release, revoked: RevokedRelease | undefined): void {
  if (!revoked) return;
  const { kind, id } = revoked;
  throw new RevokedError(
    `Traffic was not moved to ${generation}: its ${revocationText(revoked)}.`,
    `Deploy something else, or take it back: kiln revoke ${kind} ${id} --undo.`,
  );
}

function pausedTooLong(
  { service, generation }: Release,
  { by, at, reason }: NonNullable<Head["paused"]>,
): DeployHeldError {
  const why = reason === "" ? "" : ` (${reason})`;
  return new DeployHeldError(
    `Traffic was not moved further to ${generation}: ${by} paused it at ${at}${why}, and a deploy waits for ${pauseLimitSeconds / 3600} hours at most.`,
    `To deploy it again: kiln resume ${service}, then kiln deploy ${service}.`,
  );
}

/** Makes a candidate that live outgrew larger, and waits for it. @throws {CutoverRefusedError} after five minutes. */
async function grow(
  request: Input,
  release: Release,
  seen: { fleet: Fleet; needed: number; reason: string; memo: Record<string, unknown> },
  world: CutoverWorld,
): Promise<StepOutput> {
  const { fleet, needed, reason, memo } = seen;
  const waitingSinceMs = Number(request.memo["waitingSinceMs"] ?? world.now());
  if (world.now() - waitingSinceMs > resizePatienceMs) throw refused(release, reason);
  if (fleet.desired < needed) {
    await world.ledger.assertLease(request.release, request.execution);
    await world.fleets.resize(fleet.name, { min: needed, max: Math.max(needed, fleet.max), desired: needed });
  }
  return pending(5, { ...memo, waitingSinceMs });
}

/** Idle servers make target tracking shrink a fleet: live keeps its size while requests leave it. */
async function holdLive(
  request: Input,
  { liveFleet, liveGeneration }: { liveFleet: Fleet | undefined; liveGeneration: string | undefined },
  world: CutoverWorld,
): Promise<void> {
  if (!liveFleet || liveGeneration === undefined || liveFleet.deleting || liveFleet.min >= liveFleet.desired) return;
  const { execution, release } = request;
  await world.ledger.assertLease(release, execution);
  await pin(request, { generation: liveGeneration, min: liveFleet.desired, lasting: liveFleet.min }, world);
  await world.fleets.resize(liveFleet.name, { min: liveFleet.desired, max: liveFleet.max });
}

/** The window begins in which this step is watched; the wait is until its first look. */
function moved(release: Release, memo: { step: number; targetGroupArn: string }, world: CutoverWorld): StepOutput {
  const waitSeconds = nextObservationSeconds(stepSeconds(release.spec, memo.step) * 1000);
  return ready({ ...memo, observedSinceMs: world.now() }, waitSeconds);
}

/** All requests to a release that got some of them when its deploy died. */
async function finish(request: Input, release: Release, world: CutoverWorld): Promise<StepOutput> {
  const { rule, to, live } = await look(request, release, world);
  const weights = switched(rule?.weights, to, live, 100);
  if (!rule || sameWeights(rule.weights, weights)) return ready();
  const record = { from: stateOf(rule), to: { weights, route: release.spec.route } };
  await world.ledger.announceRuleChange(release.service, world.now(), record);
  await world.ledger.assertLease(request.release, request.execution);
  await world.traffic.change(rule, weights, release.spec.route);
  await recordEvent(request, world, "finished", { from: rule.weights, weights });
  return ready();
}

/**
 * Back to generation 0: Kiln's rule goes, and the listener answers as its owner wrote it. The fleet that served stays
 * health-checked through its trial rule, so that it can take over again.
 */
async function withdraw(request: Input, world: CutoverWorld): Promise<StepOutput> {
  const { service } = request.release;
  const head = await world.ledger.head(service);
  const release = await releaseOfRule(head, world);
  if (!release) return ready();
  const { own, others } = await world.traffic.standing(release.network.listenerArn, service);
  const [rule] = own;
  if (!rule) return ready();
  if (experimentOf(service)) return withdrawExperiment(request, own, world);
  const difference = unexplained(service, head.rule, own, others);
  if (difference !== undefined) throw ruleConflict(difference);
  const zero = await readGenerationZero(others, release.spec.route, world.targetGroups);
  const refusal = refuseWithdrawal(zero?.health);
  if (refusal !== undefined) throw refused(request.release, refusal);

  const guard = () => world.ledger.assertLease(request.release, request.execution);
  const group = head.live && (await world.targetGroups.find(targetGroupOf(world.config.stage, head.live.generation)));
  await guard();
  if (group) await world.traffic.ensureTrial(release, group);
  await world.ledger.announceRuleChange(service, world.now(), { from: stateOf(rule), to: null });
  await guard();
  await world.traffic.delete(rule.arn);
  await recordEvent(request, world, "withdrawn", { from: rule.weights, to: zero?.rule.weights, health: zero?.health });
  return ready();
}

/**
 * An experiment whose time is over is no longer reached: its service answers what was its. Whatever somebody else made of
 * the rule, it is Kiln's own and goes.
 */
async function withdrawExperiment(request: Input, own: readonly SeenRule[], world: CutoverWorld): Promise<StepOutput> {
  const { service } = request.release;
  await world.ledger.announceRuleChange(service, world.now(), { from: stateOf(own[0]), to: null });
  for (const rule of own) {
    await world.ledger.assertLease(request.release, request.execution);
    await world.traffic.delete(rule.arn);
  }
  await recordEvent(request, world, "withdrawn", { from: own[0]?.weights });
  return ready();
}

/**
 * A failed candidate gets no requests, whoever gave it some: what somebody else changed is then told in the history, and
 * left alone where the candidate has no share.
 */
async function restore(request: Input, release: Release, world: CutoverWorld): Promise<StepOutput> {
  const { stage } = world.config;
  const { own, others } = await world.traffic.standing(release.network.listenerArn, release.service);
  const [rule] = own;
  const candidate = await world.targetGroups.find(targetGroupOf(stage, release.generation));
  const named = rule?.weights.find(({ targetGroupArn }) => targetGroupArn === candidate);
  if (!candidate) return ready();

  const head = await world.ledger.head(release.service);
  // Died or failed while settling: the candidate is live by the ledger's own word, so it keeps the traffic.
  if (head.live?.generation === release.generation) return ready();
  const difference = unexplained(release.service, head.rule, own, others);
  if (difference === undefined && (!rule || !named)) return ready();
  const groupOf = async (generation: string | undefined) =>
    generation === undefined ? undefined : world.targetGroups.find(targetGroupOf(stage, generation));
  const live = await groupOf(head.live?.generation);
  const standby = await groupOf(head.standby?.generation);
  if (!rule || !named || (difference !== undefined && named.weight === 0)) {
    return giveUp(request, head, { candidate, live, standby }, world);
  }
  const liveRelease = head.live && (await world.ledger.release(release.service, head.live.generation));
  const route = liveRelease?.spec.route;
  const weights = live && restoredWeights(rule.weights, live, standby);
  // Done before: the candidate only rests in the rule until it is drained.
  if (difference === undefined && weights && sameWeights(rule.weights, weights)) return ready();

  const from = stateOf(rule);
  const to = weights ? { weights, route: route ?? from?.route ?? release.spec.route } : null;
  await world.ledger.announceRuleChange(release.service, world.now(), { from, to }, weights !== undefined);
  await world.ledger.assertLease(request.release, request.execution);
  // Without a live fleet generation 0 answers again: the first deployment's rule goes.
  if (weights) await world.traffic.change(rule, weights, route);
  else await world.traffic.delete(rule.arn);
  const evidence = { from: rule.weights, live: head.live?.generation ?? null, ...(difference && { difference }) };
  await recordEvent(request, world, "restored", evidence);
  return ready();
}

/** What somebody else changed stays; but nobody is to be told to put back a rule that names a candidate which goes now. */
async function giveUp(
  request: Input,
  { rule: record }: Head,
  groups: Parameters<typeof givenUp>[1],
  { ledger }: CutoverWorld,
): Promise<StepOutput> {
  if (!record || givenUp(record, groups) === record) return ready();
  await ledger.assertLease(request.release, request.execution);
  await ledger.updateHead(request.release.service, (head) =>
    head.rule ? { ...head, rule: givenUp(head.rule, groups) } : head,
  );
  return ready();
}

function conflicted({ generation }: Release, reason: string): RuleConflictError {
  return new RuleConflictError(
    `Traffic was not moved further to ${generation}: ${reason}.`,
    "Find out what else changes this rule; traffic goes back to the live release.",
  );
}

export const step: Step<Input, CutoverWorld, StepOutput> = {
  name: "cutover",
  input,
  run: cutover,
  world: (common, connect) => {
    const elb = clients.loadBalancing(connect);
    return {
      ...common,
      ledger: new Ledger(new Documents(clients.s3(connect), common.config.ledgerBucket), common.releases),
      fleets: new Fleets(clients.autoScaling(connect)),
      targetGroups: new TargetGroups(elb),
      traffic: new Traffic(elb, common.config.stage),
    };
  },
};

export const handler = lambdaHandler(step);
