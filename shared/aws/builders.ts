import {
  type _InstanceType,
  CreateImageCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DeleteSecurityGroupCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  type ResourceType,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { isNamed } from "../errors.ts";
import { deleteUnlessGone } from "./deleting.ts";
import { tagList } from "./images.ts";

/** Instances that live only to make or to try a golden image, and the security group they stand in. */
export class Builders {
  readonly #ec2: EC2Client;

  constructor(ec2: EC2Client) {
    this.#ec2 = ec2;
  }

  /**
   * Launches one instance; a repeated call with the same token answers with the same instance.
   * @returns Undefined while the security group that was just made is not shown everywhere.
   */
  async launch(input: {
    imageId: string;
    instanceType: string;
    subnetId: string;
    securityGroupId: string;
    instanceProfile: string;
    token: string;
    tags: Record<string, string>;
  }): Promise<string | undefined> {
    try {
      const launched = await this.#ec2.send(
        new RunInstancesCommand({
          ImageId: input.imageId,
          InstanceType: input.instanceType as _InstanceType,
          MinCount: 1,
          MaxCount: 1,
          SubnetId: input.subnetId,
          SecurityGroupIds: [input.securityGroupId],
          IamInstanceProfile: { Name: input.instanceProfile },
          MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 1 },
          InstanceInitiatedShutdownBehavior: "terminate",
          ClientToken: input.token,
          TagSpecifications: tagsOf(["instance", "volume"], input.tags),
        }),
      );
      return launched.Instances?.[0]?.InstanceId;
    } catch (error) {
      if (isNamed(error, "InvalidGroup.NotFound", "InvalidSecurityGroupID.NotFound")) return undefined;
      throw error;
    }
  }

  /** EC2's word for the state of an instance; undefined while it is not shown yet, or no longer. */
  async state(instanceId: string): Promise<string | undefined> {
    try {
      const found = await this.#ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
      return found.Reservations?.[0]?.Instances?.[0]?.State?.Name;
    } catch (error) {
      if (isNamed(error, "InvalidInstanceID.NotFound")) return undefined;
      throw error;
    }
  }

  async terminate(instanceId: string): Promise<void> {
    await deleteUnlessGone(
      () => this.#ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] })),
      async () => ![undefined, "terminated"].includes(await this.state(instanceId)),
    );
  }

  /**
   * The security group of this name, made when it is missing. It lets nothing in.
   * @returns Undefined when one of that name is there already and only not shown yet.
   */
  async ensureGroup(name: string, vpcId: string, tags: Record<string, string>): Promise<string | undefined> {
    const existing = await this.findGroup(name, vpcId);
    if (existing !== undefined) return existing;
    try {
      const made = await this.#ec2.send(
        new CreateSecurityGroupCommand({
          GroupName: name,
          Description: "Kiln: builds and tries a golden image, and lets nothing in",
          VpcId: vpcId,
          TagSpecifications: [{ ResourceType: "security-group", Tags: tagList(tags) }],
        }),
      );
      return made.GroupId;
    } catch (error) {
      if (isNamed(error, "InvalidGroup.Duplicate")) return undefined;
      throw error;
    }
  }

  async findGroup(name: string, vpcId: string): Promise<string | undefined> {
    const found = await this.#ec2.send(
      new DescribeSecurityGroupsCommand({
        Filters: [
          { Name: "group-name", Values: [name] },
          { Name: "vpc-id", Values: [vpcId] },
        ],
      }),
    );
    return found.SecurityGroups?.[0]?.GroupId;
  }

  /** @returns False while an instance stands in it. */
  async deleteGroup(groupId: string): Promise<boolean> {
    try {
      await this.#ec2.send(new DeleteSecurityGroupCommand({ GroupId: groupId }));
      return true;
    } catch (error) {
      if (isNamed(error, "InvalidGroup.NotFound")) return true;
      if (isNamed(error, "DependencyViolation")) return false;
      throw error;
    }
  }

  /**
   * Makes an image of an instance, which is stopped for it for a moment.
   * @returns Undefined when an image of that name is there already and only not shown yet.
   */
  async createImage(instanceId: string, name: string, tags: Record<string, string>): Promise<string | undefined> {
    try {
      const made = await this.#ec2.send(
        new CreateImageCommand({
          InstanceId: instanceId,
          Name: name,
          TagSpecifications: tagsOf(["image", "snapshot"], tags),
        }),
      );
      return made.ImageId;
    } catch (error) {
      if (isNamed(error, "InvalidAMIName.Duplicate")) return undefined;
      throw error;
    }
  }

  async tag(resources: string[], tags: Record<string, string>): Promise<void> {
    await this.#ec2.send(new CreateTagsCommand({ Resources: resources, Tags: tagList(tags) }));
  }
}

function tagsOf(kinds: ResourceType[], tags: Record<string, string>) {
  return kinds.map((ResourceType) => ({ ResourceType, Tags: tagList(tags) }));
}
