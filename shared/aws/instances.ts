import {
  CreateTagsCommand,
  DescribeInstancesCommand,
  type EC2Client,
  GetConsoleOutputCommand,
  type Instance,
} from "@aws-sdk/client-ec2";
import type { SeenInstance } from "../domain/drift.ts";
import { tagKeys } from "../domain/names.ts";
import { isNamed } from "../errors.ts";

/** Unit: characters of console output kept as evidence: the end says why a program did not start. */
const consoleTail = 2000;

/** Instances of a fleet, as evidence of why it failed. */
export class Instances {
  readonly #ec2: EC2Client;

  constructor(ec2: EC2Client) {
    this.#ec2 = ec2;
  }

  /** The end of an instance's console, or undefined when it has none (yet). */
  async console(instanceId: string): Promise<string | undefined> {
    try {
      const { Output } = await this.#ec2.send(new GetConsoleOutputCommand({ InstanceId: instanceId, Latest: true }));
      return Output ? Buffer.from(Output, "base64").toString("utf8").slice(-consoleTail) : undefined;
    } catch (error) {
      if (isNamed(error, "InvalidInstanceID.NotFound", "UnsupportedOperation", "IncorrectInstanceState"))
        return undefined;
      throw error;
    }
  }

  /** Ids of the instances with these tags that are not gone. */
  async tagged(tags: Record<string, string>): Promise<string[]> {
    const states = ["pending", "running", "stopping", "stopped", "shutting-down"];
    return (await this.#find(tags, states)).flatMap(({ InstanceId }) => (InstanceId ? [InstanceId] : []));
  }

  /** The running instances with these tags, as they are now. */
  async describe(tags: Record<string, string>): Promise<SeenInstance[]> {
    return (await this.#find(tags, ["running"])).map(seenInstance);
  }

  /** Puts tags on an instance. Unit: at most 256 characters a value (EC2 user guide, "Tag restrictions"). */
  async tag(instanceId: string, tags: Record<string, string>): Promise<void> {
    const Tags = Object.entries(tags).map(([Key, value]) => ({ Key, Value: value.slice(0, 256) }));
    await this.#ec2.send(new CreateTagsCommand({ Resources: [instanceId], Tags }));
  }

  async #find(tags: Record<string, string>, states: string[]): Promise<Instance[]> {
    const found: Instance[] = [];
    let token: string | undefined;
    do {
      const page = await this.#ec2.send(
        new DescribeInstancesCommand({
          Filters: [
            ...Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] })),
            { Name: "instance-state-name", Values: states },
          ],
          ...(token && { NextToken: token }),
        }),
      );
      for (const { Instances = [] } of page.Reservations ?? []) found.push(...Instances);
      token = page.NextToken;
    } while (token);
    return found;
  }
}

function seenInstance(instance: Instance): SeenInstance {
  const { Tags = [], SecurityGroups = [], BlockDeviceMappings = [], MetadataOptions, LaunchTime } = instance;
  const tag = (key: string) => Tags.find(({ Key }) => Key === key)?.Value ?? "";
  return {
    id: instance.InstanceId ?? "",
    service: tag(tagKeys.service),
    generation: tag(tagKeys.generation),
    instanceType: instance.InstanceType ?? "",
    securityGroupIds: SecurityGroups.flatMap(({ GroupId }) => GroupId ?? []),
    profile: instance.IamInstanceProfile?.Arn?.split("/").at(-1),
    imdsV2Only: MetadataOptions?.HttpTokens === "required" && MetadataOptions.HttpPutResponseHopLimit === 1,
    launchedAtMs: LaunchTime?.getTime() ?? 0,
    volumes: BlockDeviceMappings.map(({ DeviceName = "", Ebs }) => ({
      device: DeviceName,
      attachedAtMs: Ebs?.AttachTime?.getTime() ?? 0,
      deletedWithIt: Ebs?.DeleteOnTermination ?? true,
    })),
  };
}
