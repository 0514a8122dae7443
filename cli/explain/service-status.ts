import type { DrillResult } from "../../shared/domain/drill.ts";
import { rollbackTarget } from "../../shared/domain/head.ts";
import { fleetName } from "../../shared/domain/names.ts";
import type { Release } from "../../shared/domain/release.ts";
import { unexplained } from "../../shared/domain/rule-record.ts";
import { targetGroupOf } from "../../shared/fleet-names.ts";
import type { Stage } from "../aws/stage.ts";
import { baseNotes } from "./base-notes.ts";
import { costOf, type ServiceCost } from "./costs.ts";
import { pauseNotes } from "./pause-notes.ts";
import { revocationNotes } from "./revocation-notes.ts";
import { type WayBackStatus, wayBackStatus } from "./way-back.ts";

/** One fleet of a service as it is now. */
export interface FleetStatus {
  role: "live" | "standby" | "candidate";
  generation: string;
  version: string;
  instances: number;
  wanted: number;
  healthy: number;
  /** Weight of its target group in the production rule; undefined when it is not in it. */
  weight: number | undefined;
  /** How long what is under way may go on once the fleet leaves. Unit: seconds. */
  drainSeconds: number | undefined;
  /** From SIGTERM to SIGKILL when its instances stop. Unit: seconds. */
  stopSeconds: number | undefined;
  /** Until when a standby stays ready; since when a live one serves. */
  time: string;
}

export interface ServiceStatus {
  service: string;
  /** Where requests go. */
  url: string | undefined;
  fleets: FleetStatus[];
  /** Execution that changes the service now. */
  underWay: string | undefined;
  /** What somebody else changed on the listener, with what was expected; not looked for while something is under way. */
  unexplained: string | undefined;
  /** What it costs by Kiln's table of list prices; undefined when nothing of it runs. */
  cost: ServiceCost | undefined;
  /** What was last proved of the way back; undefined before the first sweep that could. */
  wayBack?: WayBackStatus | undefined;
  /** How the last rehearsal of it went; undefined before the first. */
  drill?: DrillResult | undefined;
  /** What people have to know beside: a pause, something revoked, a pinned base, a paused refresh. */
  notes: string[];
}

/** Reads ledger, fleets and load balancer; what cannot be found is left out, never made up. */
export async function readStatus(stage: Stage, service: string): Promise<ServiceStatus> {
  const { ledger } = stage;
  const [head, lease, proved] = await Promise.all([
    ledger.head(service),
    ledger.lease(service),
    ledger.wayBack(service),
  ]);
  const roles: { role: FleetStatus["role"]; generation: string; time: string }[] = [];
  if (head.live) roles.push({ role: "live", generation: head.live.generation, time: `since ${head.live.since}` });
  if (head.standby) {
    roles.push({ role: "standby", generation: head.standby.generation, time: `ready until ${head.standby.until}` });
  }
  const candidate = head.pending?.generation;
  if (candidate !== undefined && !roles.some(({ generation }) => generation === candidate)) {
    roles.push({ role: "candidate", generation: candidate, time: "" });
  }
  const releases = await Promise.all(roles.map(({ generation }) => stage.ledger.release(service, generation)));
  const origin = releases.find((release) => release !== undefined)?.network;
  const standing = origin && (await stage.traffic.standing(origin.listenerArn, service));
  const fleets = await Promise.all(
    roles.map((one, index) => readFleet(stage, one, releases[index], standing?.own[0]?.weights ?? [])),
  );
  const kept = await Promise.all(head.kept.map((generation) => stage.ledger.release(service, generation)));
  const cost = costOf(
    fleets.map((fleet, index) => ({ ...fleet, release: releases[index] })),
    kept.filter((release) => release !== undefined),
  );
  const underWay = head.pending?.execution ?? lease?.owner ?? undefined;
  const seen = underWay === undefined ? standing : undefined;
  const difference = seen && unexplained(service, head.rule, seen.own, seen.others);
  const wayBack = wayBackStatus(proved, rollbackTarget(head, head.live?.generation));
  // A rollback passes a pause, so only a deploy waits.
  const isDeploy = head.pending?.execution.includes(`:kiln-${stage.name}-deploy:`);
  const waiting = isDeploy ? releases.find((release) => release?.generation === candidate) : undefined;
  const notes = [...pauseNotes(head, waiting), ...revocationNotes(head), ...baseNotes(head)];
  const found = { service, url: origin?.origin, fleets, underWay, unexplained: difference, cost, notes };
  return { ...found, ...(wayBack && { wayBack }), ...(head.drilled && { drill: head.drilled }) };
}

async function readFleet(
  stage: Stage,
  { role, generation, time }: Pick<FleetStatus, "role" | "generation" | "time">,
  release: Release | undefined,
  weights: readonly { targetGroupArn: string; weight: number }[],
): Promise<FleetStatus> {
  const [fleet, group] = await Promise.all([
    stage.fleets.read(fleetName(stage.name, generation)),
    stage.targetGroups.find(targetGroupOf(stage.name, generation)),
  ]);
  const health = group === undefined ? undefined : await stage.targetGroups.health(group);
  return {
    role,
    generation,
    version: release?.version ?? "?",
    instances: fleet?.inService ?? 0,
    wanted: fleet?.desired ?? 0,
    healthy: health?.healthy ?? 0,
    drainSeconds: release?.spec.drainSeconds,
    stopSeconds: release?.spec.stopSeconds,
    weight: weights.find(({ targetGroupArn }) => targetGroupArn === group)?.weight,
    time,
  };
}
