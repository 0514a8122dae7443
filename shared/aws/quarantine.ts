import {
  CreateTagsCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  ModifyInstanceAttributeCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { tagKeys } from "../domain/names.ts";
import { quarantineTag } from "../domain/quarantine.ts";
import { isNamed } from "../errors.ts";

/** Instances that are kept cut off from everything. */
export class Quarantine {
  readonly #ec2: EC2Client;

  constructor(ec2: EC2Client) {
    this.#ec2 = ec2;
  }

  /** Why a security group cannot be used; undefined when it lets nothing in and nothing out, and is given to the stage. */
  async refusal(groupId: string, stage: string): Promise<string | undefined> {
    try {
      const found = await this.#ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [groupId] }));
      const { IpPermissions = [], IpPermissionsEgress = [], Tags = [] } = found.SecurityGroups?.[0] ?? {};
      const rules = IpPermissions.length + IpPermissionsEgress.length;
      if (rules > 0) return `${groupId} has ${rules} rules, and must have none`;
      const isGiven = Tags.some(({ Key, Value }) => Key === tagKeys.stage && Value === stage);
      return isGiven ? undefined : `${groupId} must have the tag ${tagKeys.stage}=${stage}`;
    } catch (error) {
      if (isNamed(error, "InvalidGroup.NotFound", "InvalidGroupId.Malformed")) return `${groupId} does not exist`;
      throw error;
    }
  }

  /** Says on the instance until when it is kept; from then on it may be terminated by itself. */
  async label(instanceId: string, until: string): Promise<void> {
    await this.#ec2.send(
      new CreateTagsCommand({ Resources: [instanceId], Tags: [{ Key: quarantineTag, Value: until }] }),
    );
  }

  /** Gives an instance this security group instead of all others. */
  async isolate(instanceId: string, groupId: string): Promise<void> {
    await this.#ec2.send(new ModifyInstanceAttributeCommand({ InstanceId: instanceId, Groups: [groupId] }));
  }

  /** Terminates an instance; harmless when it is gone. */
  async terminate(instanceId: string): Promise<void> {
    try {
      await this.#ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    } catch (error) {
      if (!isNamed(error, "InvalidInstanceID.NotFound")) throw error;
    }
  }
}
