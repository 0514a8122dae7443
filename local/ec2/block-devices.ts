import type { BlockDeviceMapping } from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import { required } from "./errors.ts";
import { refuseOthers } from "./operation.ts";
import type { ImageMapping } from "./records.ts";
import type { Ec2World } from "./world.ts";

type Ebs = NonNullable<ImageMapping["ebs"]>;

/** Smallest and largest volume in GiB. Source: EBS user guide, volume types; gp2, gp3, io1 and io2 start at 1 or 4. */
const sizes: Readonly<Record<string, { min: number; max: number }>> = {
  gp2: { min: 1, max: 16_384 },
  gp3: { min: 1, max: 65_536 },
  io1: { min: 4, max: 16_384 },
  io2: { min: 4, max: 65_536 },
  standard: { min: 1, max: 1024 },
  st1: { min: 125, max: 16_384 },
  sc1: { min: 125, max: 16_384 },
};

export function badMapping(message: string): AwsError {
  return new AwsError("InvalidBlockDeviceMapping", message);
}

/**
 * A mapping as RegisterImage takes it.
 * A device that is not the root volume is kept when its instance ends, unless DeleteOnTermination says otherwise: the
 * default is false (EC2 user guide, "Terminate an instance").
 */
export function registeredMapping(world: Ec2World, given: BlockDeviceMapping, rootDeviceName: string): ImageMapping {
  const deviceName = required(given.DeviceName, "BlockDeviceMapping.DeviceName");
  if (given.VirtualName !== undefined) return { deviceName, virtualName: given.VirtualName };
  const ebs = given.Ebs;
  if (!ebs) throw badMapping(`The device '${deviceName}' has neither a virtual name nor an EBS volume.`);
  refuseOthers("BlockDeviceMapping.Ebs", ebs, accepted);
  if (ebs.SnapshotId !== undefined && (ebs.Encrypted !== undefined || ebs.KmsKeyId !== undefined)) {
    throw badMapping(`the encrypted flag cannot be specified since device ${deviceName} has a snapshot specified.`);
  }
  const snapshot = ebs.SnapshotId === undefined ? undefined : usableSnapshot(world, ebs.SnapshotId);
  return {
    deviceName,
    ebs: {
      ...(snapshot ? { snapshotId: snapshot.snapshotId } : {}),
      ...shape(deviceName, ebs, undefined, snapshot),
      deleteOnTermination: ebs.DeleteOnTermination ?? deviceName === rootDeviceName,
      encrypted: snapshot?.encrypted ?? ebs.Encrypted ?? false,
    },
  };
}

const accepted = [
  "SnapshotId",
  "VolumeSize",
  "VolumeType",
  "Iops",
  "Throughput",
  "DeleteOnTermination",
  "Encrypted",
  "KmsKeyId",
];

/** What a launch makes of an image's mapping and the request's for the same device. */
export interface LaunchedVolume {
  deviceName: string;
  ebs: Ebs & { kmsKeyId?: string };
}

/**
 * The volumes of a launch: the image's, changed and added to by the request's mappings.
 * @throws {AwsError} InvalidBlockDeviceMapping, InvalidSnapshot.NotFound.
 */
export function launchedVolumes(
  world: Ec2World,
  image: { mappings: readonly ImageMapping[]; rootDeviceName: string },
  given: readonly BlockDeviceMapping[] | undefined,
): LaunchedVolume[] {
  const volumes = new Map<string, LaunchedVolume>();
  for (const { deviceName, ebs } of image.mappings) {
    if (ebs) volumes.set(deviceName, { deviceName, ebs });
  }
  for (const mapping of given ?? []) {
    const deviceName = required(mapping.DeviceName, "BlockDeviceMapping.DeviceName");
    if (mapping.NoDevice !== undefined) volumes.delete(deviceName);
    else volumes.set(deviceName, changed(world, deviceName, mapping, volumes.get(deviceName)?.ebs));
  }
  if (!volumes.has(image.rootDeviceName)) throw badMapping(`The root device '${image.rootDeviceName}' has no volume.`);
  return [...volumes.values()].sort((a, b) => rank(a) - rank(b));

  function rank(volume: LaunchedVolume): number {
    return volume.deviceName === image.rootDeviceName ? 0 : 1;
  }
}

function changed(
  world: Ec2World,
  deviceName: string,
  mapping: BlockDeviceMapping,
  before: Ebs | undefined,
): LaunchedVolume {
  const ebs = mapping.Ebs;
  if (!ebs) throw badMapping(`The device '${deviceName}' has no EBS volume; instance store is not there.`);
  refuseOthers("BlockDeviceMapping.Ebs", ebs, accepted);
  const snapshotId = ebs.SnapshotId ?? before?.snapshotId;
  const snapshot = snapshotId === undefined ? undefined : usableSnapshot(world, snapshotId);
  if (ebs.Encrypted === false && snapshot?.encrypted) {
    throw badMapping(`The volume of '${deviceName}' cannot be unencrypted: its snapshot is encrypted.`);
  }
  return {
    deviceName,
    ebs: {
      ...(snapshot ? { snapshotId: snapshot.snapshotId } : {}),
      ...shape(deviceName, ebs, before, snapshot),
      deleteOnTermination: ebs.DeleteOnTermination ?? before?.deleteOnTermination ?? false,
      encrypted: ebs.Encrypted ?? snapshot?.encrypted ?? before?.encrypted ?? false,
      ...(ebs.KmsKeyId === undefined ? {} : { kmsKeyId: ebs.KmsKeyId }),
    },
  };
}

/** Size, type and speed of a volume; gp2 where nobody says otherwise (botocore ec2 model, EbsBlockDevice.VolumeType). */
function shape(
  deviceName: string,
  ebs: NonNullable<BlockDeviceMapping["Ebs"]>,
  before: Ebs | undefined,
  snapshot: { snapshotId: string; volumeSizeGiB: number } | undefined,
) {
  const volumeType = ebs.VolumeType ?? before?.volumeType ?? "gp2";
  const volumeSizeGiB = ebs.VolumeSize ?? before?.volumeSizeGiB ?? snapshot?.volumeSizeGiB;
  if (volumeSizeGiB === undefined) throw badMapping(`The device '${deviceName}' needs a size or a snapshot.`);
  if (snapshot && volumeSizeGiB < snapshot.volumeSizeGiB) {
    throw badMapping(
      `Volume of size ${volumeSizeGiB}GB is smaller than snapshot '${snapshot.snapshotId}', expect size >= ${snapshot.volumeSizeGiB}GB`,
    );
  }
  return {
    volumeSizeGiB,
    ...speed(volumeType, volumeSizeGiB, ebs.Iops ?? before?.iops, ebs.Throughput ?? before?.throughput),
  };
}

/** Type and speed of a volume, with gp3's baseline of 3,000 IOPS and 125 MiB/s. @throws {AwsError} InvalidParameterValue. */
export function speed(volumeType: string, sizeGiB: number, iops?: number, throughput?: number) {
  const bounds = sizes[volumeType];
  if (!bounds) {
    throw new AwsError("InvalidParameterValue", `Value (${volumeType}) for parameter volumeType is invalid.`);
  }
  if (!Number.isInteger(sizeGiB) || sizeGiB < bounds.min || sizeGiB > bounds.max) {
    throw new AwsError(
      "InvalidParameterValue",
      `Volume of ${sizeGiB}GiB is not possible for volume type ${volumeType}; its sizes are ${bounds.min}GiB to ${bounds.max}GiB.`,
    );
  }
  if (volumeType === "gp3") return { volumeType, iops: iops ?? 3000, throughput: throughput ?? 125 };
  return { volumeType, ...(iops === undefined ? {} : { iops }) };
}

/** A snapshot that images and volumes can be made of: completed, and this account's or public. */
export function usableSnapshot(world: Ec2World, snapshotId: string) {
  const snapshot = world.requireSnapshot(snapshotId);
  if (snapshot.state !== "completed") {
    throw new AwsError(
      "IncorrectState",
      `Snapshot '${snapshotId}' is in state '${snapshot.state}', expected 'completed'.`,
    );
  }
  return snapshot;
}
