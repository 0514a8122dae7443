import { nextReplacement, type Replacement } from "../domain/drift.ts";
import { fleetName, tagKeys } from "../domain/names.ts";
import { targetGroupOf } from "../fleet-names.ts";
import { recordEvent } from "../history.ts";
import type { ReleaseRef } from "../step-input.ts";
import { type FindingWorld, findTouched, lookAround, type TouchedInstance } from "./finding.ts";

interface ReplacingWorld extends FindingWorld {
  now: () => number;
}

/** Whose work it is, and the right to do it. */
interface Turn {
  release: ReleaseRef;
  execution: string;
  /** Asked before every change; throws when the lease is lost. */
  guard: () => Promise<void>;
}

/**
 * Replaces what was touched, one instance of a fleet at a time: it is marked with the reason, written into the history, and
 * handed to its group as unhealthy. The group launches its replacement first, then drains it and ends it.
 * @returns What is still to be waited for; empty when nothing touched is left, or somebody deploys: a new fleet is the answer then.
 */
export async function replaceTouched(turn: Turn, world: ReplacingWorld): Promise<string[]> {
  const { service } = turn.release;
  const head = await world.ledger.head(service);
  if (head.pending) return [];
  const touched = await findTouched(head, await lookAround(world, service), world);
  const waits: string[] = [];
  for (const generation of [head.live?.generation, head.standby?.generation]) {
    const own = touched.filter((one) => one.generation === generation && one.replaced);
    if (generation !== undefined && own.length > 0) waits.push(...(await replaceOne(own, generation, turn, world)));
  }
  return waits;
}

async function replaceOne(
  touched: readonly TouchedInstance[],
  generation: string,
  turn: Turn,
  world: ReplacingWorld,
): Promise<string[]> {
  const { stage } = world.config;
  const fleet = fleetName(stage, generation);
  const decision = await decide(touched, fleet, targetGroupOf(stage, generation), world);
  if (decision.kind === "none") return [];
  if (decision.kind === "wait") return [`${generation}: ${decision.why}`];

  const { instanceId } = decision;
  const reasons = touched.find(({ id }) => id === instanceId)?.reasons ?? [];
  await turn.guard();
  await world.instances.tag(instanceId, { [tagKeys.touched]: reasons.join("; ") });
  const { execution } = turn;
  const release = { ...turn.release, generation };
  await recordEvent({ execution, release }, world, `touched-i-${instanceId.slice(2)}`, { instanceId, reasons });
  await turn.guard();
  await world.fleets.replace(fleet, instanceId);
  return [`${generation}: ${instanceId} is being replaced`];
}

async function decide(
  touched: readonly TouchedInstance[],
  fleet: string,
  targetGroup: string,
  world: ReplacingWorld,
): Promise<Replacement> {
  const [members, group] = await Promise.all([world.fleets.members(fleet), world.targetGroups.find(targetGroup)]);
  if (!members || !group) return { kind: "none" };
  const { healthy } = await world.targetGroups.health(group);
  return nextReplacement(members, new Set(touched.map(({ id }) => id)), healthy);
}
