import { type EC2Client, type RequestLaunchTemplateData, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { isNamed } from "../errors.ts";
import { tagList } from "./images.ts";

/** What would be launched. */
export interface LaunchSketch {
  imageId: string;
  instanceType: string;
  subnetId: string;
  securityGroupIds: string[];
  instanceProfile: string | undefined;
  tags: Record<string, string>;
}

/** Launches that are only asked about. */
export class Launches {
  readonly #ec2: EC2Client;

  constructor(ec2: EC2Client) {
    this.#ec2 = ec2;
  }

  /** Why EC2 would not launch this, in its own words; undefined when it would. Nothing is launched. */
  async refusal(sketch: LaunchSketch): Promise<string | undefined> {
    const Tags = tagList(sketch.tags);
    try {
      await this.#ec2.send(
        new RunInstancesCommand({
          DryRun: true,
          MinCount: 1,
          MaxCount: 1,
          ImageId: sketch.imageId,
          InstanceType: sketch.instanceType as RequestLaunchTemplateData["InstanceType"],
          SubnetId: sketch.subnetId,
          SecurityGroupIds: sketch.securityGroupIds,
          ...(sketch.instanceProfile && { IamInstanceProfile: { Name: sketch.instanceProfile } }),
          MetadataOptions: { HttpTokens: "required", HttpEndpoint: "enabled" },
          TagSpecifications: [
            { ResourceType: "instance", Tags },
            { ResourceType: "volume", Tags },
          ],
        }),
      );
      return undefined;
    } catch (error) {
      // Source: EC2 API reference, common parameters, DryRun: the error that says that it would have succeeded.
      if (isNamed(error, "DryRunOperation")) return undefined;
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
      if (!(error instanceof Error) || status >= 500 || status === 0) throw error;
      if (isNamed(error, "RequestLimitExceeded")) throw error;
      return `${error.name}: ${error.message}`;
    }
  }
}
