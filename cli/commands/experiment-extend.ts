import type { Command } from "commander";
import { experimentLimits } from "../../shared/domain/experiment.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { wrongUsage } from "../failure.ts";
import { experimentNamed, requireExperiment, wholeOption } from "./known-experiment.ts";

/** `kiln experiment extend`: it may stay so many hours longer. */
export function addExperimentExtend(experiment: Command, surroundings: Surroundings): void {
  const { least, most } = experimentLimits.hours;
  const command = experiment
    .command("extend")
    .description("let an experiment stay longer")
    .argument("<service>")
    .argument("<name>")
    .requiredOption("--hours <hours>", `so many more, ${least}–${most}`);
  examples(command, "kiln experiment extend web blue --hours 48");
  const left = "It stays as long as kiln experiment list says.";
  runs<{ hours: string }>(command, surroundings, left, async (context, [service = "", name = ""], options) => {
    const hours = wholeOption("--hours", options.hours, experimentLimits.hours) ?? experimentLimits.hours.usual;
    const stage = await context.stage();
    await requireExperiment(stage, service, name);
    const until = await extend(stage, experimentNamed(service, name), hours);
    if (until === undefined) throw wrongUsage(`${name} is being removed already.`, "Start it again.");
    return { json: { service, experiment: name, until }, text: `${service} ${name} may stay until ${until}` };
  });
}

/**
 * Puts off the end of an experiment. Counted from the end that was agreed, because the stage's clock may not be this
 * computer's. @returns Undefined when its removal has begun.
 */
async function extend(stage: Pick<Stage, "ledger">, name: string, hours: number): Promise<string | undefined> {
  const { experiment } = await stage.ledger.updateHead(name, (head) => {
    if (!head.experiment || head.experiment.ended !== undefined) return head;
    const until = new Date(Date.parse(head.experiment.until) + hours * 3_600_000).toISOString();
    return { ...head, experiment: { ...head.experiment, until } };
  });
  return experiment?.ended === undefined ? experiment?.until : undefined;
}
