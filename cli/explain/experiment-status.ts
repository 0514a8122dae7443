import { fleetCostPerDay, imageCostPerDay } from "../../shared/domain/cost/cost.ts";
import { type Experiment, isOver } from "../../shared/domain/experiment.ts";
import type { Head } from "../../shared/domain/head.ts";
import { experimentOf, fleetName } from "../../shared/domain/names.ts";
import type { Release } from "../../shared/domain/release.ts";
import { experimentHeader } from "../../shared/domain/rules.ts";
import { targetGroupOf } from "../../shared/fleet-names.ts";
import type { Stage } from "../aws/stage.ts";
import { table } from "../table.ts";

/** One experiment as it is now. */
export interface ExperimentStatus {
  service: string;
  experiment: string;
  /** `over`: nothing of it is left but its records. */
  state: "starting" | "serving" | "ending" | "over";
  generation: string | null;
  version: string | null;
  /** ISO time. */
  until: string;
  /** What reaches it: one of the two. */
  host: string | null;
  header: string | null;
  url: string | null;
  healthy: number;
  wanted: number;
  /** What its fleet and its image cost by Kiln's table of list prices; null when that is not known. */
  dollarsPerDay: number | null;
  /** Execution that works on it. */
  underWay: string | null;
}

/** @returns Undefined when nothing was ever agreed under that name. */
export async function readExperiment(stage: Stage, name: string): Promise<ExperimentStatus | undefined> {
  const id = experimentOf(name);
  const head = await stage.ledger.head(name);
  const { experiment, live, pending } = head;
  if (!id || !experiment) return undefined;
  const generation = live?.generation ?? pending?.generation ?? null;
  const release = generation === null ? undefined : await stage.ledger.release(name, generation);
  const group = generation === null ? undefined : await stage.targetGroups.find(targetGroupOf(stage.name, generation));
  const health = group === undefined ? undefined : await stage.targetGroups.health(group);
  const fleet = generation === null ? undefined : await stage.fleets.read(fleetName(stage.name, generation));
  const { host = null } = experiment;
  return {
    ...id,
    state: stateOf(head, experiment),
    generation,
    version: release?.version ?? null,
    until: experiment.until,
    host,
    header: host === null ? `${experimentHeader}: ${id.experiment}` : null,
    url: release?.network.origin ?? null,
    healthy: health?.healthy ?? 0,
    wanted: fleet?.desired ?? 0,
    dollarsPerDay: dollarsOf(release, fleet?.desired ?? 0),
    underWay: pending?.execution ?? null,
  };
}

/** The experiments of a stage, or of one service, in the order of their names. */
export async function readExperiments(stage: Stage, service?: string): Promise<ExperimentStatus[]> {
  const names = await stage.ledger.experiments();
  const wanted = names.filter((name) => service === undefined || experimentOf(name)?.service === service).sort();
  const found = await Promise.all(wanted.map((name) => readExperiment(stage, name)));
  return found.filter((one) => one !== undefined);
}

function dollarsOf(release: Release | undefined, instances: number): number | null {
  if (!release) return null;
  const [fleet, image] = [fleetCostPerDay(release, instances), imageCostPerDay(release)];
  return "dollars" in fleet && "dollars" in image ? fleet.dollars + image.dollars : null;
}

function stateOf({ live, known, pending }: Head, experiment: Experiment): ExperimentStatus["state"] {
  const hasNothing = live === null && pending === null && known.length === 0;
  if (experiment.ended !== undefined) return hasNothing ? "over" : "ending";
  if (live) return isOver(experiment, Date.now()) ? "ending" : "serving";
  return hasNothing ? "over" : "starting";
}

/** A line for each: what it is, what reaches it, until when. */
export function experimentLines(experiments: readonly ExperimentStatus[]): string[] {
  return table(
    experiments.map(
      ({ service, experiment, state, generation, healthy, wanted, host, header, until, dollarsPerDay }) => [
        `${service} ${experiment}`,
        state,
        generation ?? "",
        state === "over" ? "" : `${healthy} healthy of ${wanted}`,
        state === "over" ? "" : (header ?? `host ${host}`),
        `until ${until}`,
        dollarsPerDay === null || state === "over" ? "" : `$${dollarsPerDay.toFixed(2)} a day`,
      ],
    ),
  );
}
