import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type {
  DescribeStackEventsCommandOutput,
  DescribeStacksCommandOutput,
  Stack,
} from "@aws-sdk/client-cloudformation";
import { AwsError } from "../core/aws-error.ts";
import { sleep } from "../core/clock.ts";
import type { Caller, Kernel } from "../core/kernel.ts";
import { stream } from "../wire/body.ts";

/** What `osls package` wrote: templates, state and zip files, by name. */
export interface PackageFiles {
  names(): Promise<string[]>;
  read(name: string): Promise<Uint8Array>;
}

export interface PackageDeployment {
  /** A directory, or its files from elsewhere, such as memory. */
  directory: string | PackageFiles;
  stackName: string;
  /** Parameters of the template, by name. */
  parameters?: Readonly<Record<string, string>>;
  tags?: Readonly<Record<string, string>>;
  caller: Caller;
}

/** How often the stack is looked at. */
const pollMs = 1000;
/** In modelled seconds; a stack that takes longer than this hangs. */
const longestSeconds = 1800;

/**
 * Deploys a package as `osls deploy` does: a stack with the deployment bucket, the zip files uploaded to where the
 * template expects them, then the stack updated to the whole template. Unchanged, it does nothing.
 * @returns The stack's outputs by name.
 * @throws {Error} When the stack fails, with the reason of each resource that did.
 */
export async function deployPackage(kernel: Kernel, deployment: PackageDeployment): Promise<Record<string, string>> {
  const { stackName } = deployment;
  const files = typeof deployment.directory === "string" ? filesIn(deployment.directory) : deployment.directory;
  const text = async (name: string) => Buffer.from(await files.read(name)).toString("utf8");
  const cloud = new DeploymentClient(kernel, deployment);
  if (!(await cloud.stack())) {
    const TemplateBody = await text("cloudformation-template-create-stack.json");
    await cloud.call("cloudformation", "CreateStack", { ...cloud.request(), TemplateBody });
    await cloud.settled();
  }
  const found = await cloud.resource("ServerlessDeploymentBucket");
  const state = JSON.parse(await text("serverless-state.json"));
  const prefix = String(state.package.artifactDirectoryName);
  for (const file of (await files.names()).filter((name) => name.endsWith(".zip"))) {
    await cloud.upload(found, `${prefix}/${file}`, await files.read(file));
  }
  const template = "cloudformation-template-update-stack.json";
  const key = `${prefix}/compiled-cloudformation-template.json`;
  await cloud.upload(found, key, await files.read(template));
  const TemplateURL = `https://s3.amazonaws.com/${found}/${key}`;
  const declared = Object.keys(JSON.parse(await text(template)).Parameters ?? {});
  try {
    const parameters = Object.entries(deployment.parameters ?? {}).filter(([name]) => declared.includes(name));
    const Parameters = parameters.map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue }));
    await cloud.call("cloudformation", "UpdateStack", { ...cloud.request(), TemplateURL, Parameters });
    await cloud.settled();
  } catch (error) {
    if (!(error instanceof AwsError && error.message === "No updates are to be performed.")) throw error;
  }
  const stack = await cloud.stack();
  if (!stack) throw new Error(`stack ${stackName} is gone`);
  return Object.fromEntries((stack.Outputs ?? []).map((output) => [output.OutputKey ?? "", output.OutputValue ?? ""]));
}

function filesIn(directory: string): PackageFiles {
  return { names: () => readdir(directory), read: (name) => readFile(join(directory, name)) };
}

/** The calls that a deployment makes, all as its caller. */
class DeploymentClient {
  readonly #kernel: Kernel;
  readonly #deployment: PackageDeployment;

  constructor(kernel: Kernel, deployment: PackageDeployment) {
    this.#kernel = kernel;
    this.#deployment = deployment;
  }

  call<O>(service: string, operation: string, input: object): Promise<O> {
    return this.#kernel.call<O>(service, operation, input, this.#deployment.caller);
  }

  request() {
    const Tags = Object.entries(this.#deployment.tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
    const { stackName: StackName } = this.#deployment;
    return { StackName, Capabilities: ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"], ...(Tags.length > 0 && { Tags }) };
  }

  async stack(): Promise<Stack | undefined> {
    try {
      const input = { StackName: this.#deployment.stackName };
      const output = await this.call<DescribeStacksCommandOutput>("cloudformation", "DescribeStacks", input);
      return output.Stacks?.[0];
    } catch (error) {
      if (error instanceof AwsError && error.code === "ValidationError") return undefined;
      throw error;
    }
  }

  async resource(LogicalResourceId: string): Promise<string> {
    const input = { StackName: this.#deployment.stackName, LogicalResourceId };
    type Output = { StackResourceDetail?: { PhysicalResourceId?: string } };
    const output = await this.call<Output>("cloudformation", "DescribeStackResource", input);
    return output.StackResourceDetail?.PhysicalResourceId ?? "";
  }

  async upload(Bucket: string, Key: string, bytes: Uint8Array): Promise<void> {
    await this.call("s3", "PutObject", { Bucket, Key, Body: stream(bytes), ContentLength: bytes.byteLength });
  }

  /** Waits until the stack's operation has ended. @throws {Error} When it ended badly. */
  async settled(): Promise<void> {
    for (let waited = 0; waited < longestSeconds; waited += pollMs / 1000) {
      const status = (await this.stack())?.StackStatus ?? "gone";
      if (status === "CREATE_COMPLETE" || status === "UPDATE_COMPLETE") return;
      if (!status.endsWith("_IN_PROGRESS")) throw await this.#failure(status);
      await sleep(this.#kernel.clock, pollMs);
    }
    throw new Error(`stack ${this.#deployment.stackName} did not settle within ${longestSeconds} s`);
  }

  async #failure(status: string): Promise<Error> {
    const input = { StackName: this.#deployment.stackName };
    const output = await this.call<DescribeStackEventsCommandOutput>("cloudformation", "DescribeStackEvents", input);
    const reasons = (output.StackEvents ?? [])
      .filter((event) => event.ResourceStatus?.endsWith("_FAILED"))
      .map((event) => `${event.LogicalResourceId}: ${event.ResourceStatusReason}`);
    return new Error(`stack ${this.#deployment.stackName} ended ${status}: ${reasons.join("; ")}`);
  }
}
