import type {
  DescribeStackEventsCommandOutput,
  DescribeStacksCommandOutput,
  ListStackResourcesCommandOutput,
} from "@aws-sdk/client-cloudformation";
import { CloudFormationService } from "../../../local/cloudformation/service.ts";
import { VirtualClock } from "../../../local/core/clock.ts";
import { awsDelays, type Delays } from "../../../local/core/delays.ts";
import { Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { administrator } from "../../../local/iam/administrator.ts";
import { IamService } from "../../../local/iam/service.ts";
import { KmsService } from "../../../local/kms/service.ts";
import { MemoryCodeFiles } from "../../../local/lambda/code-files.ts";
import { InProcessRunner } from "../../../local/lambda/in-process-runner.ts";
import { LambdaService } from "../../../local/lambda/service.ts";
import { LogsService } from "../../../local/logs/service.ts";
import { MemoryObjectFiles } from "../../../local/s3/object-files.ts";
import { S3Service } from "../../../local/s3/service.ts";
import { SsmService } from "../../../local/ssm/service.ts";

/** A cloud in memory with the services that the stacks of these tests need. */
export async function stackWorld(stateDirectory?: string, delays: Delays = { ...awsDelays }) {
  const clock = new VirtualClock();
  const settings = settingsWith({ stateDirectory, delays });
  const kernel = new Kernel(settings, clock);
  const iam = new IamService(kernel);
  const lambda = new LambdaService(kernel, { runner: new InProcessRunner(clock, {}), code: new MemoryCodeFiles() });
  const others = [
    new KmsService(kernel),
    new LogsService(kernel),
    new S3Service(kernel, new MemoryObjectFiles()),
    new SsmService(kernel),
    new CloudFormationService(kernel),
  ];
  for (const service of [iam, iam.sts, lambda, ...others]) kernel.register(service);
  await kernel.start();
  const caller = administrator(settings);
  const call = <O = Record<string, unknown>>(service: string, operation: string, input: object) =>
    kernel.call<O>(service, operation, input, caller);

  /** Starts an operation on stack `web` and lets it run to its end. */
  async function run(operation: "CreateStack" | "UpdateStack" | "DeleteStack", template?: object, more: object = {}) {
    const body = template && { TemplateBody: JSON.stringify(template) };
    const Capabilities = ["CAPABILITY_NAMED_IAM"];
    await call("cloudformation", operation, { StackName: "web", ...body, Capabilities, ...more });
    await clock.advance(60_000);
    return status();
  }

  async function describe(nameOrId = "web") {
    const output = await call<DescribeStacksCommandOutput>("cloudformation", "DescribeStacks", { StackName: nameOrId });
    return output.Stacks?.[0];
  }

  async function status(): Promise<string | undefined> {
    try {
      return (await describe())?.StackStatus;
    } catch {
      return "gone";
    }
  }

  /** `LogicalId STATUS`, oldest first. */
  async function events(nameOrId = "web"): Promise<string[]> {
    const input = { StackName: nameOrId };
    const output = await call<DescribeStackEventsCommandOutput>("cloudformation", "DescribeStackEvents", input);
    return (output.StackEvents ?? []).map((event) => `${event.LogicalResourceId} ${event.ResourceStatus}`).reverse();
  }

  async function resources(): Promise<Record<string, string | undefined>> {
    const input = { StackName: "web" };
    const output = await call<ListStackResourcesCommandOutput>("cloudformation", "ListStackResources", input);
    const entries = (output.StackResourceSummaries ?? []).map((one) => [one.LogicalResourceId, one.PhysicalResourceId]);
    return Object.fromEntries(entries);
  }

  return { clock, kernel, caller, call, run, describe, status, events, resources };
}
