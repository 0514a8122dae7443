import { experimentName, experimentPattern, servicePattern } from "../../shared/domain/names.ts";
import type { Stage } from "../aws/stage.ts";
import { type ExperimentStatus, readExperiment } from "../explain/experiment-status.ts";
import { CommandFailure, nothingDone, wrongUsage } from "../failure.ts";
import { requireService } from "./known-service.ts";

/** The name that stands for an experiment. @throws {CommandFailure} when one of the two is no name. */
export function experimentNamed(service: string, experiment: string): string {
  if (!servicePattern.test(service)) throw wrongUsage(`"${service}" is no service name.`, "See kiln status.");
  if (experimentPattern.test(experiment)) return experimentName({ service, experiment });
  throw wrongUsage(`"${experiment}" is no experiment name.`, "Use 1–20 lower-case letters, digits and dashes.");
}

/** @throws {CommandFailure} when the service has no such experiment that is not over. */
export async function requireExperiment(stage: Stage, service: string, experiment: string): Promise<ExperimentStatus> {
  const found = await readExperiment(stage, experimentNamed(service, experiment));
  if (found && found.state !== "over") return found;
  throw new CommandFailure({
    name: "UnknownExperiment",
    what: `${service} has no experiment "${experiment}" in stage ${stage.name}${found ? ` any more: it was over at ${found.until}` : ""}.`,
    left: nothingDone,
    fix: `See which there are: kiln experiment list ${service}. Start it: kiln experiment start ${service} ${experiment} <file>.`,
  });
}

/**
 * The name that stands for what a command is about: the service, or with an experiment's name that experiment, over or not.
 * @throws {CommandFailure} when the stage has no such thing.
 */
export async function requireSubject(stage: Stage, service: string, experiment: string | undefined): Promise<string> {
  if (experiment === undefined) {
    await requireService(stage, service);
    return service;
  }
  const name = experimentNamed(service, experiment);
  if ((await stage.ledger.head(name)).experiment) return name;
  throw new CommandFailure({
    name: "UnknownExperiment",
    what: `${service} never had an experiment "${experiment}" in stage ${stage.name}.`,
    left: nothingDone,
    fix: `See which there were: kiln experiment list ${service} --all.`,
  });
}

/** A whole number of an option. @throws {CommandFailure} */
export function wholeOption(
  option: string,
  text: string | undefined,
  { least, most }: { least: number; most: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw wrongUsage(`${option} ${text} is out of range.`, `Say a whole number from ${least} to ${most}.`);
}
