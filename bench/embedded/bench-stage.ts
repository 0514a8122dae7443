import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { prepareArtifact } from "../../cli/artifact-file.ts";
import { sendArtifact, sendLayer } from "../../cli/commands/push.ts";
import { applySpec } from "../../cli/commands/service-apply.ts";
import { type EmbeddedStage, startEmbeddedStage } from "../../cli/embedded/embedded-stage.ts";
import { requireLinux } from "../../cli/embedded/platform.ts";
import { type Followed, follow } from "../../cli/execution/follow.ts";
import { projectDirectory } from "../../cli/kiln-directory.ts";
import { nodeLayer } from "../../cli/node-layer.ts";
import { type Output, outputTo } from "../../cli/output.ts";
import { readSpecFile } from "../../cli/spec-file.ts";
import { removeMachines } from "../../local/cloud.ts";
import type { ServiceSpec } from "../../shared/domain/service-spec.ts";
import { closedAtSignal } from "../closed-at-signal.ts";

/** An embedded cloud in this process with Kiln and the example service in it, nothing deployed yet. */
export interface BenchStage {
  embedded: EmbeddedStage;
  /** The example's spec, which is in force. */
  spec: ServiceSpec;
  output: Output;
  /** Uploads a version of the example and finds the deploy that it starts. */
  push(version: string): Promise<Pushed>;
  /** The same, followed to its end. */
  deploy(version: string): Promise<Followed>;
  /** Follows an execution to its end. @throws {Error} when it does not end well. */
  ended(execution: string): Promise<Followed>;
  close(): Promise<void>;
}

/** A push that has started a deploy. */
export interface Pushed {
  execution: string;
  /** Modelled time at which the upload was answered. Unit: milliseconds since the Unix epoch. */
  uploadedMs: number;
}

const example = join(projectDirectory, "examples", "web");

/** Real time from an upload to its execution. Unit: milliseconds. */
const triggerPatienceMs = 120_000;

/** Opens a stage in a directory of its own that goes with it. @param timeFactor Until the caller sets another. */
export async function openBenchStage(timeFactor: number, progress: (line: string) => void): Promise<BenchStage> {
  requireLinux();
  const directory = await mkdtemp(join(tmpdir(), "kiln-bench-"));
  const homeBefore = process.env["KILN_HOME"];
  process.env["KILN_HOME"] = directory;
  const leave = async () => {
    if (homeBefore === undefined) delete process.env["KILN_HOME"];
    else process.env["KILN_HOME"] = homeBefore;
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const stateDirectory = join(directory, "state");
    const options = { stage: "dev", port: 4900, stateDirectory, timeFactor, progress, log: () => {} };
    const embedded = await startEmbeddedStage(options);
    const close = closedAtSignal(async () => {
      await embedded.stop();
      removeMachines(stateDirectory);
      await leave();
    });
    try {
      return await withExample(embedded, close, progress);
    } catch (error) {
      await close();
      throw error;
    }
  } catch (error) {
    await leave();
    throw error;
  }
}

async function withExample(
  embedded: EmbeddedStage,
  close: () => Promise<void>,
  progress: (line: string) => void,
): Promise<BenchStage> {
  const { stage } = embedded;
  const output = outputTo({ stdout: { write() {} }, stderr: { write() {} } }, false);
  const read = await readSpecFile(join(example, "kiln.yaml"));
  const spec: ServiceSpec =
    process.arch === "arm64" ? { ...read, architecture: "arm64", instanceType: "t4g.small" } : read;
  // From the cache of the checkout: packing Node takes seconds.
  const node = await nodeLayer(join(projectDirectory, ".kiln", "cache"));
  await Promise.all([applySpec(stage, spec, output), sendLayer(stage, node.name, node.file, output)]);
  progress("the example's spec is in force, its base and layer are ready");

  const ended = async (execution: string) => {
    const followed = await follow(stage.runs, execution, { pollMs: stage.pollMs, entered: () => {} });
    const { status, state, error, cause } = followed.ending;
    if (status === "SUCCEEDED" && state !== "Skipped") return followed;
    throw new Error(`${execution} ended ${status} in ${state}: ${error ?? ""} ${cause ?? ""}`);
  };
  const push = async (version: string) => {
    const artifact = await prepareArtifact(example, { service: spec.service, version });
    const { key, versionId = "null" } = await sendArtifact(stage, artifact, output);
    const uploadedMs = embedded.cloud.clock.now();
    return { execution: await started(embedded, key, versionId), uploadedMs };
  };
  const deploy = async (version: string) => ended((await push(version)).execution);
  return { embedded, spec, output, push, deploy, ended, close };
}

async function started({ stage }: EmbeddedStage, key: string, versionId: string): Promise<string> {
  const giveUpAt = performance.now() + triggerPatienceMs;
  while (performance.now() < giveUpAt) {
    const execution = await stage.runs.startedByUpload(stage.outputs.DeployMachine, key, versionId);
    if (execution !== undefined) return execution;
    await delay(stage.pollMs);
  }
  throw new Error(`no execution for ${key} was started within ${triggerPatienceMs / 1000} s`);
}
