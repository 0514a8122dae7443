import type {
  CopySnapshotCommandInput,
  CreateSnapshotCommandInput,
  DeleteSnapshotCommandInput,
  DescribeSnapshotsCommandInput,
} from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Operation } from "../core/kernel.ts";
import { volumeKeyActions } from "../ebs/key-access.ts";
import type { SnapshotRecord } from "../ebs/snapshots.ts";
import { usableSnapshot } from "./block-devices.ts";
import { badCombination, invalidParameter, required } from "./errors.ts";
import { type FilterTable, matching } from "./filters.ts";
import { imagesWith } from "./image-lifecycle.ts";
import { operation } from "./operation.ts";
import { page } from "./paging.ts";
import { forgetUnusedFiles, instanceOfRoot, lineageWithFiles } from "./root-files.ts";
import { copySnapshotBytes, newSnapshot, takeVolume } from "./snapshot-copies.ts";
import { shownTags, specifiedTags, tagOnCreatePermissions, tagsFor } from "./tags.ts";
import type { Ec2World } from "./world.ts";

type Snapshot = Readonly<SnapshotRecord>;

const filters: FilterTable<Snapshot> = {
  "snapshot-id": (one) => one.snapshotId,
  status: (one) => one.state,
  "volume-id": (one) => one.volumeId,
  "volume-size": (one) => one.volumeSizeGiB,
  "owner-id": (one) => one.ownerId,
  "owner-alias": (one) => one.ownerAlias,
  description: (one) => one.description,
  encrypted: (one) => one.encrypted,
  progress: (one) => `${one.progress}%`,
  "start-time": (one) => new Date(one.startedAtMs).toISOString(),
};

export function snapshotOperations(world: Ec2World): Record<string, Operation> {
  return {
    ...operation<DescribeSnapshotsCommandInput, object>({
      name: "DescribeSnapshots",
      accepts: ["SnapshotIds", "OwnerIds", "RestorableByUserIds", "Filters", "MaxResults", "NextToken"],
      run(input) {
        const chosen = input.SnapshotIds?.map((id) => world.requireSnapshot(id)) ?? world.snapshots.list();
        const seen = chosen.filter(
          (one) =>
            world.isVisible(one) &&
            (one.isPublic || one.ownerId === world.accountId) &&
            ownedBy(world, one, input.OwnerIds) &&
            ownedBy(world, one, input.RestorableByUserIds),
        );
        const { items, NextToken } = page(matching(seen, input.Filters, filters), (one) => one.snapshotId, input);
        return { Snapshots: items.map(shownSnapshot), NextToken };
      },
    }),
    ...operation<CreateSnapshotCommandInput, object>({
      name: "CreateSnapshot",
      accepts: ["VolumeId", "Description", "TagSpecifications"],
      permissions: (input) => [
        world.creation("CreateSnapshot", "snapshot", tagsFor(input.TagSpecifications, "snapshot")),
        world.permission("CreateSnapshot", "volume", input.VolumeId ?? "*"),
        ...tagOnCreatePermissions(world, "CreateSnapshot", input.TagSpecifications),
      ],
      async run(input, call) {
        const volume = world.require(world.volumes, "vol-", required(input.VolumeId, "VolumeId"));
        const instance = instanceOfRoot(world, volume.volumeId);
        const kept = instance && lineageWithFiles(world, instance);
        const lineage = kept ?? world.snapshots.get(volume.snapshotId)?.lineage;
        const record = newSnapshot(world, {
          volumeId: volume.volumeId,
          volumeSizeGiB: volume.sizeGiB,
          description: input.Description ?? "",
          encrypted: volume.encrypted,
          ...(volume.kmsKeyArn === undefined ? {} : { kmsKeyArn: volume.kmsKeyArn }),
          ...(lineage ? { lineage } : {}),
          tags: specifiedTags(input.TagSpecifications, ["snapshot"], call).snapshot ?? {},
        });
        takeVolume(world, volume.volumeId, record.snapshotId);
        if (kept) await world.machines.keepFiles(instance.instanceId, kept.files);
        return shownSnapshot(record);
      },
    }),
    ...operation<CopySnapshotCommandInput, object>({
      name: "CopySnapshot",
      // DestinationRegion and PresignedUrl are what the AWS CLI and boto3 add by themselves; for copies within one region
      // EC2 has no use for the address.
      accepts: [
        "SourceSnapshotId",
        "SourceRegion",
        "DestinationRegion",
        "PresignedUrl",
        "Description",
        "Encrypted",
        "KmsKeyId",
        "TagSpecifications",
      ],
      permissions: (input) => [
        world.creation("CopySnapshot", "snapshot", tagsFor(input.TagSpecifications, "snapshot")),
        world.permission("CopySnapshot", "snapshot", input.SourceSnapshotId ?? "*"),
        ...tagOnCreatePermissions(world, "CopySnapshot", input.TagSpecifications),
      ],
      run(input, call) {
        const { region } = world.kernel.settings;
        if (required(input.SourceRegion, "SourceRegion") !== region) {
          throw invalidParameter(`Invalid value for parameter sourceRegion: this cloud has the region ${region} only.`);
        }
        const source = usableSnapshot(world, required(input.SourceSnapshotId, "SourceSnapshotId"));
        const defaults = world.encryptionDefaults.get();
        if (input.KmsKeyId !== undefined && input.Encrypted !== true) {
          throw badCombination("KmsKeyId requires Encrypted to be set to true.");
        }
        const encrypt = input.Encrypted === true || defaults.encryptByDefault;
        const key = encrypt ? world.keys.arnOf(input.KmsKeyId ?? defaults.kmsKeyId) : source.kmsKeyArn;
        if (key !== undefined) world.keys.assertUsable(key, call.caller, volumeKeyActions);
        const record = newSnapshot(world, {
          volumeSizeGiB: source.volumeSizeGiB,
          description: input.Description ?? "",
          encrypted: source.encrypted || encrypt,
          ...(key === undefined ? {} : { kmsKeyArn: key }),
          ...(source.lineage ? { lineage: source.lineage } : {}),
          tags: specifiedTags(input.TagSpecifications, ["snapshot"], call).snapshot ?? {},
        });
        copySnapshotBytes(
          world,
          source.snapshotId,
          record.snapshotId,
          world.kernel.settings.delays.snapshotCompleteSeconds,
        );
        return { SnapshotId: record.snapshotId, Tags: shownTags(record.tags) };
      },
    }),
    ...operation<DeleteSnapshotCommandInput, object>({
      name: "DeleteSnapshot",
      accepts: ["SnapshotId"],
      permissions: (input) => [world.permission("DeleteSnapshot", "snapshot", input.SnapshotId ?? "*")],
      async run(input) {
        const record = world.requireSnapshot(required(input.SnapshotId, "SnapshotId"));
        if (record.ownerId !== world.accountId) {
          throw new AwsError("AuthFailure", `Not authorized for snapshot: ${record.snapshotId}`, 403);
        }
        const [image] = imagesWith(world, record.snapshotId);
        if (image) {
          throw new AwsError(
            "InvalidSnapshot.InUse",
            `The snapshot ${record.snapshotId} is currently in use by ${image.imageId}`,
          );
        }
        await world.snapshots.remove(record.snapshotId);
        await forgetUnusedFiles(world, record.lineage?.files);
        return {};
      },
    }),
  };
}

function ownedBy(world: Ec2World, snapshot: Snapshot, owners: string[] | undefined): boolean {
  if (owners === undefined || owners.length === 0) return true;
  return owners.some((owner) => {
    if (owner === "self") return snapshot.ownerId === world.accountId;
    return owner === "all" ? snapshot.isPublic : owner === snapshot.ownerId || owner === snapshot.ownerAlias;
  });
}

function shownSnapshot(one: Snapshot) {
  return {
    SnapshotId: one.snapshotId,
    OwnerId: one.ownerId,
    OwnerAlias: one.ownerAlias,
    VolumeId: one.volumeId,
    VolumeSize: one.volumeSizeGiB,
    State: one.state,
    StateMessage: one.stateMessage,
    Progress: `${one.progress}%`,
    StartTime: new Date(one.startedAtMs),
    CompletionTime: one.completedAtMs === undefined ? undefined : new Date(one.completedAtMs),
    Description: one.description,
    Encrypted: one.encrypted,
    KmsKeyId: one.kmsKeyArn,
    StorageTier: "standard",
    Tags: shownTags(one.tags),
  };
}
