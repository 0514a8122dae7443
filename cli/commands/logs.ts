import { setTimeout as delay } from "node:timers/promises";
import { type Command, Option } from "commander";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { untilSignal } from "../embedded/until-signal.ts";
import { CommandFailure, nothingDone, wrongUsage } from "../failure.ts";
import { inOrder, type LogLine, type LogSource, lineText, logSources, NewLines } from "../logs/line.ts";
import type { Output, Result } from "../output.ts";
import { requireSubject } from "./known-experiment.ts";
import { requireRelease, serviceOf } from "./known-release.ts";

interface Options {
  experiment?: string;
  release?: string;
  source?: LogSource;
  follow?: boolean;
}

/** Unit: milliseconds of real time between two looks. CloudWatch Logs allows few searches a second, and one look is eight. */
const followPauseMs = { embedded: 1_000, aws: 5_000 } as const;

/** `kiln logs`: everything that was said about one release. */
export function addLogs(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("logs")
    .description("show what state machine, handlers, probes and instances said about a release")
    .argument("<service>")
    .option("--experiment <name>", "of an experiment of the service instead")
    .option("--release <generation>", "left out: the one under way, else the newest")
    .addOption(new Option("--source <source>", "only this source; left out: all").choices([...logSources]))
    .option("--follow", "go on with what comes, until Ctrl-C");
  examples(
    command,
    "kiln logs web",
    "kiln logs web --release web-000041 --source instances",
    "kiln logs web --follow",
    "kiln logs web --experiment blue",
  );
  runs<Options>(command, surroundings, nothingDone, async (context, [named = ""], options) => {
    const stage = await context.stage();
    const service = await requireSubject(stage, named, options.experiment);
    const wanted = options.source === undefined ? logSources : [options.source];
    const generation = options.release ?? (await newestRelease(stage, service));
    if (serviceOf(generation) !== service) {
      throw wrongUsage(`${generation} is no release of ${service}.`, `See which there are: kiln releases ${service}.`);
    }
    const read = await reader(stage, generation, wanted);
    if (options.follow)
      return follow(read, context.output, followPauseMs[stage.connection.kind], untilSignal(), generation);
    const lines = inOrder(await read());
    return { json: { service, generation, lines }, text: lines.map(lineText).join("\n") };
  });
}

/** @throws {CommandFailure} when the service was never deployed. */
async function newestRelease(stage: Stage, service: string): Promise<string> {
  const [head, generations] = await Promise.all([stage.ledger.head(service), stage.ledger.generations(service)]);
  const newest = head.pending?.generation ?? generations.at(-1);
  if (newest !== undefined) return newest;
  throw new CommandFailure({
    name: "NoReleases",
    what: `Service "${service}" has no release yet.`,
    left: nothingDone,
    fix: `Push an artifact. What was refused before it became a release is in: kiln releases ${service}.`,
  });
}

/** Reads all wanted sources, as often as it is asked. */
async function reader(
  stage: Stage,
  generation: string,
  wanted: readonly LogSource[],
): Promise<() => Promise<LogLine[]>> {
  const release = await requireRelease(stage, generation);
  // Clients for logs and instances are large; only this command needs them.
  const { readSources } = await import("../logs/sources.ts");
  return () => readSources(stage, release, wanted);
}

async function follow(
  read: () => Promise<LogLine[]>,
  output: Output,
  pauseMs: number,
  stopped: Promise<unknown>,
  generation: string,
): Promise<Result> {
  const fresh = new NewLines();
  const all: LogLine[] = [];
  let ended = false;
  const stopping = stopped.then(() => {
    ended = true;
  });
  while (!ended) {
    const lines = fresh.take(inOrder(await read()));
    for (const line of lines) output.data(lineText(line));
    all.push(...lines);
    await Promise.race([delay(pauseMs), stopping]);
  }
  return { json: { service: serviceOf(generation), generation, lines: all } };
}
