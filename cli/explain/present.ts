import { isHot } from "../../shared/admission/rollback.ts";
import { parameterNames } from "../../shared/aws/parameters.ts";
import { digestOf } from "../../shared/digests.ts";
import { type Hold, holdAt } from "../../shared/domain/calendar.ts";
import { servingGroup, type Weight } from "../../shared/domain/cutover.ts";
import { type Head, rollbackTarget } from "../../shared/domain/head.ts";
import type { FleetHealth } from "../../shared/domain/health.ts";
import type { Lease, OwnerStatus } from "../../shared/domain/lease.ts";
import { fleetName, serviceOf } from "../../shared/domain/names.ts";
import type { Release } from "../../shared/domain/release.ts";
import { unexplained } from "../../shared/domain/rule-record.ts";
import type { WayBack } from "../../shared/domain/way-back.ts";
import { targetGroupOf } from "../../shared/fleet-names.ts";
import type { PlannedWork } from "../../shared/survey.ts";
import type { Stage } from "../aws/stage.ts";
import { type Evidence, evidenceOf } from "./evidence.ts";

/** One fleet that the ledger knows of, as it is now. */
export interface PresentFleet {
  generation: string;
  /** Undefined: there is no such release in the ledger. */
  release: Release | undefined;
  /** Undefined: there is no Auto Scaling group of that name. */
  group: { inService: number; desired: number; deleting: boolean } | undefined;
  targetGroupArn: string | undefined;
  health: FleetHealth;
}

/** All that is known of a service at one moment, read from ledger and cloud; nothing is judged yet. */
export interface Present {
  service: string;
  head: Head;
  lease: Lease | undefined;
  /** What became of the lease's owner, and of the execution of what is pending. */
  ownerStatus: OwnerStatus | undefined;
  pendingStatus: OwnerStatus | undefined;
  /** Undefined: there is no production rule. */
  weights: Weight[] | undefined;
  /** What somebody else changed on the listener. */
  unexplained: string | undefined;
  /** The generation that gets the requests; undefined when it is none that the ledger knows. */
  serving: string | undefined;
  fleets: PresentFleet[];
  /** Where a rollback would go, and whether its fleet could take over at once. */
  target: { generation: string; hot: boolean } | undefined;
  /** What was last proved of the way back. */
  wayBack: WayBack | undefined;
  /** History of what serves. */
  evidence: Evidence[];
  /** The last line of the history of what is under way. */
  latest: Evidence | undefined;
  /** What a sweep would do now. */
  plan: PlannedWork[];
  /** The generation that Parameter Store says is live. */
  published: string | undefined;
  /** The spec in force is not the one that the live release was made with. */
  newerSpec: boolean;
  /** What keeps deploys from starting now. */
  hold: Hold | undefined;
}

/** Reads the present of one service. It changes nothing. */
export async function readPresent(stage: Stage, service: string): Promise<Present> {
  const { ledger } = stage;
  const [head, lease, plan, published, wayBack] = await Promise.all([
    ledger.head(service),
    ledger.lease(service),
    stage.functions.ask<{ plan: PlannedWork[] }>(stage.outputs.ReapFunction, { mode: "survey" }),
    stage.parameters.read(parameterNames.live(stage.name, service)),
    ledger.wayBack(service),
  ]);
  const fleets = await Promise.all(generationsOf(head).map((generation) => readFleet(stage, service, generation)));
  const listenerArn = fleets.find(({ release }) => release)?.release?.network.listenerArn;
  const standing = listenerArn === undefined ? undefined : await stage.traffic.standing(listenerArn, service);
  const rule = standing?.own[0];
  const group = rule && servingGroup(rule.weights);
  const serving = fleets.find(({ targetGroupArn }) => group !== undefined && targetGroupArn === group)?.generation;
  const explained = serving ?? head.live?.generation;
  const [ownerStatus, pendingStatus, target, history, underWay, newerSpec, hold] = await Promise.all([
    lease?.owner ? stage.executions.status(lease.owner) : undefined,
    head.pending ? stage.executions.status(head.pending.execution) : undefined,
    readTarget(stage, head, sharing(head, rule?.weights ?? [], fleets) ?? serving),
    explained === undefined ? [] : ledger.history(service, explained),
    head.pending ? ledger.history(service, head.pending.generation) : [],
    hasNewerSpec(stage, fleets.find(({ generation }) => generation === head.live?.generation)?.release),
    readHold(stage, service),
  ]);
  return {
    service,
    head,
    lease,
    ownerStatus,
    pendingStatus,
    weights: rule?.weights,
    unexplained: standing && unexplained(service, head.rule, standing.own, standing.others),
    serving,
    fleets,
    target,
    wayBack,
    evidence: history.map(evidenceOf),
    latest: underWay.map(evidenceOf).at(-1),
    plan: plan.plan.filter((work) => work.service === service),
    published: generationIn(published),
    newerSpec,
    hold,
  };
}

async function readHold(stage: Stage, name: string): Promise<Hold | undefined> {
  const service = serviceOf(name);
  const digest = await stage.parameters.read(parameterNames.spec(stage.name, service));
  if (digest === undefined) return undefined;
  const spec = await stage.ledger.readSpec(service, digest);
  // Freezes hold for experiments as well, windows do not.
  const windows = name === service ? (spec.windows ?? []) : [];
  return holdAt(Date.now(), windows, await stage.ledger.freezes.of(service));
}

function generationsOf({ live, pending, standby, known }: Head): string[] {
  const all = [live?.generation, standby?.generation, pending?.generation, ...known];
  return [...new Set(all.flatMap((generation) => (generation === undefined ? [] : [generation])))];
}

async function readFleet(stage: Stage, service: string, generation: string): Promise<PresentFleet> {
  const [release, fleet, targetGroupArn] = await Promise.all([
    stage.ledger.release(service, generation),
    stage.fleets.read(fleetName(stage.name, generation)),
    stage.targetGroups.find(targetGroupOf(stage.name, generation)),
  ]);
  const health = targetGroupArn ? await stage.targetGroups.health(targetGroupArn) : noTargets;
  const group = fleet && { inService: fleet.inService, desired: fleet.desired, deleting: fleet.deleting };
  return { generation, release, group, targetGroupArn, health };
}

const noTargets: FleetHealth = { healthy: 0, total: 0, reasons: [] };

/** The release of a deploy that is under way and has a share of the requests, however small: a rollback leaves it. */
function sharing({ pending }: Head, weights: Weight[], fleets: PresentFleet[]): string | undefined {
  const fleet = fleets.find(({ generation }) => generation === pending?.generation);
  const group = fleet?.targetGroupArn;
  return weights.some(({ targetGroupArn, weight }) => weight > 0 && targetGroupArn === group)
    ? pending?.generation
    : undefined;
}

async function readTarget(stage: Stage, head: Head, serving: string | undefined): Promise<Present["target"]> {
  const generation = rollbackTarget(head, serving);
  if (generation === undefined) return undefined;
  const release = await stage.ledger.release(head.service, generation);
  const { fleets, targetGroups, name } = stage;
  return {
    generation,
    hot: release ? await isHot(release, head, { fleets, targetGroups, config: { stage: name } }) : false,
  };
}

async function hasNewerSpec(stage: Stage, live: Release | undefined): Promise<boolean> {
  if (!live) return false;
  const inForce = await stage.parameters.read(parameterNames.spec(stage.name, live.service));
  return inForce !== undefined && inForce !== digestOf(live.spec);
}

function generationIn(published: string | undefined): string | undefined {
  if (published === undefined) return undefined;
  try {
    return (JSON.parse(published) as { generation?: string }).generation ?? published;
  } catch {
    return published;
  }
}
