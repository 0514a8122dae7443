import type { InstanceMetadataOptionsResponse } from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Call } from "../core/kernel.ts";
import type { LaunchPlan } from "./launch-plan.ts";
import { freeAddress } from "./network.ts";
import type { InstanceRecord, InstanceVolume, Tags } from "./records.ts";
import type { Ec2World, ResourceKind } from "./world.ts";

interface NewInstance {
  plan: LaunchPlan;
  tags: Partial<Record<ResourceKind, Tags>>;
  profile: { Arn: string; InstanceProfileId: string } | undefined;
  reservationId: string;
  launchIndex: number;
  call: Call;
  ClientToken: string | undefined;
}

/** Makes the records of one instance, its volumes and its network interface; nothing runs yet. */
export function newInstance(world: Ec2World, made: NewInstance): InstanceRecord {
  const { plan, tags, call } = made;
  const { request, image, subnet } = plan;
  const instanceId = world.newId("i-");
  const privateIp = freeAddress(world, subnet);
  if (privateIp === undefined) {
    throw new AwsError("InsufficientFreeAddressesInSubnet", `The subnet ${subnet.subnetId} has no free addresses left`);
  }
  const network = newInterface(world, made, instanceId, privateIp);
  const record: InstanceRecord = {
    instanceId,
    reservationId: made.reservationId,
    launchIndex: made.launchIndex,
    ...(made.ClientToken === undefined ? {} : { clientToken: made.ClientToken }),
    ...(call.caller.kind === "service" ? { requesterId: call.caller.name } : {}),
    state: "pending",
    transitionReason: "",
    imageId: image.imageId,
    instanceType: plan.type.name,
    architecture: image.architecture,
    virtualizationType: image.virtualizationType,
    ...(image.bootMode === undefined ? {} : { bootMode: image.bootMode }),
    lineage: image.lineage,
    launchedAtMs: world.now(),
    subnetId: subnet.subnetId,
    vpcId: subnet.vpcId,
    availabilityZone: subnet.availabilityZone,
    networkInterfaceId: network.networkInterfaceId,
    privateIp,
    privateDnsName: `ip-${privateIp.replaceAll(".", "-")}.${dnsSuffix(world)}`,
    macAddress: network.macAddress,
    securityGroupIds: plan.securityGroupIds,
    ...(made.profile ? { instanceProfile: { Arn: made.profile.Arn, Id: made.profile.InstanceProfileId } } : {}),
    ...(request.userData === undefined ? {} : { userData: request.userData }),
    metadataOptions: metadataOptions(plan),
    disableApiTermination: request.disableApiTermination,
    disableApiStop: request.disableApiStop,
    shutdownBehavior: request.shutdownBehavior,
    detailedMonitoring: request.detailedMonitoring,
    ebsOptimized: request.ebsOptimized,
    rootDeviceName: image.rootDeviceName,
    volumes: newVolumes(world, made, instanceId),
    health: "initializing",
    tags: instanceTags(plan, tags.instance ?? {}),
    visibleAtMs: world.visibleFrom(),
    launchedBy: call.caller,
  };
  world.instances.put(instanceId, record);
  return record;
}

/** AWS marks what a launch template launched. Source: EC2 user guide, "Launch instances from a launch template". */
function instanceTags({ request }: LaunchPlan, tags: Tags): Tags {
  if (!request.template) return tags;
  const { record, version } = request.template;
  return {
    ...tags,
    "aws:ec2launchtemplate:id": record.launchTemplateId,
    "aws:ec2launchtemplate:version": String(version),
  };
}

/** Source of the precedence (launch, then AMI, then default): EC2 user guide, "Configure the Instance Metadata Service". */
function metadataOptions({ request, image }: LaunchPlan): InstanceMetadataOptionsResponse {
  const { metadata } = request;
  return {
    State: "applied",
    HttpTokens: metadata.HttpTokens ?? (image.imdsSupport ? "required" : "optional"),
    HttpPutResponseHopLimit: metadata.HttpPutResponseHopLimit ?? (image.imdsSupport ? 2 : 1),
    HttpEndpoint: metadata.HttpEndpoint ?? "enabled",
    HttpProtocolIpv6: metadata.HttpProtocolIpv6 ?? "disabled",
    InstanceMetadataTags: metadata.InstanceMetadataTags ?? "disabled",
  };
}

function newInterface(world: Ec2World, { plan, tags }: NewInstance, instanceId: string, privateIp: string) {
  const octets = [0, 1, 2, 3].map(() => world.kernel.random.hex(2));
  const record = {
    networkInterfaceId: world.newId("eni-"),
    instanceId,
    subnetId: plan.subnet.subnetId,
    vpcId: plan.subnet.vpcId,
    availabilityZone: plan.subnet.availabilityZone,
    privateIp,
    macAddress: ["0a", "ff", ...octets].join(":"),
    securityGroupIds: plan.securityGroupIds,
    attachedAtMs: world.now(),
    tags: tags["network-interface"] ?? {},
    visibleAtMs: world.visibleFrom(),
  };
  world.interfaces.put(record.networkInterfaceId, record);
  return record;
}

function newVolumes(world: Ec2World, { plan, tags }: NewInstance, instanceId: string): InstanceVolume[] {
  const attachedAtMs = world.now();
  const defaults = world.encryptionDefaults.get();
  return plan.volumes.map(({ deviceName, ebs }) => {
    const snapshot = world.snapshots.get(ebs.snapshotId ?? "");
    const encrypted = ebs.encrypted || defaults.encryptByDefault;
    const key = ebs.kmsKeyId === undefined ? snapshot?.kmsKeyArn : world.keys.arnOf(ebs.kmsKeyId);
    const volumeId = world.newId("vol-");
    world.volumes.put(volumeId, {
      volumeId,
      sizeGiB: ebs.volumeSizeGiB,
      volumeType: ebs.volumeType,
      ...(ebs.iops === undefined ? {} : { iops: ebs.iops }),
      ...(ebs.throughput === undefined ? {} : { throughput: ebs.throughput }),
      encrypted,
      ...(encrypted ? { kmsKeyArn: key ?? world.keys.arnOf(defaults.kmsKeyId) } : {}),
      snapshotId: ebs.snapshotId ?? "",
      availabilityZone: plan.subnet.availabilityZone,
      state: "creating",
      createdAtMs: attachedAtMs,
      attachment: { instanceId, deviceName, attachedAtMs, deleteOnTermination: ebs.deleteOnTermination },
      tags: tags.volume ?? {},
      visibleAtMs: world.visibleFrom(),
    });
    return { deviceName, volumeId, deleteOnTermination: ebs.deleteOnTermination, attachedAtMs };
  });
}

/** Source: VPC user guide, DNS attributes: us-east-1 has a suffix of its own. */
function dnsSuffix(world: Ec2World): string {
  const { region } = world.kernel.settings;
  return region === "us-east-1" ? "ec2.internal" : `${region}.compute.internal`;
}
