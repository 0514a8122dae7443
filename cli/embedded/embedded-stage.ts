import { type RunningCloud, startCloud } from "../../local/cloud.ts";
import { deployPackage } from "../../local/cloudformation/deploy-package.ts";
import { LoadBalancingService } from "../../local/load-balancing/service.ts";
import { connectTo, embeddedRegion } from "../aws/connection.ts";
import { type Entrance, ensureEntrance } from "../aws/entrance.ts";
import { stackName } from "../aws/stack-outputs.ts";
import { openStage, type Stage } from "../aws/stage.ts";
import { CommandFailure, nothingDone } from "../failure.ts";
import { findCloud, removeCloudNote, writeCloudNote } from "./cloud-file.ts";
import { freePort } from "./free-port.ts";
import { ensurePackage } from "./packaging.ts";
import { platformLimit } from "./platform.ts";

/** An embedded cloud in this process with one stage of Kiln deployed in it. */
export interface EmbeddedStage {
  cloud: RunningCloud;
  stage: Stage;
  /** Where the services of the stage are reached: the load balancer. */
  serviceUrl(): string;
  /** Stops the cloud; what it knows stays in its state directory. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  stage: string;
  /** Taken, or the next one that is free. */
  port: number;
  stateDirectory: string;
  /** How many times as fast as AWS modelled time passes. */
  timeFactor: number;
  seed?: number | undefined;
  /** Progress for a person. */
  progress: (line: string) => void;
  /** Lines of the cloud itself. */
  log: (line: string) => void;
}

/** The port of the load balancer's listener, or the next one that is free. */
const listenerPort = 8080;

/** @throws {CommandFailure} when one runs here already: commands could not tell the two apart. */
export async function refuseSecondCloud(): Promise<void> {
  const running = await findCloud();
  if (!running) return;
  throw new CommandFailure({
    name: "AlreadyRunning",
    what: `An embedded cloud already runs here: ${running.endpoint} (process ${running.pid}).`,
    left: `${nothingDone} The running one is untouched.`,
    fix: "Use it, or stop it first with Ctrl-C; KILN_HOME=<another directory> keeps a second one apart.",
  });
}

/** Starts the embedded cloud, packages Kiln if need be, applies the stack, and makes the account's load balancer. */
export async function startEmbeddedStage(options: EmbeddedOptions): Promise<EmbeddedStage> {
  const { progress, log, timeFactor, stateDirectory, seed } = options;
  await refuseSecondCloud();
  const port = await freePort(options.port);
  const cloud = await startCloud({ port, stateDirectory, timeFactor, log, ...(seed !== undefined && { seed }) });
  try {
    progress(`embedded cloud  ${cloud.endpoint}, ${timeFactor} times as fast as AWS`);
    const limit = platformLimit();
    if (limit !== undefined) progress(`                ${limit}`);
    // The load balancer takes longest to become active, so it is begun first.
    const [entrance] = await Promise.all([
      ensureEntrance(connectTo(cloud.endpoint), options.stage, () => freePort(listenerPort)),
      applyStack(cloud, options),
    ]);
    const stage = await openStage(connectTo(cloud.endpoint), options.stage);
    await writeCloudNote({ endpoint: cloud.endpoint, pid: process.pid, region: embeddedRegion });
    return { cloud, stage, serviceUrl: () => listenerUrl(cloud, entrance), stop: () => stop(cloud) };
  } catch (error) {
    await cloud.stop();
    throw error;
  }
}

async function applyStack(cloud: RunningCloud, { stage, progress }: EmbeddedOptions): Promise<void> {
  const { directory, made } = await ensurePackage(stage);
  progress(made ? "packaged        functions, state machines and template" : "package         is up to date");
  const beganMs = cloud.clock.now();
  await deployPackage(cloud.kernel, {
    directory,
    stackName: stackName(stage),
    caller: cloud.administrator,
  });
  progress(`stack           ${stackName(stage)} applied in ${Math.round((cloud.clock.now() - beganMs) / 1000)} s`);
}

async function stop(cloud: RunningCloud): Promise<void> {
  await removeCloudNote(process.pid);
  await cloud.stop();
}

/** The port differs from the listener's own when another program took that one while the cloud was down. */
function listenerUrl({ kernel }: RunningCloud, { listenerArn, port }: Entrance): string {
  const service = kernel.services().find((one) => one instanceof LoadBalancingService);
  const endpoint = service?.endpoints().find((one) => one.listenerArn === listenerArn);
  return endpoint?.url ?? `http://127.0.0.1:${port}`;
}
