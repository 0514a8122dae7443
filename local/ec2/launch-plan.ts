import { AwsError } from "../core/aws-error.ts";
import { type LaunchedVolume, launchedVolumes } from "./block-devices.ts";
import { badCombination, invalidParameter } from "./errors.ts";
import { requireImage } from "./images.ts";
import { type InstanceType, instanceType } from "./instance-type-table.ts";
import type { LaunchRequest } from "./launch-request.ts";
import { refuseOthers } from "./operation.ts";
import type { ImageRecord, SubnetRecord } from "./records.ts";
import { checkUserData } from "./user-data.ts";
import type { Ec2World } from "./world.ts";

/** A launch whose parts are known to exist and to fit together. */
export interface LaunchPlan {
  request: LaunchRequest;
  image: Readonly<ImageRecord>;
  type: InstanceType;
  subnet: Readonly<SubnetRecord>;
  securityGroupIds: string[];
  volumes: LaunchedVolume[];
}

/**
 * Checks a launch against what there is.
 * @throws {AwsError} naming what is missing or does not fit.
 */
export function launchPlan(world: Ec2World, request: LaunchRequest): LaunchPlan {
  const image = requireImage(world, request.imageId);
  if (image.state !== "available") {
    throw new AwsError(
      "InvalidAMIID.Unavailable",
      `The image ID '${image.imageId}' is not available: it is ${image.state}`,
    );
  }
  const type = instanceType(request.instanceType);
  if (!type) throw invalidParameter(`Invalid value '${request.instanceType}' for InstanceType.`);
  checkFit(image, type);
  if (request.keyName !== undefined) {
    throw new AwsError("InvalidKeyPair.NotFound", `The key pair '${request.keyName}' does not exist`);
  }
  if (request.userData !== undefined) checkUserData(request.userData);
  checkMetadata(request);
  const subnet = subnetOf(world, request);
  const securityGroupIds = groupsOf(world, request, subnet);
  return {
    request,
    image,
    type,
    subnet,
    securityGroupIds,
    volumes: launchedVolumes(world, image, request.blockDevices),
  };
}

/** All types here are of the Nitro system. Sources of the sentences: errors EC2 answers in practice. */
function checkFit(image: Readonly<ImageRecord>, type: InstanceType): void {
  if (image.virtualizationType !== "hvm") {
    throw badCombination(
      `Virtualization type 'hvm' is required for instances of type '${type.name}'. Ensure that you are using an AMI with virtualization type 'hvm'.`,
    );
  }
  if (image.architecture !== type.architecture) {
    throw invalidParameter(
      `The architecture '${type.architecture}' of the specified instance type does not match the architecture '${image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.`,
    );
  }
  if (!image.enaSupport) {
    throw badCombination(
      `Enhanced networking with the Elastic Network Adapter (ENA) is required for the '${type.name}' instance type. Ensure that you are using an AMI that is enabled for ENA.`,
    );
  }
}

function checkMetadata({ metadata }: LaunchRequest): void {
  refuseOthers("MetadataOptions", metadata, [
    "HttpTokens",
    "HttpEndpoint",
    "HttpPutResponseHopLimit",
    "InstanceMetadataTags",
    "HttpProtocolIpv6",
  ]);
  const hops = metadata.HttpPutResponseHopLimit;
  if (hops !== undefined && (hops < 1 || hops > 64)) {
    throw invalidParameter(`Invalid value (${hops}) for HttpPutResponseHopLimit. It must be between 1 and 64.`);
  }
}

/** The subnet named, or the default one of the zone, or a default one that EC2 picks. */
function subnetOf(world: Ec2World, request: LaunchRequest): Readonly<SubnetRecord> {
  const { subnetId, availabilityZone } = request;
  if (subnetId !== undefined) {
    const subnet = world.require(world.subnets, "subnet-", subnetId);
    if (availabilityZone !== undefined && subnet.availabilityZone !== availabilityZone) {
      throw badCombination(`The availability zone '${availabilityZone}' is not that of the subnet '${subnetId}'`);
    }
    return subnet;
  }
  const candidates = world.subnets
    .list()
    .filter((one) => (availabilityZone ?? one.availabilityZone) === one.availabilityZone);
  const subnet = candidates[Math.floor(world.kernel.random.next() * candidates.length)];
  if (!subnet) throw invalidParameter(`Invalid availability zone: [${availabilityZone}]`);
  return subnet;
}

function groupsOf(world: Ec2World, request: LaunchRequest, subnet: Readonly<SubnetRecord>): string[] {
  const named = request.securityGroupNames.map((name) => groupNamed(world, name, subnet.vpcId));
  const ids = request.securityGroupIds.map((id) => {
    const group = world.require(world.groups, "sg-", id);
    if (group.vpcId !== subnet.vpcId) {
      throw invalidParameter(`Security group ${id} and subnet ${subnet.subnetId} belong to different networks.`);
    }
    return id;
  });
  const chosen = [...new Set([...ids, ...named])];
  return chosen.length > 0 ? chosen : [groupNamed(world, "default", subnet.vpcId)];
}

function groupNamed(world: Ec2World, name: string, vpcId: string): string {
  const found = world.groups.list().find((one) => one.groupName === name && one.vpcId === vpcId);
  if (!found)
    throw new AwsError("InvalidGroup.NotFound", `The security group '${name}' does not exist in VPC '${vpcId}'`);
  return found.groupId;
}
