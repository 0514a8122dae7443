import type { RequestLaunchTemplateData } from "@aws-sdk/client-ec2";
import { invalidParameter } from "./errors.ts";
import { refuseOthers } from "./operation.ts";
import { checkUserData } from "./user-data.ts";

/** What a launch template may hold here; RunInstances heeds each of them. */
const accepted: readonly (keyof RequestLaunchTemplateData)[] = [
  "ImageId",
  "InstanceType",
  "UserData",
  "BlockDeviceMappings",
  "IamInstanceProfile",
  "KeyName",
  "SecurityGroupIds",
  "SecurityGroups",
  "NetworkInterfaces",
  "MetadataOptions",
  "TagSpecifications",
  "Monitoring",
  "EbsOptimized",
  "InstanceInitiatedShutdownBehavior",
  "DisableApiTermination",
  "DisableApiStop",
  "Placement",
  "CreditSpecification",
  "MaintenanceOptions",
  "PrivateDnsNameOptions",
];

/** What can be tagged by a launch template here. */
const taggable = ["instance", "volume", "network-interface"];

/**
 * Checks what AWS checks of a template without launching it: that an image exists is found out at launch only.
 * @throws {AwsError} InvalidUserData.Malformed, InvalidParameterValue.
 */
export function checkTemplateData(data: RequestLaunchTemplateData): void {
  refuseOthers("LaunchTemplateData", data, accepted);
  if (data.UserData !== undefined) checkUserData(data.UserData);
  for (const { ResourceType } of data.TagSpecifications ?? []) {
    if (!taggable.includes(ResourceType ?? "")) {
      throw invalidParameter(`'${ResourceType}' is not a valid taggable resource type for this operation.`);
    }
  }
}
