import { S3Client } from "@aws-sdk/client-s3";
import { SSMClient } from "@aws-sdk/client-ssm";
import { deployPackage, type PackageFiles } from "../../local/cloudformation/deploy-package.ts";
import type { Kernel } from "../../local/core/kernel.ts";
import { attachToClient } from "../../local/server/attach-to-client.ts";
import type { ExecutionDocument } from "../../local/step-functions/machine/documents.ts";
import { stream } from "../../local/wire/body.ts";
import { Documents } from "../../shared/aws/documents.ts";
import { ImageRecords } from "../../shared/aws/image-records.ts";
import { Ledger } from "../../shared/aws/ledger.ts";
import { Parameters, parameterNames } from "../../shared/aws/parameters.ts";
import { Recipes } from "../../shared/aws/recipes.ts";
import { ledgerKeys } from "../../shared/domain/keys.ts";
import { knownBases, parseServiceSpec, type ServiceSpec } from "../../shared/domain/service-spec.ts";
import { artifactOf } from "./artifacts.ts";
import { handSetAlarm } from "./hand-set-alarm.ts";
import { hostOf } from "./hosts.ts";
import { preloadModels } from "./preload.ts";
import { SimulatedCloud, type Snapshot } from "./simulated-cloud.ts";

/** The stage of every simulation. */
export const stageName = "dev";

/** The services there may be, each with a host name of its own; the first two have a spec from the beginning. */
export const services = ["web", "api", "shop", "post"] as const;

export type Service = (typeof services)[number];

/** The alarm that the spec of `api` names; it has the state that somebody sets. */
export const stageAlarm = "api-errors";

/** What the stack and the account's load balancer are called; the same in every run from one snapshot. */
interface Addresses {
  outputs: Readonly<Record<string, string>>;
  balancerArn: string;
  listenerArn: string;
}

/** A cloud in which Kiln stands ready and nothing is deployed yet. */
export interface PreparedStage {
  snapshot: Snapshot;
  addresses: Addresses;
}

/** Unit: milliseconds of virtual time. No execution of a test takes longer. */
const executionLimitMs = 4 * 3_600_000;

/** One simulated cloud with Kiln in it, and what people do with it. */
export class SimulatedStage {
  readonly cloud: SimulatedCloud;
  readonly ledger: Ledger;
  readonly imageRecords: ImageRecords;
  readonly baseRecords: ImageRecords;
  readonly recipes: Recipes;
  readonly parameters: Parameters;
  readonly outputs: Readonly<Record<string, string>>;
  /** Releases that are revoked, each since when: kept for those who watch that they get no traffic. */
  readonly revokedMs = new Map<string, number>();

  constructor(cloud: SimulatedCloud, { outputs, balancerArn, listenerArn }: Addresses) {
    this.cloud = cloud;
    this.outputs = outputs;
    cloud.visitors.listener = { balancerArn, listenerArn };
    const documents = documentsOf(cloud, outputs["LedgerBucket"] ?? "");
    this.ledger = new Ledger(documents);
    this.imageRecords = new ImageRecords(documents);
    this.baseRecords = new ImageRecords(documents, ledgerKeys.bases);
    this.parameters = new Parameters(attachToClient(new SSMClient(), cloud.kernel, "ssm", cloud.administrator));
    this.recipes = new Recipes(documents, this.parameters, stageName);
    cloud.versionOf = async (service, generation) =>
      (await this.ledger.release(service, generation))?.version ?? "unknown";
  }

  /** Puts a service's spec in force, with changes. */
  async apply(service: Service, changes: object = {}): Promise<void> {
    const digest = await this.cloud.complete(this.ledger.storeSpec(specOf(service, changes)));
    await this.cloud.complete(this.parameters.write(parameterNames.spec(stageName, service), digest));
  }

  /**
   * Uploads an artifact; what the program of this version does is told by its name. Returns once S3 has it.
   * @param build Makes the bytes others than those of the same version without it.
   */
  async push(service: Service, version: string, build = ""): Promise<void> {
    await this.#upload(`${service}/${version}.tar.gz`, `${service} ${version}${build && ` ${build}`}`);
  }

  /** Uploads an artifact for an experiment; its name tells what the program does, `build` makes its bytes others. */
  async pushExperiment(service: Service, experiment: string, build = "1"): Promise<void> {
    await this.#upload(`${service}/experiments/${experiment}.tar.gz`, `${service} ${experiment} ${build}`);
  }

  /** What `kiln experiment stop` writes: from now on its time is over. */
  async endExperiment(service: Service, experiment: string): Promise<void> {
    const ended = new Date(this.cloud.clock.now()).toISOString();
    await this.cloud.complete(
      this.ledger.updateHead(`${service}.${experiment}`, (head) =>
        head.experiment ? { ...head, experiment: { ...head.experiment, ended } } : head,
      ),
    );
  }

  async #upload(Key: string, content: string): Promise<void> {
    const bytes = await artifactOf(content);
    const Bucket = this.outputs["ArtifactsBucket"];
    const object = { Bucket, Key, Body: stream(bytes), ContentLength: bytes.byteLength };
    await this.cloud.complete(this.cloud.call("s3", "PutObject", object));
  }

  /** Starts an execution. @returns Its ARN. */
  async begin(machine: "Deploy" | "Rollback" | "Refresh" | "Sweep", input: object): Promise<string> {
    const begun = this.executions("").length;
    const started = await this.cloud.call<{ executionArn: string }>("states", "StartExecution", {
      stateMachineArn: this.outputs[`${machine}Machine`],
      name: `simulated-${begun + 1}`,
      input: JSON.stringify(input),
    });
    return started.executionArn;
  }

  /** Stops an execution, as a person in the console does. */
  async stop(executionArn: string): Promise<void> {
    await this.cloud.call("states", "StopExecution", { executionArn });
  }

  /** Pushes, and runs the cloud until the deploy that the push started has ended. */
  deploy(service: Service, version: string): Promise<ExecutionDocument> {
    return this.#deployed(() => this.push(service, version));
  }

  /** The same for an experiment. */
  experiment(service: Service, experiment: string, build?: string): Promise<ExecutionDocument> {
    return this.#deployed(() => this.pushExperiment(service, experiment, build));
  }

  async #deployed(push: () => Promise<void>): Promise<ExecutionDocument> {
    const before = new Set(this.executions("deploy").map(({ arn }) => arn));
    await push();
    let mine: string | undefined;
    await this.ended(() => {
      mine ??= this.executions("deploy").find(({ arn }) => !before.has(arn))?.arn;
      return mine;
    });
    return required(this.execution(mine ?? ""));
  }

  /** Starts an execution and runs the cloud until it has ended. */
  async run(machine: "Deploy" | "Rollback" | "Refresh" | "Sweep", input: object): Promise<ExecutionDocument> {
    const arn = await this.begin(machine, input);
    await this.ended(() => arn);
    return required(this.execution(arn));
  }

  /** Runs the cloud until the execution has ended. @throws {Error} when it does not. */
  async ended(arn: () => string | undefined): Promise<void> {
    const isOver = () => (this.execution(arn() ?? "")?.status ?? "RUNNING") !== "RUNNING";
    if (!(await this.cloud.until(isOver, executionLimitMs))) throw new Error(`${arn()} does not end`);
  }

  /** Runs the cloud until no execution is under way. */
  async idle(): Promise<void> {
    const isIdle = () => this.executions("").every(({ status }) => status !== "RUNNING");
    if (!(await this.cloud.until(isIdle, executionLimitMs))) throw new Error("some execution does not end");
  }

  /** Lets a minute pass: rule changes reach every node, instances that are ending end. */
  async settle(): Promise<void> {
    await this.cloud.until(() => false, 60_000);
  }

  execution(arn: string): Readonly<ExecutionDocument> | undefined {
    return this.cloud.kernel.store.collection<ExecutionDocument>("states.executions").get(arn);
  }

  /** Executions of one machine, or of all, the oldest first. */
  executions(machine: "deploy" | "rollback" | "refresh" | "sweep" | ""): Readonly<ExecutionDocument>[] {
    return this.cloud.kernel.store
      .collection<ExecutionDocument>("states.executions")
      .list()
      .filter(({ stateMachineName }) => stateMachineName.endsWith(machine))
      .sort((a, b) => a.startMs - b.startMs);
  }

  /** The state that a running execution is in. */
  stateOf(arn: string): string | undefined {
    return this.cloud.kernel.store.collection<{ state: string }>("states.frames").list(arn)[0]?.state;
  }

  /** The states that an execution entered, in their order, each once: how often it polled is left out. */
  path(arn: string): string[] {
    const events = this.cloud.kernel.store
      .collection<{ id: number; type: string; details?: { name?: string } }>("states.events")
      .list(arn)
      .sort((a, b) => a.id - b.id);
    return [
      ...new Set(events.flatMap(({ type, details }) => (type.endsWith("StateEntered") ? [details?.name ?? ""] : []))),
    ];
  }

  /** Keys of the ledger below a prefix. */
  async keys(prefix: string): Promise<string[]> {
    const found = await this.cloud.call<{ Contents?: { Key: string }[] }>("s3", "ListObjectsV2", {
      Bucket: this.outputs["LedgerBucket"],
      Prefix: prefix,
    });
    return (found.Contents ?? []).map(({ Key }) => Key);
  }

  snapshot(): PreparedStage {
    const { balancerArn, listenerArn } = this.cloud.visitors.listener;
    return { snapshot: this.cloud.snapshot(), addresses: { outputs: this.outputs, balancerArn, listenerArn } };
  }
}

/** A simulation that begins with a prepared cloud; everything random in it comes from the seed. */
export async function openStage(seed: number, { snapshot, addresses }: PreparedStage): Promise<SimulatedStage> {
  const cloud = new SimulatedCloud(seed, snapshot);
  await cloud.start();
  return new SimulatedStage(cloud, addresses);
}

/**
 * Applies the package to an empty cloud and makes what a person makes before the first push. Takes a second or two.
 * @param watch Sees the cloud before anything happens in it.
 */
export async function prepareStage(
  files: PackageFiles,
  watch: (kernel: Kernel) => void = () => {},
): Promise<PreparedStage> {
  await preloadModels();
  const cloud = new SimulatedCloud(0);
  watch(cloud.kernel);
  await cloud.start();
  const outputs = await cloud.complete(
    deployPackage(cloud.kernel, { directory: files, stackName: `kiln-${stageName}`, caller: cloud.administrator }),
  );
  const balancer = await cloud.complete(makeEntrance(cloud));
  const stage = new SimulatedStage(cloud, { outputs, ...balancer });
  const parameters = new Parameters(attachToClient(new SSMClient(), cloud.kernel, "ssm", cloud.administrator));
  await cloud.complete(parameters.write(parameterNames.listener(stageName), balancer.listenerArn));
  await stage.apply("web");
  // The other service takes its traffic step by step, so that every mix of faults meets both ways.
  await stage.apply("api", {
    deploy: { strategy: "canary", steps: [10, 50], intervalSeconds: 30 },
    alarms: [stageAlarm],
  });
  await cloud.call("monitoring", "PutMetricAlarm", handSetAlarm(stageAlarm));
  await cloud.call("monitoring", "SetAlarmState", {
    AlarmName: stageAlarm,
    StateValue: "OK",
    StateReason: "it is new",
  });
  await prepareBase(cloud, await cloud.complete(parameters.read(knownBases.al2023.x86_64)), outputs["BaseFunction"]);
  return stage.snapshot();
}

function specOf(service: Service, changes: object): ServiceSpec {
  const parsed = parseServiceSpec({
    service,
    port: 8080,
    capacity: { min: 2, max: 4 },
    healthCheck: { path: "/health" },
    route: { hosts: [hostOf(service)] },
    ...changes,
  });
  if ("spec" in parsed) return parsed.spec;
  throw new Error(JSON.stringify(parsed.problems));
}

function documentsOf(cloud: SimulatedCloud, bucket: string): Documents {
  return new Documents(attachToClient(new S3Client(), cloud.kernel, "s3", cloud.administrator), bucket);
}

async function makeEntrance(cloud: SimulatedCloud): Promise<{ balancerArn: string; listenerArn: string }> {
  const found = await cloud.call<{ Subnets: { SubnetId: string }[] }>("ec2", "DescribeSubnets", {});
  const Subnets = found.Subnets.map(({ SubnetId }) => SubnetId);
  const elb = "elasticloadbalancing";
  const made = await cloud.call<{ LoadBalancers: { LoadBalancerArn: string }[] }>(elb, "CreateLoadBalancer", {
    Name: `kiln-${stageName}`,
    Subnets,
  });
  const balancerArn = made.LoadBalancers[0]?.LoadBalancerArn ?? "";
  const listened = await cloud.call<{ Listeners: { ListenerArn: string }[] }>(elb, "CreateListener", {
    LoadBalancerArn: balancerArn,
    Protocol: "HTTP",
    Port: 80,
    DefaultActions: [{ Type: "fixed-response", FixedResponseConfig: { StatusCode: "503" } }],
  });
  return { balancerArn, listenerArn: listened.Listeners[0]?.ListenerArn ?? "" };
}

async function prepareBase(cloud: SimulatedCloud, baseImageId: string | undefined, FunctionName = ""): Promise<void> {
  for (let look = 0; look < 100; look++) {
    const Payload = Buffer.from(JSON.stringify({ baseImageId }));
    const answer = await cloud.complete(
      cloud.call<{ Payload: Uint8Array }>("lambda", "Invoke", { FunctionName, Payload }),
    );
    const text = Buffer.from(answer.Payload).toString("utf8");
    if (JSON.parse(text).status === "ready") return;
    if (JSON.parse(text).errorType) throw new Error(text);
    await cloud.until(() => false, 5_000);
  }
  throw new Error("the base is not ready");
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the execution is gone");
  return value;
}
