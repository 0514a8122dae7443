import type { Command } from "commander";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { untilSignal } from "../embedded/until-signal.ts";
import { costLine } from "../explain/costs.ts";
import { rehearsedText } from "../explain/drill.ts";
import { type ExperimentStatus, experimentLines, readExperiments } from "../explain/experiment-status.ts";
import { readStatus, type ServiceStatus } from "../explain/service-status.ts";
import { wayBackText } from "../explain/way-back.ts";
import { nothingDone } from "../failure.ts";
import { table } from "../table.ts";
import { unknownService } from "./known-service.ts";
import { fleetCells } from "./status-tree.ts";
import { watchStatus } from "./status-watch.ts";

/** Unit: milliseconds of real time between two pictures: each costs some calls, and AWS has quotas on them. */
const watchPauseMs = 1_000;

/** `kiln status`: what serves, what stands by, what is under way. */
export function addStatus(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("status")
    .description("show what serves, what stands by and what is under way")
    .argument("[service]", "left out: every service of the stage")
    .option("--watch", "show it as a tree that follows what happens, until Ctrl-C");
  examples(command, "kiln status", "kiln status web --json", "kiln status --watch");
  runs<{ watch?: boolean }>(command, surroundings, nothingDone, async (context, [only], { watch }) => {
    const stage = await context.stage();
    const services = await stage.ledger.services();
    if (only !== undefined && !services.includes(only)) throw unknownService(only, stage.name, services);
    const wanted = only === undefined ? services : [only];
    if (watch) {
      const { screen, json } = context.output;
      const last = await watchStatus(stage, only, json ? { write() {} } : screen, watchPauseMs, untilSignal());
      return { json: { stage: stage.name, services: last, experiments: await underWay(stage, only) } };
    }
    const [found, experiments] = await Promise.all([
      Promise.all(wanted.map((service) => readStatus(stage, service))),
      underWay(stage, only),
    ]);
    const tried = experiments.length === 0 ? [] : [`experiments\n${experimentLines(experiments).join("\n")}`];
    const text = [statusText(stage.name, found), ...tried].join("\n\n");
    return { json: { stage: stage.name, services: found, experiments }, text };
  });
}

async function underWay(stage: Stage, service: string | undefined): Promise<ExperimentStatus[]> {
  return (await readExperiments(stage, service)).filter(({ state }) => state !== "over");
}

export function statusText(stage: string, services: readonly ServiceStatus[]): string {
  if (services.length === 0) return `stage ${stage} has no service yet: kiln service apply kiln.yaml`;
  return services.map(serviceText).join("\n\n");
}

function serviceText({ service, url, fleets, underWay, cost, wayBack, drill, notes }: ServiceStatus): string {
  const lines = [[service, url].filter(Boolean).join("  ")];
  const rows = fleets.map(fleetCells).map(([role, ...cells]) => [`  ${role}`, ...cells]);
  lines.push(...(rows.length > 0 ? table(rows) : ["  nothing was deployed yet"]));
  if (wayBack) lines.push(`  way back  ${wayBackText(wayBack)}`);
  if (drill) lines.push(`  drill      ${rehearsedText(drill, Date.now())}`);
  if (underWay !== undefined) lines.push(`  under way  ${underWay}`);
  if (cost !== undefined) lines.push(`  costs      ${costLine(cost)}`);
  lines.push(...notes.map((note) => `  ${note}`));
  return lines.join("\n");
}
