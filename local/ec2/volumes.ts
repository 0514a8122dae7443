import type {
  AttachVolumeCommandInput,
  CreateVolumeCommandInput,
  DeleteVolumeCommandInput,
  DescribeVolumesCommandInput,
  DetachVolumeCommandInput,
} from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Operation } from "../core/kernel.ts";
import { volumeKeyActions } from "../ebs/key-access.ts";
import { speed, usableSnapshot } from "./block-devices.ts";
import { ClientTokens } from "./client-tokens.ts";
import { invalidParameter, missingParameter, required } from "./errors.ts";
import { type FilterTable, matching } from "./filters.ts";
import { operation } from "./operation.ts";
import { page } from "./paging.ts";
import type { VolumeRecord } from "./records.ts";
import { shownTags, specifiedTags, tagOnCreatePermissions, tagsFor } from "./tags.ts";
import { makeVolumeBytes } from "./volume-bytes.ts";
import type { Ec2World } from "./world.ts";
import { zonesOf } from "./zones.ts";

type Volume = Readonly<VolumeRecord>;

const filters: FilterTable<Volume> = {
  "volume-id": (one) => one.volumeId,
  "snapshot-id": (one) => one.snapshotId,
  status: (one) => one.state,
  size: (one) => one.sizeGiB,
  "volume-type": (one) => one.volumeType,
  encrypted: (one) => one.encrypted,
  "availability-zone": (one) => one.availabilityZone,
  "attachment.instance-id": (one) => one.attachment?.instanceId,
  "attachment.device": (one) => one.attachment?.deviceName,
  "attachment.delete-on-termination": (one) => one.attachment?.deleteOnTermination,
};

export function volumeOperations(world: Ec2World): Record<string, Operation> {
  return {
    ...operation<DescribeVolumesCommandInput, object>({
      name: "DescribeVolumes",
      accepts: ["VolumeIds", "Filters", "MaxResults", "NextToken"],
      run(input) {
        const visible = world.volumes.list().filter((one) => world.isVisible(one));
        const chosen = input.VolumeIds?.map((id) => world.require(world.volumes, "vol-", id)) ?? visible;
        const { items, NextToken } = page(matching(chosen, input.Filters, filters), (one) => one.volumeId, input);
        return { Volumes: items.map(shownVolume), NextToken };
      },
    }),
    ...createVolume(world),
    ...operation<DeleteVolumeCommandInput, object>({
      name: "DeleteVolume",
      accepts: ["VolumeId"],
      permissions: (input) => [world.permission("DeleteVolume", "volume", input.VolumeId ?? "*")],
      async run(input) {
        const volume = world.require(world.volumes, "vol-", required(input.VolumeId, "VolumeId"));
        if (volume.attachment) {
          throw new AwsError(
            "VolumeInUse",
            `Volume ${volume.volumeId} is currently attached to ${volume.attachment.instanceId}`,
          );
        }
        world.volumes.delete(volume.volumeId);
        await world.snapshots.files.remove(volume.volumeId);
        return {};
      },
    }),
    ...attachments(world),
  };
}

function createVolume(world: Ec2World): Record<string, Operation> {
  const tokens = new ClientTokens(world, "CreateVolume", 64);
  return operation<CreateVolumeCommandInput, object>({
    name: "CreateVolume",
    accepts: [
      "ClientToken",
      "AvailabilityZone",
      "Size",
      "SnapshotId",
      "VolumeType",
      "Iops",
      "Throughput",
      "Encrypted",
      "KmsKeyId",
      "TagSpecifications",
    ],
    permissions: (input) => [
      world.creation("CreateVolume", "volume", tagsFor(input.TagSpecifications, "volume")),
      ...(input.SnapshotId === undefined ? [] : [world.permission("CreateVolume", "snapshot", input.SnapshotId)]),
      ...tagOnCreatePermissions(world, "CreateVolume", input.TagSpecifications),
    ],
    async run(input, call) {
      const { ClientToken, ...request } = input;
      const earlier = tokens.find(ClientToken, request);
      const existing = earlier === undefined ? undefined : world.volumes.get(earlier);
      if (existing) return shownVolume(existing);
      const record = newVolume(world, input, call);
      world.volumes.put(record.volumeId, record);
      tokens.remember(ClientToken, request, record.volumeId);
      await makeVolumeBytes(world, record);
      world.volumes.put(record.volumeId, { ...record, state: "available" });
      return shownVolume(record);
    },
  });
}

function newVolume(world: Ec2World, input: CreateVolumeCommandInput, call: Call): VolumeRecord {
  const availabilityZone = required(input.AvailabilityZone, "AvailabilityZone");
  if (!zonesOf(world.kernel.settings.region).some((zone) => zone.name === availabilityZone)) {
    throw new AwsError("InvalidZone.NotFound", `The zone '${availabilityZone}' does not exist.`);
  }
  const snapshot = input.SnapshotId === undefined ? undefined : usableSnapshot(world, input.SnapshotId);
  const sizeGiB = input.Size ?? snapshot?.volumeSizeGiB;
  if (sizeGiB === undefined) throw missingParameter("size/snapshot");
  if (snapshot && sizeGiB < snapshot.volumeSizeGiB) {
    throw invalidParameter(`Volume of ${sizeGiB}GiB is smaller than snapshot '${snapshot.snapshotId}'`);
  }
  const defaults = world.encryptionDefaults.get();
  const encrypted = (input.Encrypted ?? false) || defaults.encryptByDefault || (snapshot?.encrypted ?? false);
  const key = snapshot?.encrypted ? snapshot.kmsKeyArn : world.keys.arnOf(input.KmsKeyId ?? defaults.kmsKeyId);
  if (encrypted && key !== undefined) world.keys.assertUsable(key, call.caller, volumeKeyActions);
  return {
    volumeId: world.newId("vol-"),
    sizeGiB,
    ...speed(input.VolumeType ?? "gp2", sizeGiB, input.Iops, input.Throughput),
    encrypted,
    ...(encrypted && key !== undefined ? { kmsKeyArn: key } : {}),
    snapshotId: snapshot?.snapshotId ?? "",
    availabilityZone,
    state: "creating",
    createdAtMs: world.now(),
    tags: specifiedTags(input.TagSpecifications, ["volume"], call).volume ?? {},
    visibleAtMs: world.visibleFrom(),
  };
}

/** Volumes are attached to and detached from stopped instances only: this cloud's machines find their disks at boot. */
function attachments(world: Ec2World): Record<string, Operation> {
  return {
    ...operation<AttachVolumeCommandInput, object>({
      name: "AttachVolume",
      accepts: ["VolumeId", "InstanceId", "Device"],
      permissions: (input) => [
        world.permission("AttachVolume", "instance", input.InstanceId ?? "*"),
        world.permission("AttachVolume", "volume", input.VolumeId ?? "*"),
      ],
      run(input) {
        const volume = world.require(world.volumes, "vol-", required(input.VolumeId, "VolumeId"));
        const instance = requireStopped(world, required(input.InstanceId, "InstanceId"));
        const deviceName = required(input.Device, "Device");
        if (volume.attachment)
          throw new AwsError("VolumeInUse", `${volume.volumeId} is already attached to an instance`);
        if (volume.availabilityZone !== instance.availabilityZone) {
          throw new AwsError(
            "InvalidVolume.ZoneMismatch",
            `The volume '${volume.volumeId}' is not in the same availability zone as instance '${instance.instanceId}'`,
          );
        }
        if (instance.volumes.some((one) => one.deviceName === deviceName)) {
          throw invalidParameter(
            `Invalid value '${deviceName}' for unixDevice. Attachment point ${deviceName} is already in use`,
          );
        }
        const made = { deviceName, deleteOnTermination: false, attachedAtMs: world.now() };
        const attachment = { instanceId: instance.instanceId, ...made };
        const changed = { ...volume, state: "in-use" as const, attachment };
        world.volumes.put(volume.volumeId, changed);
        const volumes = [...instance.volumes, { volumeId: volume.volumeId, ...made }];
        world.instances.put(instance.instanceId, { ...instance, volumes });
        return shownAttachment(changed, attachment);
      },
    }),
    ...operation<DetachVolumeCommandInput, object>({
      name: "DetachVolume",
      accepts: ["VolumeId", "InstanceId", "Device"],
      permissions: (input) => [world.permission("DetachVolume", "volume", input.VolumeId ?? "*")],
      run(input) {
        const volume = world.require(world.volumes, "vol-", required(input.VolumeId, "VolumeId"));
        if (!volume.attachment) {
          throw new AwsError("IncorrectState", `Volume '${volume.volumeId}' is in the 'available' state.`);
        }
        const { attachment, ...detached } = volume;
        const instance = requireStopped(world, attachment.instanceId);
        world.volumes.put(volume.volumeId, { ...detached, state: "available" });
        const volumes = instance.volumes.filter((one) => one.volumeId !== volume.volumeId);
        world.instances.put(instance.instanceId, { ...instance, volumes });
        return { ...shownAttachment(volume, attachment), State: "detached" };
      },
    }),
  };
}

function requireStopped(world: Ec2World, instanceId: string) {
  const instance = world.require(world.instances, "i-", instanceId);
  if (instance.state === "stopped") return instance;
  throw new AwsError(
    "NotImplemented",
    `the embedded cloud attaches and detaches volumes of stopped instances only; '${instanceId}' is ${instance.state}`,
    501,
  );
}

function shownAttachment(volume: Volume, attachment: NonNullable<VolumeRecord["attachment"]>) {
  return {
    VolumeId: volume.volumeId,
    InstanceId: attachment.instanceId,
    Device: attachment.deviceName,
    State: "attached",
    AttachTime: new Date(attachment.attachedAtMs),
    DeleteOnTermination: attachment.deleteOnTermination,
  };
}

function shownVolume(one: Volume) {
  return {
    VolumeId: one.volumeId,
    Size: one.sizeGiB,
    SnapshotId: one.snapshotId,
    AvailabilityZone: one.availabilityZone,
    State: one.state,
    CreateTime: new Date(one.createdAtMs),
    VolumeType: one.volumeType,
    Iops: one.iops,
    Throughput: one.throughput,
    Encrypted: one.encrypted,
    KmsKeyId: one.kmsKeyArn,
    MultiAttachEnabled: false,
    Attachments: one.attachment ? [shownAttachment(one, one.attachment)] : [],
    Tags: shownTags(one.tags),
  };
}
