import { userInfo } from "node:os";
import type { Command } from "commander";
import { pausedUntil, pauseLimitSeconds } from "../../shared/domain/pause.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { requireService } from "./known-service.ts";

interface Options {
  reason?: string;
}

/** `kiln pause`: no deploy of the service moves traffic further until `kiln resume`. What has its share keeps it. */
export function addPause(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("pause")
    .description("let no deploy of a service move traffic further; it goes on baking, launching and watching")
    .argument("<service>")
    .option("--reason <text>", "kept with it");
  examples(command, "kiln pause web", 'kiln pause web --reason "looking at the graphs"');
  const left = "It may be paused: kiln resume <service> ends that.";
  runs<Options>(command, surroundings, left, async (context, [service = ""], { reason = "" }) => {
    const until = await pause(await context.stage(), service, reason);
    const waits =
      until === undefined
        ? `a deploy waits for ${pauseLimitSeconds / 3600} hours from its start, then it is undone`
        : `the deploy that is under way waits until ${until}, then it is undone`;
    return { json: { service, paused: true, ...(until && { until }) }, text: `${service} is paused; ${waits}` };
  });
}

/** `kiln resume`: a paused deploy goes on. Harmless when nothing is paused. */
export function addResume(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("resume")
    .description("let deploys of a paused service move traffic again")
    .argument("<service>");
  examples(command, "kiln resume web");
  runs(command, surroundings, "It may be paused still.", async (context, [service = ""]) => {
    const wasPaused = await resume(await context.stage(), service);
    return { json: { service, wasPaused }, text: wasPaused ? `${service} goes on` : `${service} was not paused` };
  });
}

type Pausing = Pick<Stage, "name" | "ledger">;

/**
 * A pause that is there stays as it was made.
 * @returns ISO time until which the deploy that is under way waits; undefined when there is none.
 */
export async function pause(stage: Pausing, service: string, reason: string): Promise<string | undefined> {
  await requireService(stage, service);
  const paused = { by: userInfo().username, at: new Date().toISOString(), reason };
  const { pending } = await stage.ledger.updateHead(service, (head) => (head.paused ? head : { ...head, paused }));
  if (!pending?.execution.includes(`:kiln-${stage.name}-deploy:`)) return undefined;
  const release = await stage.ledger.release(service, pending.generation);
  return release ? pausedUntil(release) : undefined;
}

/** @returns Whether it was paused. */
export async function resume(stage: Pausing, service: string): Promise<boolean> {
  await requireService(stage, service);
  let wasPaused = false;
  await stage.ledger.updateHead(service, (head) => {
    wasPaused = head.paused != null;
    return wasPaused ? { ...head, paused: null } : head;
  });
  return wasPaused;
}
