import { join } from "node:path";
import { prepareArtifact } from "../../../cli/artifact-file.ts";
import type { Stage } from "../../../cli/aws/stage.ts";
import { sendArtifact, sendLayer } from "../../../cli/commands/push.ts";
import { applySpec } from "../../../cli/commands/service-apply.ts";
import { Load } from "../../../cli/demo/load.ts";
import type { LoadCounts } from "../../../cli/demo/load-counts.ts";
import { executionName } from "../../../cli/execution/start.ts";
import { projectDirectory } from "../../../cli/kiln-directory.ts";
import { nodeLayer } from "../../../cli/node-layer.ts";
import type { Output } from "../../../cli/output.ts";
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

/** Steady requests to a service; `stop` waits for the answers that are under way. */
export interface SteadyLoad {
  /** What has been counted until now, a quarter of a second late. */
  counts(): LoadCounts;
  stop(): Promise<LoadCounts>;
}

/** One answer to one request. */
export interface Answer {
  status: number;
  body: string;
  /** Undefined unless the answer is a 200 of the example. */
  release: string | undefined;
  version: string | undefined;
}

/** Where a visitor works: a stage with its outputs, and the load balancer before its services. */
export interface Place {
  stage: Stage;
  serviceUrl: () => string;
  output: Output;
}

/** What people and tests do with a stage, wherever it runs, and what they look at. */
export interface Visitor {
  stage: Stage;
  /** The spec of the example service, in force. */
  spec: ServiceSpec;
  /** Uploads a version of the service and returns the deploy that the upload started. */
  push(version: string, directory?: string): Promise<string>;
  /** Starts an execution by hand and returns its ARN. */
  start(machine: "deploy" | "rollback" | "refresh" | "sweep", input: unknown): Promise<string>;
  /** Puts another spec in force from the next deploy on. */
  apply(changes: Partial<ServiceSpec>): Promise<void>;
  ended(execution: string, patience?: Patience): Promise<Ended>;
  /** Tasks that an execution has come through until now, in order. */
  states(execution: string): Promise<string[]>;
  /** The answer to one request for `/`, through the load balancer, on a connection of its own. */
  live(): Promise<Answer>;
  /** Waits until every one of a number of requests in a row is answered by this version. */
  answers(version: string, patience?: Patience): Promise<void>;
  steadyLoad(perSecond?: number): SteadyLoad;
  inventory(): Promise<Inventory>;
  /** Ends every load that still goes on. */
  leave(): Promise<void>;
}

/**
 * Short enough for a test, long enough for what really takes its time on a busy machine: unpacking Node and starting a
 * program takes seconds, and an answer to a health check half of one.
 */
const quickSpec = {
  healthCheck: { path: "/health", intervalSeconds: 10, timeoutSeconds: 9, healthyThreshold: 2, unhealthyThreshold: 3 },
  validate: { healthyInARow: 2, timeoutSeconds: 600, probes: [], functions: [] },
  observeSeconds: 10,
  drainSeconds: 5,
} as const satisfies Partial<ServiceSpec>;

/** For a program that is known not to work: there is no use in waiting long for it. */
export const soonGivenUp = {
  validate: { ...quickSpec.validate, timeoutSeconds: 60 },
} as const satisfies Partial<ServiceSpec>;

const service = "web";

/** Applies the spec and pushes the layer it needs, from the cache of the checkout: packing Node takes seconds. */
async function prepareService({ stage, output }: Place, changes: Partial<ServiceSpec>): Promise<ServiceSpec> {
  const read = await readSpecFile(join(examples.web, "kiln.yaml"));
  const forThisMachine =
    process.arch === "arm64" ? ({ architecture: "arm64", instanceType: "t4g.small" } as const) : {};
  const spec = { ...read, ...forThisMachine, ...quickSpec, ...changes };
  const node = await nodeLayer(join(projectDirectory, ".kiln", "cache"));
  await Promise.all([applySpec(stage, spec, output), sendLayer(stage, node.name, node.file, output)]);
  return spec;
}

/** @param changes To the example's spec, on top of short times. */
export async function visit(place: Place, changes: Partial<ServiceSpec> = {}): Promise<Visitor> {
  return visitorOf(place, await prepareService(place, changes));
}

/** A visitor of a service whose spec and layer are there already, as after a restart of the cloud. */
export function visitorOf(place: Place, spec: ServiceSpec): Visitor {
  const { stage, serviceUrl, output } = place;
  const machines = {
    deploy: stage.outputs.DeployMachine,
    rollback: stage.outputs.RollbackMachine,
    refresh: stage.outputs.RefreshMachine,
    sweep: stage.outputs.SweepMachine,
  };
  let started = 0;
  const loads = new Set<SteadyLoad>();
  return {
    stage,
    spec,
    async push(version, from = examples.web) {
      const uploaded = await sendArtifact(stage, await prepareArtifact(from, { service, version }), output);
      const { key, versionId = "null" } = uploaded;
      return until(`the deploy of ${key}`, () => stage.runs.startedByUpload(machines.deploy, key, versionId));
    },
    start: (machine, input) => stage.runs.start(machines[machine], `${executionName(service)}-${++started}`, input),
    apply: async (changes) => void (await applySpec(stage, { ...spec, ...changes }, output)),
    ended: (execution, patience = {}) => waitForEnd(stage, execution, patience),
    states: async (execution) => (await readExecution(stage, execution)).phases.map(({ state }) => state),
    live: () => ask(serviceUrl()),
    async answers(version, patience) {
      let inARow = 0;
      const look = async () => {
        inARow = (await ask(serviceUrl())).version === version ? inARow + 1 : 0;
        return inARow >= 10;
      };
      await until(`version ${version} to answer ten times in a row`, look, { everyMs: 20, ...patience });
    },
    steadyLoad(perSecond = 40) {
      const load = new Load({
        url: serviceUrl(),
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
    async leave() {
      await Promise.all([...loads].map((load) => load.stop()));
    },
  };
}

/** Real time after which a request counts as unanswered. Unit: milliseconds. */
const answerPatienceMs = 30_000;

async function ask(url: string): Promise<Answer> {
  const answer = await fetch(url, { headers: { connection: "close" }, signal: AbortSignal.timeout(answerPatienceMs) });
  const body = await answer.text();
  const { release, version } = answer.ok ? (JSON.parse(body) as { release: string; version: string }) : {};
  return { status: answer.status, body, release, version };
}
