import * as z from "zod/mini";
import { ending, isToEnd } from "../domain/experiment.ts";
import { adopted, decideRecovery, generationZero, type Head, isGenerationZero, takenUp } from "../domain/head.ts";
import { experimentOf } from "../domain/names.ts";
import { ManualInputError } from "../errors.ts";
import { targetGroupOf } from "../fleet-names.ts";
import { acquireLease } from "./lease.ts";
import { releaseOfRule, servingGeneration } from "./rollback.ts";
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

  const ended = experimentOf(service) && (await endExperiment(service, world));
  if (ended) {
    // Its rule is taken away like that of a service that goes back to generation 0; then nothing holds its fleets.
    const release = { service, generation: generationZero(service), fence: lease.fence };
    return { status: "ready", waitSeconds: 0, reason: "the experiment's time is over", release, path: "finish" };
  }
  const before = await world.ledger.head(service);
  if (before.drill) {
    const release = { service, generation: before.drill.generation, fence: lease.fence };
    return { status: "ready", waitSeconds: 0, reason: "a drill was interrupted", release, path: "end-drill" };
  }
  const head = await takeUpOrphan(before, asked.execution, world);
  const ref = { service, generation: head.live?.generation ?? "", fence: lease.fence };
  const { pending } = head;
  const isInterrupted =
    pending !== null &&
    (pending.execution === asked.execution || (await world.executions.status(pending.execution)) === "ended");
  if (!pending || !isInterrupted) {
    // Nothing to undo; the lease still lets the sweep remove what no generation holds.
    return { status: "ready", waitSeconds: 0, reason: "nothing was interrupted", release: ref, path: "drop" };
  }
  // From here on the interrupted work is the sweep's own; should the sweep die too, the next one finds it the same way.
  await world.ledger.updateHead(service, (present) => adopted(present, pending.execution, asked.execution));
  const liveGroup =
    head.live && (await world.targetGroups.find(targetGroupOf(world.config.stage, head.live.generation)));
  const liveHealth = liveGroup ? await world.targetGroups.health(liveGroup) : undefined;
  const path = decideRecovery({
    head,
    serving: (await isWithdrawn(head, world)) ? pending.generation : await servingGeneration(head, world),
    liveHealthy: (liveHealth?.healthy ?? 0) > 0,
  });
  return {
    status: "ready",
    waitSeconds: 0,
    reason: `${path} ${pending.generation}`,
    release: { ...ref, generation: pending.generation },
    path,
  };
}

/** Writes down that an experiment is being removed, so that nobody begins anything with its image; says whether it is. */
async function endExperiment(name: string, world: AdmissionWorld): Promise<boolean> {
  const head = await world.ledger.updateHead(name, (present) => ending(present, world.now()));
  return head.experiment?.ended !== undefined && isToEnd(head, world.now());
}

/** Whether a rollback to generation 0 has taken Kiln's rule away already. */
async function isWithdrawn(head: Head, world: AdmissionWorld): Promise<boolean> {
  if (!head.pending || !isGenerationZero(head.service, head.pending.generation)) return false;
  const release = await releaseOfRule(head, world);
  if (!release) return true;
  return (await world.traffic.production(release.network.listenerArn, head.service)) === undefined;
}

/**
 * The head, in which a release that serves without being live is pending again: a deploy that moved traffic and died may
 * have been followed by another one, which took its place in the head and failed in its turn.
 */
async function takeUpOrphan(head: Head, execution: string, world: AdmissionWorld): Promise<Head> {
  const serving = head.pending ? undefined : await servingGeneration(head, world);
  if (serving === undefined || serving === head.live?.generation) return head;
  return world.ledger.updateHead(head.service, (present) => takenUp(present, serving, execution));
}
