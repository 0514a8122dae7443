import type { Fleets } from "./aws/fleets.ts";
import type { Ledger } from "./aws/ledger.ts";
import type { Quarantine } from "./aws/quarantine.ts";
import type { TargetGroups } from "./aws/target-groups.ts";
import { fleetName } from "./domain/names.ts";
import { dueQuarantines, type Quarantined, withoutQuarantined, withQuarantined } from "./domain/quarantine.ts";
import type { Release } from "./domain/release.ts";
import { isNamed } from "./errors.ts";
import { targetGroupOf } from "./fleet-names.ts";
import { recordEvent } from "./history.ts";
import type { BaseWorld } from "./step.ts";
import type { ReleaseRef } from "./step-input.ts";

/** What quarantine works with. */
export interface QuarantineWorld extends BaseWorld {
  ledger: Ledger;
  fleets: Fleets;
  targetGroups: TargetGroups;
  quarantine: Quarantine;
}

interface Request {
  execution: string;
  release: ReleaseRef;
}

/**
 * Keeps one instance of a candidate that failed validation, cut off and outside its fleet, when the spec asks for it.
 *
 * Before: the fleet stands as it failed. After: the head and a tag say until when the instance is kept, it left its group
 * and has the one security group without rules; the rest of the fleet is as it was.
 * Repeatable: the head names the instance before anything happens to it, so whoever goes on finds the same one, and
 * should nobody go on, the sweep ends it in time.
 */
export async function quarantineOne(request: Request, release: Release, world: QuarantineWorld): Promise<void> {
  const wanted = release.spec.validate.quarantine;
  if (!wanted) return;
  const { service, generation } = release;
  const name = fleetName(world.config.stage, generation);
  const fleet = await world.fleets.read(name);
  const refusal = await world.quarantine.refusal(wanted.securityGroup, world.config.stage);
  if (refusal !== undefined) {
    await recordEvent(request, world, "quarantine-refused", { reason: refusal });
    return;
  }
  const one = await choose(request, release, fleet?.instanceIds ?? [], wanted.minutes, world);
  if (!one) return;
  const guard = () => world.ledger.assertLease(request.release, request.execution);
  await guard();
  await world.quarantine.label(one.instanceId, one.until);
  if (fleet?.instanceIds.includes(one.instanceId)) {
    // A group does not go below its minimum, and this one is about to be emptied anyway.
    await world.fleets.resize(name, { min: 0, max: fleet.max });
    try {
      await world.fleets.detach(name, one.instanceId);
    } catch (error) {
      if (!isNamed(error, "ValidationError")) throw error;
      await forget(service, [one.instanceId], world);
      const reason = `${one.instanceId} could not leave its group: ${(error as Error).message}`;
      await recordEvent(request, world, "quarantine-refused", { reason });
      return;
    }
  }
  await guard();
  await world.quarantine.isolate(one.instanceId, wanted.securityGroup);
  await recordEvent(request, world, "quarantined", { instanceId: one.instanceId, until: one.until });
}

/** The instance of an earlier attempt, or else one that is not healthy; written down before anything happens to it. */
async function choose(
  { release: { service, generation } }: Request,
  release: Release,
  instanceIds: readonly string[],
  minutes: number,
  world: QuarantineWorld,
): Promise<Quarantined | undefined> {
  const before = (await world.ledger.head(service)).quarantined?.find((one) => one.generation === generation);
  if (before) return before;
  const group = await world.targetGroups.find(targetGroupOf(world.config.stage, release.generation));
  const unhealthy = group ? await world.targetGroups.unhealthy(group) : [];
  const instanceId = unhealthy.find((id) => instanceIds.includes(id)) ?? instanceIds[0];
  if (instanceId === undefined) return undefined;
  const until = new Date(world.now() + minutes * 60_000).toISOString();
  const one = { instanceId, generation, until };
  await world.ledger.updateHead(service, (head) => ({
    ...head,
    quarantined: withQuarantined(head.quarantined, one),
  }));
  return one;
}

/** Terminates what was kept for a time that is over. */
export async function endQuarantines({ execution, release }: Request, world: QuarantineWorld): Promise<void> {
  const due = dueQuarantines((await world.ledger.head(release.service)).quarantined, world.now());
  if (due.length === 0) return;
  for (const { instanceId } of due) {
    await world.ledger.assertLease(release, execution);
    await world.quarantine.terminate(instanceId);
  }
  await forget(
    release.service,
    due.map(({ instanceId }) => instanceId),
    world,
  );
}

async function forget(service: string, instanceIds: readonly string[], { ledger }: QuarantineWorld): Promise<void> {
  await ledger.updateHead(service, (head) => ({
    ...head,
    quarantined: withoutQuarantined(head.quarantined, instanceIds),
  }));
}
