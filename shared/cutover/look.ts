import type * as z from "zod/mini";
import type { Fleets } from "../aws/fleets.ts";
import type { Ledger } from "../aws/ledger.ts";
import type { TargetGroups } from "../aws/target-groups.ts";
import type { Traffic } from "../aws/traffic.ts";
import { capacityTarget } from "../domain/capacity.ts";
import { servingGroup } from "../domain/cutover.ts";
import type { Head } from "../domain/head.ts";
import { fleetName } from "../domain/names.ts";
import type { Release } from "../domain/release.ts";
import { revokedIn } from "../domain/revocation.ts";
import { unexplained } from "../domain/rule-record.ts";
import { CutoverRefusedError } from "../errors.ts";
import { targetGroupOf } from "../fleet-names.ts";
import { readGenerationZero, zeroCapacity } from "../generation-zero.ts";
import { ruleConflict } from "../rule-judgement.ts";
import type { BaseWorld } from "../step.ts";
import type { stepInput } from "../step-input.ts";

/** What a change of traffic works with. */
export interface CutoverWorld extends BaseWorld {
  ledger: Ledger;
  fleets: Fleets;
  targetGroups: TargetGroups;
  traffic: Traffic;
}

/** One turn of changing traffic. */
export type TrafficTurn = z.infer<typeof stepInput>;

/**
 * Everything a change of traffic is decided from, read at this instant.
 * @throws {RuleConflictError} when somebody else changed the listener.
 */
export async function look(request: TrafficTurn, release: Release, world: CutoverWorld) {
  const { stage } = world.config;
  const { route, allowShrink } = release.spec;
  const name = fleetName(stage, release.generation);
  const { targetGroupArn } = request.memo;
  const head = await world.ledger.head(release.service);
  const [standing, live, to] = await Promise.all([
    world.traffic.standing(release.network.listenerArn, release.service),
    liveGroup(head, release, world),
    typeof targetGroupArn === "string"
      ? targetGroupArn
      : world.targetGroups.find(targetGroupOf(stage, release.generation)),
  ]);
  const [fleet, liveFleet] = await world.fleets.readEach([name, ...(live ? [live.fleetName] : [])]);
  if (!to || !fleet) throw refused(release, "its fleet is gone");
  const difference = unexplained(release.service, head.rule, standing.own, standing.others);
  if (difference !== undefined) throw ruleConflict(difference);
  const [rule] = standing.own;
  const serving = rule && servingGroup(rule.weights);
  const from = serving === to ? live?.group : serving;
  const [toHealth, ruleHealth, liveHealth, zero] = await Promise.all([
    world.targetGroups.health(to),
    from ? world.targetGroups.health(from) : undefined,
    live?.group && live.group !== from ? world.targetGroups.health(live.group) : undefined,
    rule ? undefined : readGenerationZero(standing.others, route, world.targetGroups),
  ]);
  // What somebody else's servers carried, a spec that allows to shrink need not match in number.
  const fromHealth = ruleHealth ?? (allowShrink ? undefined : zero?.health);
  const capacity = { ...release.spec.capacity, max: Math.max(release.spec.capacity.max, fleet.desired) };
  return {
    head,
    revoked: revokedIn(head, release.generation),
    isLive: head.live?.generation === release.generation,
    rule,
    weights: rule?.weights,
    to,
    live: live?.group,
    liveGeneration: live?.generation,
    fleet,
    liveFleet,
    needed: capacityTarget(capacity, liveFleet ?? zeroCapacity(zero), ruleHealth?.healthy),
    shrinksTo: release.spec.allowShrink ? capacity.max : undefined,
    toHealth,
    fromHealth,
    liveCanServe: ((liveHealth ?? ruleHealth)?.healthy ?? 0) > 0,
  };
}

/** The fleet's name and the target group of what the ledger calls live, unless that is the release itself. */
async function liveGroup({ live }: Head, release: Release, world: CutoverWorld) {
  const { stage } = world.config;
  if (!live || live.generation === release.generation) return undefined;
  const group = await world.targetGroups.find(targetGroupOf(stage, live.generation));
  return { generation: live.generation, fleetName: fleetName(stage, live.generation), group };
}

/** The guard at the switch says no. */
export function refused(release: { generation: string }, reason: string): CutoverRefusedError {
  return new CutoverRefusedError(
    `Traffic was not moved to ${release.generation}: ${reason}.`,
    "The live release still serves; see why its fleet is smaller, then deploy again.",
  );
}
