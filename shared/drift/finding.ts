import type { Fleets } from "../aws/fleets.ts";
import type { Instances } from "../aws/instances.ts";
import type { Ledger } from "../aws/ledger.ts";
import type { SentCommands } from "../aws/sent-commands.ts";
import type { TargetGroups } from "../aws/target-groups.ts";
import { groupDifferences, type SeenInstance, type SentCommand, touchesOf } from "../domain/drift.ts";
import type { Head } from "../domain/head.ts";
import { fleetName, tagKeys, templateName } from "../domain/names.ts";
import type { Release } from "../domain/release.ts";
import { targetGroupOf } from "../fleet-names.ts";

/** What it takes to find out that somebody touched a fleet; it only reads. */
export interface FindingWorld {
  config: { stage: string };
  ledger: Ledger;
  instances: Instances;
  sentCommands: SentCommands;
  fleets: Fleets;
  targetGroups: TargetGroups;
}

/** What is running, and what was sent to it: read once for all services. */
export interface Sightings {
  instances: SeenInstance[];
  commands: SentCommand[];
}

export async function lookAround(
  { config, instances, sentCommands }: FindingWorld,
  service?: string,
): Promise<Sightings> {
  const tags = { [tagKeys.stage]: config.stage, ...(service !== undefined && { [tagKeys.service]: service }) };
  const running = await instances.describe(tags);
  // Nothing that runs, nothing that a command could have reached.
  return { instances: running, commands: running.length === 0 ? [] : await sentCommands.list() };
}

/** An instance that was touched, and how. */
export interface TouchedInstance {
  id: string;
  generation: string;
  reasons: string[];
  /** Its spec wants it replaced, not only told. */
  replaced: boolean;
}

/** The touched instances of a service that serve or stand by. Those of candidates go with their deploy. */
export async function findTouched(
  head: Head,
  { instances, commands }: Sightings,
  { ledger }: Pick<FindingWorld, "ledger">,
): Promise<TouchedInstance[]> {
  const held = [head.live?.generation, head.standby?.generation];
  const own = instances.filter(({ service, generation }) => service === head.service && held.includes(generation));
  if (own.length === 0) return [];
  const told = await ledger.touches(head.service, new Set(own.map(({ id }) => id)));
  const found = await Promise.all(
    own.map(async (seen) => {
      const release = await ledger.release(head.service, seen.generation);
      const reasons = release ? touchesOf(seen, release, commands, told) : [];
      return { id: seen.id, generation: seen.generation, reasons, replaced: release?.spec.touched !== "report" };
    }),
  );
  return found.filter(({ reasons }) => reasons.length > 0);
}

/** What somebody else changed about the live fleet's group; it is told and left. */
export async function findGroupDifferences(head: Head, world: FindingWorld): Promise<string[]> {
  const release = head.live && (await world.ledger.release(head.service, head.live.generation));
  return release ? differencesOf(release, world) : [];
}

async function differencesOf({ service, generation, spec }: Release, world: FindingWorld): Promise<string[]> {
  const { stage } = world.config;
  const [facts, targetGroupArn] = await Promise.all([
    world.fleets.facts(fleetName(stage, generation)),
    world.targetGroups.find(targetGroupOf(stage, generation)),
  ]);
  if (!facts) return [`the fleet of ${generation} is gone, and the ledger calls it live`];
  const wanted = {
    max: spec.capacity.max,
    templateName: templateName(stage, service),
    targetGroupArn,
    maxAgeSeconds: (spec.maxInstanceAgeDays ?? 0) * 86_400,
  };
  return groupDifferences(generation, facts, wanted);
}
