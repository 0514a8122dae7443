import type { CopyImageCommandInput } from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Operation } from "../core/kernel.ts";
import { volumeKeyActions } from "../ebs/key-access.ts";
import { ClientTokens } from "./client-tokens.ts";
import { badCombination, invalidParameter, required } from "./errors.ts";
import { announceImage, becomeAvailable } from "./image-states.ts";
import { requireImage } from "./images.ts";
import { operation } from "./operation.ts";
import type { ImageMapping, ImageRecord, Tags } from "./records.ts";
import { freeImageName } from "./register-image.ts";
import { copySnapshotBytes, newSnapshot } from "./snapshot-copies.ts";
import { specifiedTags, tagOnCreatePermissions, tagsFor } from "./tags.ts";
import type { Ec2World } from "./world.ts";

/** CopyImage within the region: an own image with own snapshots, encrypted when asked or when that is the default. */
export function copyImage(world: Ec2World): Record<string, Operation> {
  const tokens = new ClientTokens(world, "CopyImage", 64);
  return operation<CopyImageCommandInput, object>({
    name: "CopyImage",
    accepts: [
      "ClientToken",
      "Description",
      "Encrypted",
      "KmsKeyId",
      "Name",
      "SourceImageId",
      "SourceRegion",
      "CopyImageTags",
      "TagSpecifications",
    ],
    permissions: (input) => [
      // The source too, since October 2024. Source: EC2 user guide, "Grant permissions to copy Amazon EC2 AMIs".
      world.permission("CopyImage", "image", input.SourceImageId ?? "*"),
      world.creation("CopyImage", "image", tagsFor(input.TagSpecifications, "image")),
      world.creation("CopyImage", "snapshot", tagsFor(input.TagSpecifications, "snapshot")),
      ...tagOnCreatePermissions(world, "CopyImage", input.TagSpecifications),
    ],
    run(input, call) {
      const { ClientToken, ...request } = input;
      const earlier = tokens.find(ClientToken, request);
      if (earlier !== undefined && world.images.get(earlier)) return { ImageId: earlier };
      const record = copied(world, input, call);
      world.images.put(record.imageId, record);
      tokens.remember(ClientToken, request, record.imageId);
      announceImage(world, record, call.requestId);
      becomeAvailable(world, record.imageId, world.kernel.settings.delays.imageCopySeconds);
      return { ImageId: record.imageId };
    },
  });
}

function copied(world: Ec2World, input: CopyImageCommandInput, call: Call): ImageRecord {
  const source = requireCopyable(world, input);
  const name = freeImageName(world, input.Name);
  const tags = specifiedTags(input.TagSpecifications, ["image", "snapshot"], call);
  const key = encryptionKey(world, input, call);
  const ownTags = input.CopyImageTags === true && source.ownerId === world.accountId ? userTags(source.tags) : {};
  const mappings = source.mappings.map((mapping) => copiedMapping(world, mapping, source, key, tags.snapshot ?? {}));
  const { publicParameter: _parameter, ownerAlias: _alias, deprecatedAtMs: _deprecated, ...kept } = source;
  return {
    ...kept,
    imageId: world.newId("ami-"),
    name,
    description: input.Description ?? "",
    ownerId: world.accountId,
    state: "pending",
    mappings,
    isPublic: false,
    launchAccounts: [],
    createdAtMs: world.now(),
    deregistrationProtection: "disabled",
    sourceImageId: source.imageId,
    tags: { ...ownTags, ...tags.image },
    visibleAtMs: world.visibleFrom(),
  };
}

function requireCopyable(world: Ec2World, input: CopyImageCommandInput): Readonly<ImageRecord> {
  const { region } = world.kernel.settings;
  const from = required(input.SourceRegion, "SourceRegion");
  if (from !== region) {
    throw invalidParameter(
      `Invalid value for parameter sourceRegion: ${from}. This cloud has the region ${region} only.`,
    );
  }
  const source = requireImage(world, required(input.SourceImageId, "SourceImageId"));
  if (source.state !== "available") {
    throw new AwsError("InvalidAMIID.Unavailable", `The image ID '${source.imageId}' is in state '${source.state}'`);
  }
  // Source: EC2 user guide, "Copy an Amazon EC2 AMI": images with a Marketplace product code of others cannot be copied.
  if (source.ownerId !== world.accountId && source.lineage.productCodes.length > 0) {
    throw new AwsError(
      "InvalidRequest",
      "Images with EC2 BillingProduct codes cannot be copied to another AWS account",
    );
  }
  return source;
}

function encryptionKey(world: Ec2World, input: CopyImageCommandInput, call: Call): string | undefined {
  const defaults = world.encryptionDefaults.get();
  if (input.KmsKeyId !== undefined && input.Encrypted !== true) {
    throw badCombination("KmsKeyId requires Encrypted to be set to true.");
  }
  if (input.Encrypted !== true && !defaults.encryptByDefault) return undefined;
  const arn = world.keys.arnOf(input.KmsKeyId ?? defaults.kmsKeyId);
  // Source: EC2 user guide, "Use encryption with EBS-backed AMIs", permissions of the copying principal.
  world.keys.assertUsable(arn, call.caller, volumeKeyActions);
  return arn;
}

function copiedMapping(
  world: Ec2World,
  mapping: ImageMapping,
  image: Readonly<ImageRecord>,
  key: string | undefined,
  tags: Tags,
): ImageMapping {
  const source = world.snapshots.get(mapping.ebs?.snapshotId ?? "");
  if (!mapping.ebs || !source) return mapping;
  const copy = newSnapshot(world, {
    volumeSizeGiB: source.volumeSizeGiB,
    description: `Copied for DestinationAmi from SourceAmi ${image.imageId} for SourceSnapshot ${source.snapshotId}.`,
    encrypted: source.encrypted || key !== undefined,
    ...(key === undefined && source.kmsKeyArn === undefined ? {} : { kmsKeyArn: key ?? source.kmsKeyArn }),
    ...(source.lineage ? { lineage: source.lineage } : {}),
    tags,
  });
  copySnapshotBytes(world, source.snapshotId, copy.snapshotId, world.kernel.settings.delays.imageCopySeconds);
  return { ...mapping, ebs: { ...mapping.ebs, snapshotId: copy.snapshotId, encrypted: copy.encrypted } };
}

function userTags(tags: Tags): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !key.startsWith("aws:")));
}
