import type {
  BlockDeviceMapping,
  InstanceMetadataOptionsRequest,
  LaunchTemplateSpecification,
  RequestLaunchTemplateData,
  RunInstancesCommandInput,
  TagSpecification,
} from "@aws-sdk/client-ec2";
import { badCombination, required } from "./errors.ts";
import { requireVersion } from "./launch-template-versions.ts";
import { requireTemplate } from "./launch-templates.ts";
import { refuseOthers } from "./operation.ts";
import type { LaunchTemplateRecord } from "./records.ts";
import type { Ec2World } from "./world.ts";

/** A launch with its template's values filled in; the request's own win. */
export interface LaunchRequest {
  imageId: string;
  instanceType: string;
  least: number;
  most: number;
  template?: { record: Readonly<LaunchTemplateRecord>; version: number };
  blockDevices: BlockDeviceMapping[];
  tagSpecifications: TagSpecification[];
  userData?: string;
  keyName?: string;
  subnetId?: string;
  availabilityZone?: string;
  securityGroupIds: string[];
  securityGroupNames: string[];
  interfaceDeletes: boolean;
  instanceProfile?: { Arn?: string | undefined; Name?: string | undefined };
  metadata: InstanceMetadataOptionsRequest;
  detailedMonitoring: boolean;
  ebsOptimized: boolean;
  disableApiTermination: boolean;
  disableApiStop: boolean;
  shutdownBehavior: "stop" | "terminate";
}

/** AWS's type where a request names none. Source: API_RunInstances, InstanceType: "Default: m1.small". */
const defaultInstanceType = "m1.small";

/**
 * What a RunInstances request asks for, its launch template included.
 * @throws {AwsError} when the template does not exist, or when values contradict each other.
 */
export function launchRequest(world: Ec2World, input: RunInstancesCommandInput): LaunchRequest {
  const template = templateOf(world, input.LaunchTemplate);
  const data: RequestLaunchTemplateData = template?.data ?? {};
  const network = interfaceOf(input.NetworkInterfaces ?? data.NetworkInterfaces);
  const placement = { ...data.Placement, ...input.Placement };
  refuseOthers("Placement", placement, ["AvailabilityZone", "Tenancy"]);
  if (placement.Tenancy !== undefined && placement.Tenancy !== "default") {
    throw badCombination(`The embedded cloud has shared tenancy only, not '${placement.Tenancy}'.`);
  }
  const groups = groupsOf(input, data, network);
  const optional = {
    userData: input.UserData ?? data.UserData,
    keyName: input.KeyName ?? data.KeyName,
    subnetId: input.SubnetId ?? network?.SubnetId,
    availabilityZone: placement.AvailabilityZone,
    instanceProfile: input.IamInstanceProfile ?? data.IamInstanceProfile,
    template: template ? { record: template.record, version: template.version } : undefined,
  };
  return {
    imageId: required(input.ImageId ?? data.ImageId, "ImageId"),
    instanceType: input.InstanceType ?? data.InstanceType ?? defaultInstanceType,
    ...counts(input),
    ...groups,
    blockDevices: merged(data.BlockDeviceMappings, input.BlockDeviceMappings),
    tagSpecifications: mergedTags(data.TagSpecifications, input.TagSpecifications),
    interfaceDeletes: network?.DeleteOnTermination ?? true,
    metadata: { ...data.MetadataOptions, ...input.MetadataOptions } as InstanceMetadataOptionsRequest,
    detailedMonitoring: input.Monitoring?.Enabled ?? data.Monitoring?.Enabled ?? false,
    ebsOptimized: input.EbsOptimized ?? data.EbsOptimized ?? false,
    disableApiTermination: input.DisableApiTermination ?? data.DisableApiTermination ?? false,
    disableApiStop: input.DisableApiStop ?? data.DisableApiStop ?? false,
    shutdownBehavior:
      input.InstanceInitiatedShutdownBehavior ?? data.InstanceInitiatedShutdownBehavior ?? ("stop" as const),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

function counts(input: RunInstancesCommandInput): { least: number; most: number } {
  const least = required(input.MinCount, "MinCount");
  const most = required(input.MaxCount, "MaxCount");
  if (least < 1 || most < least) {
    throw badCombination(`The parameters MinCount ${least} and MaxCount ${most} do not go together.`);
  }
  return { least, most };
}

function templateOf(world: Ec2World, reference: LaunchTemplateSpecification | undefined) {
  if (!reference) return undefined;
  const record = requireTemplate(world, reference);
  const { version, data } = requireVersion(world, record, reference.Version);
  return { record, version, data };
}

type NetworkInterface = NonNullable<RequestLaunchTemplateData["NetworkInterfaces"]>[number];

/** The one interface a launch may describe here. */
function interfaceOf(list: readonly NetworkInterface[] | undefined): NetworkInterface | undefined {
  const [first, ...others] = list ?? [];
  if (others.length > 0) throw badCombination("The embedded cloud gives an instance one network interface.");
  if (!first) return undefined;
  refuseOthers("NetworkInterface", first, [
    "DeviceIndex",
    "SubnetId",
    "Groups",
    "DeleteOnTermination",
    "Description",
    "AssociatePublicIpAddress",
  ]);
  if (first.AssociatePublicIpAddress === true) {
    // Accepting it in silence would claim an address nothing answers at.
    refuseOthers("NetworkInterface", { "AssociatePublicIpAddress=true": true }, []);
  }
  if (first.DeviceIndex !== undefined && first.DeviceIndex !== 0) {
    throw badCombination("The primary network interface must have the device index 0.");
  }
  return first;
}

function groupsOf(
  input: RunInstancesCommandInput,
  data: RequestLaunchTemplateData,
  network: NetworkInterface | undefined,
): { securityGroupIds: string[]; securityGroupNames: string[] } {
  const ids = input.SecurityGroupIds ?? data.SecurityGroupIds ?? [];
  const names = input.SecurityGroups ?? data.SecurityGroups ?? [];
  if (network && (ids.length > 0 || names.length > 0 || input.SubnetId !== undefined)) {
    throw badCombination(
      "Network interfaces and an instance-level subnet ID or security groups may not be specified on the same request",
    );
  }
  return { securityGroupIds: network?.Groups ?? ids, securityGroupNames: names };
}

/** Mappings of the template, replaced by the request's of the same device. */
function merged(
  template: readonly BlockDeviceMapping[] | undefined,
  request: readonly BlockDeviceMapping[] | undefined,
): BlockDeviceMapping[] {
  const byDevice = new Map([...(template ?? []), ...(request ?? [])].map((mapping) => [mapping.DeviceName, mapping]));
  return [...byDevice.values()];
}

/** Tags of template and request together; of one key, the request's value. */
function mergedTags(
  template: readonly TagSpecification[] | undefined,
  request: readonly TagSpecification[] | undefined,
): TagSpecification[] {
  const kinds = new Map<TagSpecification["ResourceType"], Map<string | undefined, string | undefined>>();
  for (const { ResourceType, Tags } of [...(template ?? []), ...(request ?? [])]) {
    const tags = kinds.get(ResourceType) ?? new Map<string | undefined, string | undefined>();
    for (const { Key, Value } of Tags ?? []) tags.set(Key, Value);
    kinds.set(ResourceType, tags);
  }
  return [...kinds].map(([ResourceType, tags]) => ({
    ResourceType,
    Tags: [...tags].map(([Key, Value]) => ({ Key, Value })),
  }));
}
