import { userInfo } from "node:os";
import type { Command } from "commander";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { executionName, followAloud } from "../execution/start.ts";
import { type ExperimentStatus, readExperiment } from "../explain/experiment-status.ts";
import { CommandFailure } from "../failure.ts";
import type { Output } from "../output.ts";
import { experimentNamed, requireExperiment } from "./known-experiment.ts";

/** `kiln experiment stop`: its time is over now, and the sweep that this starts removes everything of it. */
export function addExperimentStop(experiment: Command, surroundings: Surroundings): void {
  const command = experiment
    .command("stop")
    .description("end an experiment now; nothing of it is left but its records")
    .argument("<service>")
    .argument("<name>")
    .option("--no-wait", "do not follow the sweep that removes it");
  examples(command, "kiln experiment stop web blue");
  const left = "Its time is over; what is left of it the sweep removes within the hour.";
  runs<{ wait: boolean }>(command, surroundings, left, async (context, [service = "", name = ""], { wait }) => {
    const stage = await context.stage();
    const status = await requireExperiment(stage, service, name);
    await expire(stage, experimentNamed(service, name), status);
    const stopped = wait && (await swept(stage, experimentNamed(service, name), context.output));
    const text = stopped ? `nothing of ${service} ${name} is left but its records` : `${service} ${name} goes`;
    return { json: { service, experiment: name, stopped }, text };
  });
}

/** From now on its time is over; what deploys it is stopped, for it would hold the experiment's lease. */
async function expire(stage: Stage, name: string, { underWay }: ExperimentStatus): Promise<void> {
  const ended = new Date(Date.now()).toISOString();
  await stage.ledger.updateHead(name, (head) =>
    head.experiment && head.experiment.ended === undefined
      ? { ...head, experiment: { ...head.experiment, ended } }
      : head,
  );
  if (underWay === null || !underWay.includes(`:kiln-${stage.name}-deploy:`)) return;
  if ((await stage.executions.status(underWay)) !== "running") return;
  await stage.runs.stop(underWay, "Kiln.Stopped", `${userInfo().username} stopped the experiment`);
}

/** Sweeps: the first may find another sweep, or the last call of a stopped deploy, in its way. */
const mostSweeps = 4;

/** @throws {CommandFailure} when something of it is left all the same. */
async function swept(stage: Stage, name: string, output: Output): Promise<boolean> {
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    const execution = await stage.runs.start(stage.outputs.SweepMachine, executionName("sweep"), {});
    await followAloud(stage, execution, "sweep", output);
    if ((await readExperiment(stage, name))?.state === "over") return true;
  }
  throw new CommandFailure({
    name: "StillThere",
    what: `Something of ${name} is left after ${mostSweeps} sweeps.`,
    left: "Nothing reaches it any more once kiln experiment list calls it ending; the sweep goes on within the hour.",
    fix: "See what is in its way: npm run kiln -- sweep --dry-run.",
    exitCode: 3,
  });
}
