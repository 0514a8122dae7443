import type { Command } from "commander";
import { callerArn } from "../aws/caller.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { mendAndPush, outcomeOf } from "../execution/outcome.ts";
import { executionName, followAloud } from "../execution/start.ts";
import { outcomeText } from "../outcome-text.ts";
import { requireExperiment } from "./known-experiment.ts";

interface Options {
  reason?: string;
  override?: string;
  wait: boolean;
}

/** `kiln experiment promote`: the service runs what the experiment runs, from the same image, validated and cut over as ever. */
export function addExperimentPromote(experiment: Command, surroundings: Surroundings): void {
  const command = experiment
    .command("promote")
    .description(
      "deploy the image of an experiment to production, without a bake; the experiment stays until its time is over",
    )
    .argument("<service>")
    .argument("<name>")
    .option("--reason <text>", "written into the history")
    .option("--override <why>", "in spite of a freeze or outside its windows; the reason is written into the release")
    .option("--no-wait", "do not follow it");
  examples(command, "kiln experiment promote web blue");
  const left = "What is live serves on; a deploy may have been started.";
  runs<Options>(command, surroundings, left, async (context, [service = "", name = ""], options) => {
    const { reason, override, wait } = options;
    const stage = await context.stage();
    await requireExperiment(stage, service, name);
    const by = await callerArn(stage, context.output);
    const input = {
      service,
      promote: name,
      ...(reason !== undefined && { reason }),
      ...(override !== undefined && { override }),
      ...(by !== undefined && { by }),
    };
    const execution = await stage.runs.start(stage.outputs.DeployMachine, executionName(service), input);
    const asked = { service, experiment: name };
    if (!wait) return { json: { ...asked, execution, end: null }, text: execution };
    const followed = await followAloud(stage, execution, `promote ${name}`, context.output);
    const outcome = outcomeOf(followed, { what: `Promotion of ${name} to ${service}`, fix: mendAndPush });
    return { json: { ...asked, ...outcome }, text: outcomeText(`${service} ${name}`, outcome) };
  });
}
