import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Requirement } from "../core/kernel.ts";
import { type LaunchPlan, launchPlan } from "./launch-plan.ts";
import { launchRequest } from "./launch-request.ts";
import { tagOnCreatePermissions, tagsFor } from "./tags.ts";
import type { Ec2World } from "./world.ts";

/**
 * What RunInstances is judged on: image, instance, interface, groups, subnet, volumes, the launch template, and tagging.
 * Source: service authorization reference, Amazon EC2, RunInstances (resource types marked required, and those named).
 * A request that names something missing is judged on every resource of that kind, before it fails for that reason.
 */
export function launchPermissions(world: Ec2World, input: RunInstancesCommandInput): Requirement[] {
  try {
    return planned(world, launchPlan(world, launchRequest(world, input)));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return (["image", "instance", "network-interface", "security-group", "subnet"] as const).map((kind) =>
      world.creation("RunInstances", kind, tagsFor(input.TagSpecifications, kind)),
    );
  }
}

function planned(world: Ec2World, plan: LaunchPlan): Requirement[] {
  const { request, image, subnet } = plan;
  const specifications = request.tagSpecifications;
  const common: Record<string, string> = {};
  if (request.template) {
    common["ec2:LaunchTemplate"] = world.arn("launch-template", request.template.record.launchTemplateId);
    common["ec2:IsLaunchTemplateResource"] = "true";
  }
  const place = { ...common, "ec2:AvailabilityZone": subnet.availabilityZone };
  const vpc = { "ec2:Vpc": world.arn("vpc", subnet.vpcId) };
  return [
    world.permission("RunInstances", "image", image.imageId, {
      ...common,
      "ec2:ImageID": image.imageId,
      "ec2:Owner": image.ownerAlias ?? image.ownerId,
      "ec2:Public": String(image.isPublic),
      "ec2:RootDeviceType": "ebs",
    }),
    world.creation("RunInstances", "instance", tagsFor(specifications, "instance"), {
      ...place,
      "ec2:InstanceType": plan.type.name,
      "ec2:EbsOptimized": String(request.ebsOptimized),
      "ec2:RootDeviceType": "ebs",
      "ec2:Tenancy": "default",
      "ec2:MetadataHttpTokens": request.metadata.HttpTokens ?? (image.imdsSupport ? "required" : "optional"),
      "ec2:MetadataHttpEndpoint": request.metadata.HttpEndpoint ?? "enabled",
      ...(request.instanceProfile?.Arn === undefined ? {} : { "ec2:InstanceProfile": request.instanceProfile.Arn }),
    }),
    world.creation("RunInstances", "network-interface", tagsFor(specifications, "network-interface"), {
      ...place,
      ...vpc,
      "ec2:Subnet": world.arn("subnet", subnet.subnetId),
    }),
    world.permission("RunInstances", "subnet", subnet.subnetId, { ...place, ...vpc }),
    ...plan.securityGroupIds.map((id) => world.permission("RunInstances", "security-group", id, { ...common, ...vpc })),
    ...plan.volumes.map(({ ebs }) =>
      world.creation("RunInstances", "volume", tagsFor(specifications, "volume"), {
        ...place,
        "ec2:VolumeSize": String(ebs.volumeSizeGiB),
        "ec2:VolumeType": ebs.volumeType,
        "ec2:Encrypted": String(ebs.encrypted),
        ...(ebs.snapshotId === undefined ? {} : { "ec2:ParentSnapshot": world.arn("snapshot", ebs.snapshotId) }),
      }),
    ),
    ...(request.template
      ? [world.permission("RunInstances", "launch-template", request.template.record.launchTemplateId, common)]
      : []),
    ...tagOnCreatePermissions(world, "RunInstances", specifications),
  ];
}
