import type { Command } from "commander";
import { examples, runs, type Surroundings } from "../command.ts";
import { experimentLines, readExperiments } from "../explain/experiment-status.ts";
import { nothingDone } from "../failure.ts";

/** `kiln experiment list`: what is being tried beside production, how it is reached, and until when. */
export function addExperimentList(experiment: Command, surroundings: Surroundings): void {
  const command = experiment
    .command("list")
    .description("show what is being tried, what reaches it, and until when it stays")
    .argument("[service]", "left out: every service of the stage")
    .option("--all", "those that are over too");
  examples(command, "kiln experiment list", "kiln experiment list web --all --json");
  runs<{ all?: boolean }>(command, surroundings, nothingDone, async (context, [service], { all }) => {
    const stage = await context.stage();
    const found = await readExperiments(stage, service);
    const experiments = all ? found : found.filter(({ state }) => state !== "over");
    const text = experiments.length > 0 ? experimentLines(experiments).join("\n") : "no experiment is under way";
    return { json: { stage: stage.name, experiments }, text };
  });
}
