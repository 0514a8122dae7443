import type { Command } from "commander";
import { experimentLimits } from "../../shared/domain/experiment.ts";
import { metadataOfTerms, type Terms, termsSchema } from "../../shared/domain/experiment-terms.ts";
import { experimentName } from "../../shared/domain/names.ts";
import { inOneLine, problemsOf } from "../../shared/domain/problems.ts";
import { prepareArtifact } from "../artifact-file.ts";
import { callerArn } from "../aws/caller.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { mendAndPush, outcomeOf } from "../execution/outcome.ts";
import { executionName, followAloud } from "../execution/start.ts";
import { experimentLines, readExperiment } from "../explain/experiment-status.ts";
import { wrongUsage } from "../failure.ts";
import { gitSource } from "../git-source.ts";
import { outcomeText } from "../outcome-text.ts";
import type { Output } from "../output.ts";
import { experimentNamed, wholeOption } from "./known-experiment.ts";
import { executionOfUpload, requireSpec, sendArtifact, sourceMetadata } from "./push.ts";

interface Options {
  version?: string;
  size?: string;
  hours?: string;
  host?: string;
  wait: boolean;
}

/** `kiln experiment start`: a fleet of its own beside production, from a file or from a version that was pushed before. */
export function addExperimentStart(experiment: Command, surroundings: Surroundings): void {
  const { size, hours } = experimentLimits;
  const command = experiment
    .command("start")
    .description("start an experiment, or replace what runs in it; production is not touched")
    .argument("<service>", "whose spec it has, but for its size and its route")
    .argument("<name>", "what it is called, and the value of its header")
    .argument("[file]", "an archive or a directory to pack; left out: what was pushed for it before, or --version")
    .option("--version <version>", "run a version of the service that was pushed before")
    .option(
      "--size <servers>",
      `${size.least}–${size.most}; left out: as it was, or as the spec says, or ${size.usual}`,
    )
    .option("--hours <hours>", `${hours.least}–${hours.most}; left out: as the spec says, or ${hours.usual}`)
    .option("--host <name>", "a host name that reaches it; left out: the header x-kiln-experiment: <name> does")
    .option("--no-wait", "do not follow it");
  examples(
    command,
    "kiln experiment start web blue build/app.tgz",
    "kiln experiment start web blue --version 1.4.2 --hours 4",
    "kiln experiment start web blue examples/web --size 2 --host blue.example.com",
  );
  const left = "Production is as it was; the experiment may have been started: kiln experiment list.";
  runs<Options>(command, surroundings, left, async (context, [service = "", name = "", file], options) => {
    const asked = { service, experiment: name };
    const terms = termsOf(options);
    if (file !== undefined && options.version !== undefined) {
      throw wrongUsage("A file and --version were both named.", "Name one of them.");
    }
    experimentNamed(service, name);
    const stage = await context.stage();
    await requireSpec(stage, service);
    const { execution, key } =
      file === undefined
        ? await startByHand(stage, asked, { version: options.version, ...terms }, context.output)
        : await startByUpload(stage, asked, file, terms, options.wait, context.output);
    if (!options.wait) return { json: { ...asked, key, execution, end: null }, text: execution ?? `pushed ${key}` };
    const followed = await followAloud(stage, execution ?? "", `experiment ${name}`, context.output);
    const outcome = outcomeOf(followed, { what: `Experiment ${name} of ${service}`, fix: mendAndPush });
    const status = await readExperiment(stage, experimentName(asked));
    const lines = status ? experimentLines([status]) : [];
    const text = [outcomeText(`experiment ${service} ${name}`, outcome), ...lines].join("\n");
    return { json: { ...asked, key, ...outcome, status }, text };
  });
}

/** @throws {CommandFailure} */
function termsOf({ size, hours, host }: Options): Terms {
  const terms = {
    size: wholeOption("--size", size, experimentLimits.size),
    hours: wholeOption("--hours", hours, experimentLimits.hours),
    host,
  };
  const said = Object.fromEntries(Object.entries(terms).filter(([, value]) => value !== undefined));
  const parsed = termsSchema.safeParse(said);
  if (parsed.success) return parsed.data;
  throw wrongUsage(`${inOneLine(problemsOf(parsed.error))}.`, "See kiln experiment start --help.");
}

interface Asked {
  service: string;
  experiment: string;
}

interface Started {
  execution: string | null;
  key: string | null;
}

async function startByHand(
  stage: Stage,
  { service, experiment }: Asked,
  { version, ...terms }: Terms & { version: string | undefined },
  output: Output,
): Promise<Started> {
  const by = await callerArn(stage, output);
  const input = {
    service,
    experiment: { name: experiment, ...(version !== undefined && { version }), ...terms },
    ...(by !== undefined && { by }),
  };
  const execution = await stage.runs.start(
    stage.outputs.DeployMachine,
    executionName(`${service}-${experiment}`),
    input,
  );
  return { execution, key: null };
}

/** The upload starts it by itself; size, time and host go with the object. */
async function startByUpload(
  stage: Stage,
  { service, experiment }: Asked,
  file: string,
  terms: Terms,
  wait: boolean,
  output: Output,
): Promise<Started> {
  const artifact = await prepareArtifact(file, { service, version: experiment });
  const key = artifact.key.replace(`${service}/`, `${service}/experiments/`);
  const metadata = { ...(await sourceMetadata(stage, await gitSource(file), output)), ...metadataOfTerms(terms) };
  const { versionId } = await sendArtifact(stage, { ...artifact, key }, output, metadata);
  return { execution: wait ? await executionOfUpload(stage, key, versionId ?? "null") : null, key };
}
