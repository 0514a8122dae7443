import { mostInstances } from "../aws/commands.ts";
import { hasEnded, judgeRuns, scriptFor } from "../domain/command-check.ts";
import type { Release } from "../domain/release.ts";
import type { CheckReport } from "../domain/verdict.ts";
import type { Turn, ValidationWorld } from "./world.ts";

/** A command that was sent: what is asked about in later turns. */
export interface SentCommand {
  commandId: string;
  instanceIds: string[];
}

type SpecCommand = NonNullable<Release["spec"]["validate"]["commands"]>[number];

/** How the spec's commands stand. */
export interface CommandsLook {
  reports: CheckReport[];
  /** Some have not ended, or their agents are awaited. */
  isOpen: boolean;
  /** By the commands' names, for the memo. */
  sent: Record<string, SentCommand>;
}

/**
 * One look at the commands that check a candidate from inside: each is sent once its agents answer, and asked about until
 * it has ended. A turn whose answer was lost sends them again.
 */
export async function lookAtCommands(
  turn: Turn,
  release: Release,
  instanceIds: readonly string[],
  world: ValidationWorld,
): Promise<CommandsLook> {
  const { commands = [] } = release.spec.validate;
  const before = (turn.memo["commands"] ?? {}) as Record<string, SentCommand>;
  const looks = await Promise.all(
    commands.map((one) => lookAtOne(turn, release, one, before[one.name], instanceIds, world)),
  );
  return {
    reports: looks.map(({ report }) => report),
    isOpen: looks.some(({ isOpen }) => isOpen),
    sent: Object.fromEntries(looks.flatMap(({ name, sent }) => (sent ? [[name, sent]] : []))),
  };
}

async function lookAtOne(
  turn: Turn,
  release: Release,
  { name, run, timeoutSeconds, on }: SpecCommand,
  before: SentCommand | undefined,
  instanceIds: readonly string[],
  world: ValidationWorld,
) {
  if (before) {
    const runs = await world.commands.runs(before.commandId);
    const isOpen = runs.length < before.instanceIds.length || !runs.every(hasEnded);
    return { name, report: judgeRuns(name, before.instanceIds, runs), isOpen, sent: before };
  }
  const wanted = on === "one" ? 1 : Math.min(instanceIds.length, mostInstances);
  const reachable = await world.commands.reachable(instanceIds);
  const silent = (reason: string) => {
    const report: CheckReport = { check: `command ${name}`, verdict: "inconclusive", reason };
    return { name, report, isOpen: true, sent: undefined };
  };
  if (reachable.length < wanted) return silent(`the SSM Agent answers on ${reachable.length} of ${wanted} instances`);
  const asked = reachable.slice(0, wanted);
  await world.ledger.assertLease(turn.release, turn.execution);
  const commandId = await world.commands.send({
    instanceIds: asked,
    script: scriptFor(release, world.config.stage, run),
    timeoutSeconds,
    comment: `kiln check ${name} ${release.generation}`,
  });
  if (commandId === undefined) return silent("Systems Manager took no command");
  return { ...silent("it was sent"), sent: { commandId, instanceIds: asked } };
}
