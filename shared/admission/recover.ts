import * as z from "zod/mini";
import { decideRecovery } from "../domain/head.ts";
import { ManualInputError } from "../errors.ts";
import { targetGroupOf } from "../fleet-names.ts";
import { acquireLease } from "./lease.ts";
import { servingGeneration } from "./rollback.ts";
import { type Admission, type AdmissionWorld, skipped } from "./world.ts";

const recoverInput = z.object({ service: z.string() });

/**
 * Admits the sweep to one service: takes the lease unless somebody alive holds it, and decides what becomes of a deploy
 * whose execution has ended without settling.
 */
export async function admitRecovery(
  asked: { execution: string; request: unknown },
  world: AdmissionWorld,
): Promise<Admission> {
  const parsed = recoverInput.safeParse(asked.request);
  if (!parsed.success) throw new ManualInputError("The sweep names no service.", "Start the sweep without input.");
  const { service } = parsed.data;
  const lease = await acquireLease(service, asked.execution, world, async (owner) => skipped(`${owner} is at work`));
  if ("status" in lease) return lease;

  const head = await world.ledger.head(service);
  const owner = head.pending?.execution;
  const alive = owner !== undefined && owner !== asked.execution && (await world.executions.status(owner)) !== "ended";
  const ref = { service, generation: head.pending?.generation ?? head.live?.generation ?? "", fence: lease.fence };
  if (alive || !head.pending) {
    // Nothing to undo; the lease still lets the sweep remove what no generation holds.
    return { status: "ready", waitSeconds: 0, reason: "nothing was interrupted", release: ref, path: "drop" };
  }
  const liveGroup =
    head.live && (await world.targetGroups.find(targetGroupOf(world.config.stage, head.live.generation)));
  const liveHealth = liveGroup ? await world.targetGroups.health(liveGroup) : undefined;
  const path = decideRecovery({
    head,
    serving: await servingGeneration(head, world),
    liveHealthy: (liveHealth?.healthy ?? 0) > 0,
  });
  return { status: "ready", waitSeconds: 0, reason: `${path} ${head.pending.generation}`, release: ref, path };
}
