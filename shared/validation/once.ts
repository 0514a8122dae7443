import { scriptFor } from "../domain/command-check.ts";
import { decideOnce, type OnceDecision, type OnceRecord, onceComment } from "../domain/once.ts";
import type { Release } from "../domain/release.ts";
import { recordEvent } from "../history.ts";
import type { Turn, ValidationWorld } from "./world.ts";

/** How a release's `once` command stands: done, not yet, or never to be known to have succeeded. */
export type OnceStanding = Exclude<OnceDecision, { kind: "claim" | "find" }>;

/**
 * One turn of the command that runs once for each release. It is claimed in the ledger before it is sent; whoever comes
 * later finds it by its comment, and never sends another.
 *
 * Before: the release passed everything. After `done`: it ran once and succeeded, and the history says where and how.
 * Repeatable: a claim that stands is only asked about.
 */
export async function runOnce(
  turn: Turn,
  release: Release,
  instanceIds: readonly string[],
  world: ValidationWorld,
): Promise<OnceStanding> {
  const { once } = release.spec.deploy;
  if (!once) return { kind: "done", says: "nothing was to be run" };
  const { service, generation } = release;
  const record = await world.once.read(service, generation);
  const run = record?.commandId === undefined ? undefined : await runOf(record, world);
  const decision = decideOnce(record, run, once.timeoutSeconds, world.now());
  switch (decision.kind) {
    case "claim":
      await claimAndSend(turn, release, instanceIds, world);
      return { kind: "wait" };
    case "find":
      if (record) await adopt(record, service, world);
      return { kind: "wait" };
    case "wait":
      return decision;
    case "done":
    case "failed":
    case "unknown":
      await recordEvent(turn, world, "once-ran", { outcome: decision.kind, says: decision.says, run, record });
      return decision;
  }
}

async function runOf({ commandId = "", instanceId }: OnceRecord, world: ValidationWorld) {
  return (await world.commands.runs(commandId)).find((one) => one.instanceId === instanceId);
}

async function claimAndSend(
  turn: Turn,
  release: Release,
  instanceIds: readonly string[],
  world: ValidationWorld,
): Promise<void> {
  const { service, generation, spec } = release;
  const [instanceId] = await world.commands.reachable(instanceIds);
  if (instanceId === undefined || !spec.deploy.once) return;
  const claimedAt = new Date(world.now()).toISOString();
  const nonce = world.secret();
  const { execution } = turn;
  const claim: OnceRecord = { generation, state: "sending", instanceId, nonce, execution, claimedAt };
  if (!(await world.once.claim(service, claim))) return;
  await world.ledger.assertLease(turn.release, execution);
  const commandId = await world.commands.send({
    instanceIds: [instanceId],
    script: scriptFor(release, world.config.stage, spec.deploy.once.run),
    timeoutSeconds: spec.deploy.once.timeoutSeconds,
    comment: onceComment(claim),
  });
  const became = commandId === undefined ? { state: "refused" as const } : { state: "sent" as const, commandId };
  await world.once.close(service, { ...claim, ...became });
}

/** Whoever claimed it may have sent it and died before it could write that down. */
async function adopt(record: OnceRecord, service: string, world: ValidationWorld): Promise<void> {
  const commandId = await world.commands.find(record.instanceId, onceComment(record));
  if (commandId !== undefined) await world.once.close(service, { ...record, state: "sent", commandId });
}
