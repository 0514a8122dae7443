import type { Fleet } from "../aws/fleets.ts";
import type { FleetHealth } from "../domain/health.ts";
import { fleetName } from "../domain/names.ts";
import type { Release } from "../domain/release.ts";
import { targetGroupOf } from "../fleet-names.ts";
import type { ValidationWorld } from "./world.ts";

/** What a fleet looks like at this instant. */
export interface Look {
  group: string | undefined;
  fleet: Fleet | undefined;
  health: FleetHealth;
  needed: number;
  instanceIds: string[];
}

/** @param knownGroup ARN of the target group, when an earlier turn found it. */
export async function lookAt(release: Release, knownGroup: unknown, world: ValidationWorld): Promise<Look> {
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
