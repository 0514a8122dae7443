import * as z from "zod/mini";
import * as clients from "../shared/aws/clients.ts";
import { Documents } from "../shared/aws/documents.ts";
import { Fleets } from "../shared/aws/fleets.ts";
import { Ledger } from "../shared/aws/ledger.ts";
import { TargetGroups } from "../shared/aws/target-groups.ts";
import { type KilnRule, Traffic } from "../shared/aws/traffic.ts";
import { capacityTarget } from "../shared/domain/capacity.ts";
import { decideCutover, restoredWeights, servingGroup } from "../shared/domain/cutover.ts";
import { fleetName } from "../shared/domain/names.ts";
import { nextObservationSeconds } from "../shared/domain/pace.ts";
import type { Release } from "../shared/domain/release.ts";
import { CutoverRefusedError } from "../shared/errors.ts";
import { targetGroupOf } from "../shared/fleet-names.ts";
import { recordEvent } from "../shared/history.ts";
import { type BaseWorld, lambdaHandler, type Step } from "../shared/step.ts";
import { pending, ready, type StepOutput, stepInput } from "../shared/step-input.ts";

const input = z.extend(stepInput, { direction: z.enum(["forward", "restore"]) });
type Input = z.infer<typeof input>;

interface World extends BaseWorld {
  ledger: Ledger;
  fleets: Fleets;
  targetGroups: TargetGroups;
  traffic: Traffic;
}

/** Unit: milliseconds. A candidate that live outgrew is resized; if it is not large enough by then, the switch is refused. */
const resizePatienceMs = 300_000;

/**
 * Moves production traffic in one rule change: to the release (`forward`), or away from a failed candidate (`restore`).
 *
 * Before: the release passed validation, or failed after the switch. After: the rule points at the release (or at what
 * was live), the other fleet stays in the rule at weight 0, and the rule was read back.
 * Repeatable: a retry that finds the rule as wanted changes nothing.
 */
export async function cutover(request: Input, world: World): Promise<StepOutput> {
  const release = await world.ledger.release(request.release.service, request.release.generation);
  // A deploy that died before its release was frozen has moved nothing.
  if (!release && request.direction === "restore") return ready();
  if (!release) throw refused(request.release, "it is not in the ledger");
  return request.direction === "forward" ? switchTo(request, release, world) : restore(request, release, world);
}

async function switchTo(request: Input, release: Release, world: World): Promise<StepOutput> {
  const { stage } = world.config;
  const name = fleetName(stage, release.generation);
  const { targetGroupArn } = request.memo;
  const [rule, live, group] = await Promise.all([
    world.traffic.production(release.network.listenerArn, release.service),
    liveGroup(release, world),
    typeof targetGroupArn === "string"
      ? targetGroupArn
      : world.targetGroups.find(targetGroupOf(stage, release.generation)),
  ]);
  const [fleet, liveFleet] = await world.fleets.readEach([name, ...(live ? [live.fleetName] : [])]);
  if (!group || !fleet) throw refused(release, "its fleet is gone");
  const serving = rule && servingGroup(rule.weights);
  const [toHealth, fromHealth] = await Promise.all([
    world.targetGroups.health(group),
    serving ? world.targetGroups.health(serving) : undefined,
  ]);

  const capacity = { ...release.spec.capacity, max: Math.max(release.spec.capacity.max, fleet.desired) };
  const needed = capacityTarget(capacity, liveFleet);
  const decision = decideCutover({
    weights: rule?.weights,
    to: group,
    live: live?.group,
    toHealth,
    needed,
    fromHealth,
  });
  if (decision.kind === "done") return moved(release, group, world);
  if (decision.kind === "refuse") {
    const startedMs = Number(request.memo["startedMs"] ?? world.now());
    if (world.now() - startedMs > resizePatienceMs) throw refused(release, decision.reason);
    if (fleet.desired < needed) {
      await world.ledger.assertLease(request.release, request.execution);
      await world.fleets.resize(name, { min: needed, max: Math.max(needed, fleet.max), desired: needed });
    }
    return pending(5, { startedMs, targetGroupArn: group });
  }

  await world.ledger.announceRuleChange(release.service, world.now());
  await world.ledger.assertLease(request.release, request.execution);
  if (rule) await world.traffic.change(rule, decision.weights, release.spec.route);
  else await world.traffic.createProduction(release, decision.weights);
  await recordEvent(request, world, "cut-over", { weights: decision.weights, toHealth, fromHealth, needed });
  return moved(release, group, world);
}

/** The observation window begins; the wait is until its first look. */
function moved(release: Release, targetGroupArn: string, world: World): StepOutput {
  const waitSeconds = nextObservationSeconds(release.spec.observeSeconds * 1000);
  return ready({ observedSinceMs: world.now(), targetGroupArn }, waitSeconds);
}

async function restore(request: Input, release: Release, world: World): Promise<StepOutput> {
  const { stage } = world.config;
  const rule = await world.traffic.production(release.network.listenerArn, release.service);
  const candidate = await world.targetGroups.find(targetGroupOf(stage, release.generation));
  const named = rule?.weights.some(({ targetGroupArn }) => targetGroupArn === candidate) ?? false;
  if (!rule || !candidate || !named) return ready();

  const head = await world.ledger.head(release.service);
  // Died or failed while settling: the candidate is live by the ledger's own word, so it keeps the traffic.
  if (head.live?.generation === release.generation) return ready();
  const groupOf = async (generation: string | undefined) =>
    generation === undefined ? undefined : world.targetGroups.find(targetGroupOf(stage, generation));
  const live = await groupOf(head.live?.generation);
  const standby = await groupOf(head.standby?.generation);

  await world.ledger.announceRuleChange(release.service, world.now());
  await world.ledger.assertLease(request.release, request.execution);
  const liveRelease = head.live && (await world.ledger.release(release.service, head.live.generation));
  await moveBack(rule, { live, standby, route: liveRelease?.spec.route }, world);
  await recordEvent(request, world, "restored", { from: rule.weights, live: head.live?.generation ?? null });
  return ready();
}

/** Without a live fleet there is nothing to go back to: the first deployment's rule goes, and the listener answers as before Kiln. */
async function moveBack(
  rule: KilnRule,
  back: { live: string | undefined; standby: string | undefined; route: Release["spec"]["route"] | undefined },
  world: World,
): Promise<void> {
  if (back.live) await world.traffic.change(rule, restoredWeights(back.live, back.standby), back.route);
  else await world.traffic.delete(rule.arn);
}

/** The fleet's name and the target group of what the ledger calls live, unless that is the release itself. */
async function liveGroup(release: Release, world: World) {
  const { stage } = world.config;
  const { live } = await world.ledger.head(release.service);
  if (!live || live.generation === release.generation) return undefined;
  const group = await world.targetGroups.find(targetGroupOf(stage, live.generation));
  return { fleetName: fleetName(stage, live.generation), group };
}

function refused(release: { generation: string }, reason: string): CutoverRefusedError {
  return new CutoverRefusedError(
    `Traffic was not moved to ${release.generation}: ${reason}.`,
    "The live release still serves; see why its fleet is smaller, then deploy again.",
  );
}

export const step: Step<Input, World, StepOutput> = {
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
