import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { parameterNames } from "../../shared/aws/parameters.ts";
import { archiveEnding } from "../../shared/domain/archive-format.ts";
import { layerNamePattern, readArtifactKey } from "../../shared/domain/keys.ts";
import { metadataOf, type Source } from "../../shared/domain/provenance.ts";
import { type PreparedArtifact, prepareArtifact } from "../artifact-file.ts";
import { callerArn } from "../aws/caller.ts";
import type { Stage } from "../aws/stage.ts";
import { UnfinishedUploads } from "../aws/unfinished-uploads.ts";
import { type Uploaded, uploadFile } from "../aws/upload.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { mendAndPush, type Outcome, outcomeOf } from "../execution/outcome.ts";
import { followAloud } from "../execution/start.ts";
import { CommandFailure, nothingDone, wrongUsage } from "../failure.ts";
import { gitSource } from "../git-source.ts";
import { cacheDirectory, kilnDirectory } from "../kiln-directory.ts";
import { nodeLayer } from "../node-layer.ts";
import { outcomeText } from "../outcome-text.ts";
import type { Output, Result } from "../output.ts";
import { amount, transferLine } from "../terminal/transfer-line.ts";

interface Options {
  service?: string;
  version?: string;
  layer?: string;
  commit?: string;
  wait: boolean;
}

/** `kiln push`: sends an artifact and follows the deploy that it starts, or sends a layer. */
export function addPush(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("push")
    .description("push an artifact, which deploys it, or a layer")
    .argument(
      "[file]",
      "a .tar.gz, .tgz or .zip, or a directory to pack; left out: Kiln's own layer with Node (--layer node-24)",
    )
    .option("--service <name>", "whose artifact it is; left out: the kiln.yaml beside it says it")
    .option("--version <version>", "left out: the file's name, or the directory's VERSION, says it")
    .option("--layer <name>", "push it as this layer instead")
    .option("--commit <id>", "what it was built from; left out: the commit that is checked out where it lies")
    .option("--no-wait", "do not follow the deploy");
  examples(
    command,
    "kiln push examples/web --version 1.2.0",
    "kiln push build/app-1.2.0.tgz --service web --version 1.2.0",
    "kiln push --layer node-24",
  );
  const left =
    "The artifact may or may not be in the bucket; pushing it again goes on where this ended; what is live serves on.";
  runs<Options>(command, surroundings, left, async (context, [file], options) => {
    if (options.layer !== undefined) return pushLayer(await context.stage(), options.layer, file, context.output);
    if (file === undefined) throw wrongUsage("No file was named.", "Name an archive, or a directory to pack.");
    const artifact = await prepareArtifact(file, options);
    const source = options.commit === undefined ? await gitSource(file) : { commit: options.commit };
    return pushArtifact(await context.stage(), { ...artifact, source }, options.wait, context.output);
  });
}

/** An artifact, and what it was built from. */
type SourcedArtifact = PreparedArtifact & { source: Source | undefined };

async function pushArtifact(stage: Stage, artifact: SourcedArtifact, wait: boolean, output: Output): Promise<Result> {
  await requireSpec(stage, artifact.service);
  const uploaded = await sendArtifact(stage, artifact, output, await sourceMetadata(stage, artifact.source, output));
  const { service, version } = artifact;
  const pushed = { service, version, ...uploaded, commit: artifact.source?.commit ?? null };
  if (!wait) return { json: { ...pushed, end: null }, text: `pushed ${uploaded.key}; its deploy starts by itself` };
  const outcome = await followUpload(stage, artifact, uploaded, output);
  return { json: { ...pushed, ...outcome }, text: outcomeText(`${service} ${version}`, outcome) };
}

/** What an object says of where it comes from, and who pushes it. */
export async function sourceMetadata(
  stage: Stage,
  source: Source | undefined,
  output: Output,
): Promise<Record<string, string>> {
  const pushedBy = await callerArn(stage, output);
  return metadataOf({ ...source, ...(pushedBy !== undefined && { pushedBy }) });
}

/** @throws {CommandFailure} when the service has no spec: the deploy would fail, so nothing is pushed. */
export async function requireSpec(stage: Stage, service: string): Promise<void> {
  if ((await stage.parameters.read(parameterNames.spec(stage.name, service))) !== undefined) return;
  throw new CommandFailure({
    name: "UnknownServiceError",
    what: `No spec of service "${service}" was applied to stage ${stage.name}.`,
    left: "Nothing was pushed.",
    fix: "Apply it first: npm run kiln -- service apply kiln.yaml",
  });
}

/** Sends an artifact with its progress told. @param metadata What the object says of itself. */
export async function sendArtifact(
  stage: Stage,
  { key, file }: PreparedArtifact,
  output: Output,
  metadata?: Record<string, string>,
): Promise<Uploaded> {
  return send(stage, { key, file, ...(metadata && { metadata }) }, output);
}

/** Follows the deploy that an upload starts. */
export async function followUpload(
  stage: Stage,
  { service, version }: PreparedArtifact,
  { key, versionId }: Uploaded,
  output: Output,
): Promise<Outcome> {
  const execution = await executionOfUpload(stage, key, versionId ?? "null");
  const followed = await followAloud(stage, execution, `deploy ${version}`, output);
  return outcomeOf(followed, { what: `Deploy of ${service} ${version}`, fix: mendAndPush });
}

/** Real time from the upload to its execution after which the trigger counts as lost. Unit: milliseconds. */
const triggerPatienceMs = 120_000;

export async function executionOfUpload(stage: Stage, key: string, versionId: string): Promise<string> {
  const giveUpAt = performance.now() + triggerPatienceMs;
  while (performance.now() < giveUpAt) {
    const execution = await stage.runs.startedByUpload(stage.outputs.DeployMachine, key, versionId);
    if (execution !== undefined) return execution;
    await delay(stage.pollMs);
  }
  throw new CommandFailure({
    name: "TriggerLost",
    what: `No execution for ${key} (version ${versionId}) was started within ${triggerPatienceMs / 1000} s.`,
    left: "The artifact is in the bucket; what is live serves on.",
    fix: `Start it by hand: npm run kiln -- ${byHand(key)}`,
  });
}

function byHand(key: string): string {
  const read = readArtifactKey(key);
  if (read.kind === "experiment") return `experiment start ${read.service} ${read.experiment}`;
  return `deploy ${key.split("/")[0]}`;
}

async function pushLayer(stage: Stage, name: string, file: string | undefined, output: Output): Promise<Result> {
  if (!layerNamePattern.test(name))
    throw wrongUsage(`"${name}" is no layer name.`, "Use letters, digits, dots, dashes.");
  const uploaded = await sendLayer(stage, name, file, output);
  return { json: { layer: name, ...uploaded }, text: `layer ${name} is pushed (${uploaded.bytes} bytes)` };
}

/** Sends a layer; without a file, the one with Node that Kiln makes itself. */
export async function sendLayer(
  stage: Stage,
  name: string,
  file: string | undefined,
  output: Output,
): Promise<Uploaded> {
  const source = file ?? (await ownLayer(name, output));
  const ending = archiveEnding.exec(source)?.[0] ?? ".tar.gz";
  const key = `layers/${name}${ending}`;
  if (!existsSync(source)) throw wrongUsage(`There is no file ${source}.`, "Name the layer's archive.");
  if (readArtifactKey(key).kind !== "layer") throw wrongUsage(`${key} is no key of a layer.`, "Choose another name.");
  return send(stage, { key, file: source }, output);
}

async function ownLayer(name: string, output: Output): Promise<string> {
  output.transient(`layer ${name}: packing Node`);
  const layer = await nodeLayer(cacheDirectory());
  if (layer.name === name) return layer.file;
  throw new CommandFailure({
    name: "NoSuchLayer",
    what: `Kiln makes the layer ${layer.name} itself, but not ${name}.`,
    left: nothingDone,
    fix: "Name the layer's archive: kiln push <file> --layer <name>.",
  });
}

async function send(
  stage: Stage,
  sent: { key: string; file: string; metadata?: Record<string, string> },
  output: Output,
): Promise<Uploaded> {
  const { key } = sent;
  const bucket = stage.outputs.ArtifactsBucket;
  const unfinished = new UnfinishedUploads(join(kilnDirectory(), "uploads"));
  const beganMs = performance.now();
  let there = 0;
  const uploaded = await uploadFile(stage.s3, { bucket, ...sent }, unfinished, {
    sent: (bytes, total) => {
      const seconds = (performance.now() - beganMs) / 1000;
      output.transient(transferLine(key, bytes, total, (bytes - there) / seconds));
    },
    resumed: (bytes) => {
      there = bytes;
    },
  });
  const kept = there > 0 ? `, ${amount(there)} of it by an earlier push that was cut off` : "";
  output.progress(`pushed  ${key}  ${amount(uploaded.bytes)}${kept}`);
  return uploaded;
}
