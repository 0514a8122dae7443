import type { BlockDeviceMapping, CreateImageCommandInput } from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Operation } from "../core/kernel.ts";
import { invalidParameter, required } from "./errors.ts";
import { announceImage, becomeAvailable } from "./image-states.ts";
import { rebootMachine } from "./instance-power.ts";
import { operation, refuseOthers } from "./operation.ts";
import type { ImageMapping, ImageRecord, InstanceRecord, InstanceVolume, Tags } from "./records.ts";
import { freeImageName } from "./register-image.ts";
import { lineageWithFiles } from "./root-files.ts";
import { newSnapshot, takeVolume } from "./snapshot-copies.ts";
import { specifiedTags, tagOnCreatePermissions, tagsFor } from "./tags.ts";
import type { Ec2World } from "./world.ts";

/** CreateImage: snapshots every volume of an instance, rebooting it first unless NoReboot, and registers what they make. */
export function createImage(world: Ec2World): Record<string, Operation> {
  return operation<CreateImageCommandInput, object>({
    name: "CreateImage",
    accepts: ["InstanceId", "Name", "Description", "NoReboot", "BlockDeviceMappings", "TagSpecifications"],
    permissions: (input) => [
      world.permission("CreateImage", "instance", input.InstanceId ?? "*"),
      world.creation("CreateImage", "image", tagsFor(input.TagSpecifications, "image")),
      world.creation("CreateImage", "snapshot", tagsFor(input.TagSpecifications, "snapshot")),
      ...tagOnCreatePermissions(world, "CreateImage", input.TagSpecifications),
    ],
    async run(input, call) {
      const instance = world.require(world.instances, "i-", required(input.InstanceId, "InstanceId"));
      if (instance.state !== "running" && instance.state !== "stopped") {
        throw new AwsError(
          "IncorrectState",
          `Instance is not in state 'running' or 'stopped'; it is in state '${instance.state}'.`,
        );
      }
      const lineage = lineageWithFiles(world, instance);
      const record = newImage(world, { ...instance, lineage }, input, call);
      world.images.put(record.imageId, record);
      await world.machines.keepFiles(instance.instanceId, lineage.files);
      announceImage(world, record, call.requestId);
      if (input.NoReboot !== true && instance.state === "running") rebootMachine(world, instance.instanceId);
      becomeAvailable(world, record.imageId, world.kernel.settings.delays.snapshotCompleteSeconds);
      return { ImageId: record.imageId };
    },
  });
}

function newImage(
  world: Ec2World,
  instance: Readonly<InstanceRecord>,
  input: CreateImageCommandInput,
  call: Call,
): ImageRecord {
  const source = world.images.get(instance.imageId);
  const name = freeImageName(world, input.Name);
  const tags = specifiedTags(input.TagSpecifications, ["image", "snapshot"], call);
  const changes = new Map((input.BlockDeviceMappings ?? []).map((mapping) => [mapping.DeviceName, mapping]));
  for (const deviceName of changes.keys()) {
    if (!instance.volumes.some((volume) => volume.deviceName === deviceName)) {
      throw invalidParameter(`The embedded cloud maps only devices the instance has; '${deviceName}' is none.`);
    }
  }
  const imageId = world.newId("ami-");
  const kept = instance.volumes.filter((volume) => changes.get(volume.deviceName)?.NoDevice === undefined);
  return {
    imageId,
    name,
    description: input.Description ?? "",
    ownerId: world.accountId,
    state: "pending",
    architecture: instance.architecture,
    virtualizationType: instance.virtualizationType,
    rootDeviceName: instance.rootDeviceName,
    mappings: kept.map((volume) =>
      snapshotted(world, {
        instance,
        imageId,
        volume,
        change: changes.get(volume.deviceName),
        tags: tags.snapshot ?? {},
      }),
    ),
    enaSupport: true,
    sriovNetSupport: "simple",
    ...(instance.bootMode === undefined ? {} : { bootMode: instance.bootMode }),
    ...(source?.imdsSupport === undefined ? {} : { imdsSupport: source.imdsSupport }),
    lineage: instance.lineage,
    isPublic: false,
    launchAccounts: [],
    createdAtMs: world.now(),
    deregistrationProtection: "disabled",
    sourceInstanceId: instance.instanceId,
    sourceImageId: instance.imageId,
    tags: tags.image ?? {},
    visibleAtMs: world.visibleFrom(),
  };
}

interface Snapshotting {
  instance: Readonly<InstanceRecord>;
  imageId: string;
  volume: InstanceVolume;
  change: BlockDeviceMapping | undefined;
  tags: Tags;
}

function snapshotted(world: Ec2World, { instance, imageId, volume, change, tags }: Snapshotting): ImageMapping {
  const { deviceName, volumeId } = volume;
  const record = world.volumes.get(volumeId);
  if (!record) throw new AwsError("InternalError", `The volume '${volumeId}' is gone`, 500);
  refuseOthers("BlockDeviceMapping.Ebs", change?.Ebs, ["DeleteOnTermination", "VolumeType", "VolumeSize"]);
  const snapshot = newSnapshot(world, {
    volumeId,
    volumeSizeGiB: record.sizeGiB,
    description: `Created by CreateImage(${instance.instanceId}) for ${imageId}`,
    encrypted: record.encrypted,
    ...(record.kmsKeyArn === undefined ? {} : { kmsKeyArn: record.kmsKeyArn }),
    ...(deviceName === instance.rootDeviceName ? { lineage: instance.lineage } : {}),
    tags,
  });
  takeVolume(world, volumeId, snapshot.snapshotId);
  return {
    deviceName,
    ebs: {
      snapshotId: snapshot.snapshotId,
      volumeSizeGiB: change?.Ebs?.VolumeSize ?? record.sizeGiB,
      volumeType: change?.Ebs?.VolumeType ?? record.volumeType,
      ...(record.iops === undefined ? {} : { iops: record.iops }),
      ...(record.throughput === undefined ? {} : { throughput: record.throughput }),
      deleteOnTermination: change?.Ebs?.DeleteOnTermination ?? volume.deleteOnTermination,
      encrypted: record.encrypted,
    },
  };
}
