import { userInfo } from "node:os";
import type { Command } from "commander";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { requireService } from "./known-service.ts";

interface Options {
  reason?: string;
}

/**
 * `kiln abort`: stops the deploy of a service that is under way, or a drill, at any moment; the sweep that every stop starts
 * gives traffic back to live and removes the candidate. A rollback is not stopped: it is somebody's way out.
 */
export function addAbort(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("abort")
    .description("stop a deploy or a drill that is under way; traffic goes back to what is live")
    .argument("<service>")
    .option("--reason <text>", "kept with the stopped execution");
  examples(command, "kiln abort web", 'kiln abort web --reason "wrong branch"');
  const left = "The deploy may be stopped; the sweep goes on with it.";
  runs<Options>(command, surroundings, left, async (context, [service = ""], { reason = "no reason given" }) => {
    const stage = await context.stage();
    await requireService(stage, service);
    const generation = (await stopDeploy(stage, service, reason)) ?? (await stopDrill(stage, service, reason));
    if (generation === undefined)
      return { json: { service, aborted: null }, text: `${service} has no deploy or drill under way` };
    return {
      json: { service, aborted: generation },
      text: `${generation} is stopped; within about a minute live has all traffic, and the candidate of a deploy goes: kiln status ${service}`,
    };
  });
}

type Stopping = Pick<Stage, "name" | "ledger"> & {
  runs: Pick<Stage["runs"], "stop">;
  executions: Pick<Stage["executions"], "status">;
};

/** @returns The generation whose deploy was stopped; undefined when no deploy of this service or experiment runs. */
export async function stopDeploy(stage: Stopping, name: string, reason: string): Promise<string | undefined> {
  const { pending } = await stage.ledger.head(name);
  if (!pending?.execution.includes(`:kiln-${stage.name}-deploy:`)) return undefined;
  if ((await stage.executions.status(pending.execution)) !== "running") return undefined;
  await stage.runs.stop(pending.execution, "Kiln.Aborted", `${userInfo().username}: ${reason}`);
  return pending.generation;
}

/** @returns The standby whose drill was stopped; undefined when none runs. */
export async function stopDrill(stage: Stopping, service: string, reason: string): Promise<string | undefined> {
  const { drill } = await stage.ledger.head(service);
  if (!drill || (await stage.executions.status(drill.execution)) !== "running") return undefined;
  await stage.runs.stop(drill.execution, "Kiln.Aborted", `${userInfo().username}: ${reason}`);
  return drill.generation;
}
