import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareArtifact } from "../../../cli/artifact-file.ts";
import type { Stage } from "../../../cli/aws/stage.ts";
import { sendArtifact, sendLayer } from "../../../cli/commands/push.ts";
import { applySpec } from "../../../cli/commands/service-apply.ts";
import { Load } from "../../../cli/demo/load.ts";
import type { LoadCounts } from "../../../cli/demo/load-counts.ts";
import { type EmbeddedStage, startEmbeddedStage } from "../../../cli/embedded/embedded-stage.ts";
import { executionName } from "../../../cli/execution/start.ts";
import { projectDirectory } from "../../../cli/kiln-directory.ts";
import { nodeLayer } from "../../../cli/node-layer.ts";
import { type Output, outputTo } from "../../../cli/output.ts";
import { readSpecFile } from "../../../cli/spec-file.ts";
import type { ServiceSpec } from "../../../shared/domain/service-spec.ts";
import { type Ended, readExecution, waitForEnd } from "./executions.ts";
import { type Inventory, readInventory } from "./inventory.ts";
import { type Patience, until } from "./until.ts";

/** The example that works, and where those are that do not. */
export const examples = {
  web: join(projectDirectory, "examples", "web"),
  exits: join(projectDirectory, "examples", "broken", "exits"),
  neverListens: join(projectDirectory, "examples", "broken", "never-listens"),
  unhealthy: join(projectDirectory, "examples", "broken", "unhealthy"),
} as const;

export interface WorldOptions {
  /** How many times as fast as AWS; 20 when left out. What is real (programs, gzip) takes its time all the same. */
  timeFactor?: number;
  /** Changes to the example's spec, on top of shorter times for validation, observation and draining. */
  spec?: Partial<ServiceSpec>;
  /** Where the cloud keeps what it knows; left out, a temporary directory that goes with the world. */
  directory?: string;
  seed?: number;
  /** Called once the stage is there, before the service's base and layer are made ready. */
  watch?: (embedded: EmbeddedStage) => void;
}

/** Steady requests to a service; `stop` waits for the answers that are under way. */
export interface SteadyLoad {
  /** What has been counted until now, a quarter of a second late. */
  counts(): LoadCounts;
  stop(): Promise<LoadCounts>;
}

/** One embedded cloud with Kiln and the example service in it, nothing deployed yet. */
export interface World {
  embedded: EmbeddedStage;
  stage: Stage;
  spec: ServiceSpec;
  /** Temporary; a place for a test's own files too. */
  directory: string;
  /** What the cloud has said, for a test that fails. */
  log: string[];
  /** Uploads a version of the service and returns the deploy that the upload started. */
  push(version: string, directory?: string): Promise<string>;
  /** Starts an execution by hand and returns its ARN. */
  start(machine: "deploy" | "rollback" | "sweep", input: unknown): Promise<string>;
  /** Puts another spec in force from the next deploy on. */
  apply(changes: Partial<ServiceSpec>): Promise<void>;
  ended(execution: string, patience?: Patience): Promise<Ended>;
  /** Tasks that an execution has come through until now, in order. */
  states(execution: string): Promise<string[]>;
  /** The answer to one request for `/`, through the load balancer, on a connection of its own. */
  live(): Promise<{ status: number; body: string; release: string | undefined; version: string | undefined }>;
  /** Waits until every one of a number of requests in a row is answered by this version. */
  answers(version: string, patience?: Patience): Promise<void>;
  steadyLoad(perSecond?: number): SteadyLoad;
  inventory(): Promise<Inventory>;
  close(): Promise<void>;
}

/**
 * Short enough for a test, long enough for what really takes its time on a busy machine: unpacking Node and starting a
 * program takes seconds, and an answer to a health check half of one.
 */
const quickSpec = {
  healthCheck: { path: "/health", intervalSeconds: 10, timeoutSeconds: 9, healthyThreshold: 2, unhealthyThreshold: 3 },
  validate: { healthyInARow: 2, timeoutSeconds: 200, probes: [] },
  observeSeconds: 10,
  drainSeconds: 5,
} as const satisfies Partial<ServiceSpec>;

const stageName = "dev";
const service = "web";

/** Starts a world. A directory that was used before goes on from where it was left. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const { timeFactor = 20, seed } = options;
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "kiln-e2e-")));
  const homeBefore = process.env["KILN_HOME"];
  process.env["KILN_HOME"] = directory;
  const log: string[] = [];
  const close = async () => {
    if (homeBefore === undefined) delete process.env["KILN_HOME"];
    else process.env["KILN_HOME"] = homeBefore;
    if (options.directory === undefined) await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const embedded = await startEmbeddedStage({
      stage: stageName,
      port: 4700,
      stateDirectory: join(directory, "state"),
      timeFactor,
      seed,
      progress: (line) => log.push(line),
      log: (line) => log.push(`cloud ${line}`),
    });
    const output = outputTo({ stdout: { write() {} }, stderr: { write: (line) => log.push(line.trimEnd()) } }, false);
    try {
      options.watch?.(embedded);
      const spec = await prepareService(embedded.stage, options.spec ?? {}, output);
      return worldOf(embedded, spec, directory, log, output, close);
    } catch (error) {
      await embedded.stop();
      throw error;
    }
  } catch (error) {
    await close();
    throw error;
  }
}

/** Applies the spec and pushes the layer it needs, from the cache of the checkout: packing Node takes seconds. */
async function prepareService(stage: Stage, changes: Partial<ServiceSpec>, output: Output): Promise<ServiceSpec> {
  const read = await readSpecFile(join(examples.web, "kiln.yaml"));
  const forThisMachine =
    process.arch === "arm64" ? ({ architecture: "arm64", instanceType: "t4g.small" } as const) : {};
  const spec = { ...read, ...forThisMachine, ...quickSpec, ...changes };
  const node = await nodeLayer(join(projectDirectory, ".kiln", "cache"));
  await Promise.all([applySpec(stage, spec, output), sendLayer(stage, node.name, node.file, output)]);
  return spec;
}

function worldOf(
  embedded: EmbeddedStage,
  spec: ServiceSpec,
  directory: string,
  log: string[],
  output: Output,
  close: () => Promise<void>,
): World {
  const { stage } = embedded;
  const machines = {
    deploy: stage.outputs.DeployMachine,
    rollback: stage.outputs.RollbackMachine,
    sweep: stage.outputs.SweepMachine,
  };
  let started = 0;
  const loads = new Set<SteadyLoad>();
  return {
    embedded,
    stage,
    spec,
    directory,
    log,
    async push(version, from = examples.web) {
      const uploaded = await sendArtifact(stage, await prepareArtifact(from, { service, version }), output);
      const { key, versionId = "null" } = uploaded;
      return until(`the deploy of ${key}`, () => stage.runs.startedByUpload(machines.deploy, key, versionId));
    },
    start: (machine, input) => stage.runs.start(machines[machine], `${executionName(service)}-${++started}`, input),
    apply: async (changes) => void (await applySpec(stage, { ...spec, ...changes }, output)),
    ended: (execution, patience = {}) => waitForEnd(stage, execution, { withinSeconds: 120, ...patience }),
    states: async (execution) => (await readExecution(stage, execution)).phases.map(({ state }) => state),
    live: () => ask(embedded.serviceUrl()),
    async answers(version, patience) {
      let inARow = 0;
      const look = async () => {
        inARow = (await ask(embedded.serviceUrl())).version === version ? inARow + 1 : 0;
        return inARow >= 10;
      };
      await until(`version ${version} to answer ten times in a row`, look, { everyMs: 20, ...patience });
    },
    steadyLoad(perSecond = 40) {
      const load = new Load({
        url: embedded.serviceUrl(),
        connections: 8,
        perSecond,
        seconds: 900,
        slowEvery: 25,
        slowPath: "/slow?ms=200",
      });
      const steady = { counts: () => load.counts, stop: () => load.stop() };
      loads.add(steady);
      return steady;
    },
    inventory: () => readInventory(stage.connection, stage.name),
    async close() {
      await Promise.all([...loads].map((load) => load.stop()));
      await embedded.stop();
      await close();
    },
  };
}

/** Real time after which a request counts as unanswered. Unit: milliseconds. */
const answerPatienceMs = 10_000;

async function ask(url: string) {
  const answer = await fetch(url, { headers: { connection: "close" }, signal: AbortSignal.timeout(answerPatienceMs) });
  const body = await answer.text();
  const { release, version } = answer.ok ? (JSON.parse(body) as { release: string; version: string }) : {};
  return { status: answer.status, body, release, version };
}
