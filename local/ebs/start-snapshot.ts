import type { StartSnapshotCommandInput, StartSnapshotCommandOutput } from "@aws-sdk/client-ebs";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Operation, Requirement } from "../core/kernel.ts";
import { blockBytes } from "./block-size.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { DirectApis } from "./direct-apis.ts";
import { accessDenied, invalid, snapshotNotFound } from "./errors.ts";
import { volumeKeyActions } from "./key-access.ts";
import type { SnapshotRecord } from "./snapshots.ts";

/** Pending snapshots an account may have. Source: Service Quotas, EBS direct APIs, "Pending snapshots per account". */
const maxPendingSnapshots = 100;
/** Bounds of `VolumeSize` in GiB. Source: API_StartSnapshot. */
const maxVolumeSizeGiB = 65_536;

interface TokenRecord {
  request: string;
  snapshotId: string;
}

/** StartSnapshot. Blocks are accepted only after a while: awslabs/coldsnap issue 43. */
export function startSnapshot(apis: DirectApis): Operation<StartSnapshotCommandInput, StartSnapshotCommandOutput> {
  const { kernel, snapshots } = apis;
  const tokens = kernel.store.collection<TokenRecord>("ebs.tokens");

  return {
    permissions: (input) => permissions(apis, input),
    run(input, call) {
      const known = input.ClientToken === undefined ? undefined : tokens.get(input.ClientToken);
      const request = canonicalJson({ ...input, ClientToken: undefined });
      if (known) {
        const record = snapshots.get(known.snapshotId);
        if (known.request !== request || !record) {
          throw new AwsError("ConflictException", "The client token was used with different request parameters.", 409);
        }
        return describe(record);
      }
      const record = newRecord(apis, input, call);
      snapshots.put(record);
      if (input.ClientToken !== undefined) {
        tokens.put(input.ClientToken, { request, snapshotId: record.snapshotId });
      }
      apis.watchTimeout(record);
      return describe(record);
    },
  };
}

function permissions({ kernel }: DirectApis, input: StartSnapshotCommandInput): Requirement[] {
  const resource = `arn:aws:ec2:${kernel.settings.region}::snapshot/*`;
  const context: Record<string, string | string[]> = { "ebs:VolumeSize": String(input.VolumeSize) };
  if (input.Description !== undefined) context["ebs:Description"] = input.Description;
  if (input.ParentSnapshotId !== undefined) {
    context["ebs:ParentSnapshot"] = `arn:aws:ec2:${kernel.settings.region}::snapshot/${input.ParentSnapshotId}`;
  }
  const tags = input.Tags ?? [];
  if (tags.length === 0) return [{ action: "ebs:StartSnapshot", resource, context }];
  for (const tag of tags) context[`aws:RequestTag/${tag.Key}`] = tag.Value ?? "";
  context["aws:TagKeys"] = tags.map((tag) => tag.Key ?? "");
  return [
    { action: "ebs:StartSnapshot", resource, context },
    // Tagging while creating is a permission of its own (EBS user guide, "Permissions for EBS direct APIs"). That it sets
    // ec2:CreateAction is documented for EC2's own actions only, so it does not here.
    { action: "ec2:CreateTags", resource, context },
  ];
}

function newRecord(apis: DirectApis, input: StartSnapshotCommandInput, call: Call): SnapshotRecord {
  const { kernel, snapshots } = apis;
  const volumeSizeGiB = checkedSize(input.VolumeSize);
  const timeoutMinutes = input.Timeout ?? 60;
  if (timeoutMinutes < 10 || timeoutMinutes > 4320) {
    throw invalid("INVALID_PARAMETER_VALUE", "Timeout must be between 10 and 4320 minutes.");
  }
  const pending = snapshots.list().filter((other) => other.state === "pending" && other.direct);
  if (pending.length >= maxPendingSnapshots) {
    throw new AwsError("ServiceQuotaExceededException", "Maximum pending snapshots per account reached.", 402, {
      Reason: "DEPENDENCY_SERVICE_QUOTA_EXCEEDED",
    });
  }
  const parent = parentOf(apis, input);
  const nowMs = kernel.clock.now();
  return {
    snapshotId: snapshots.newId(),
    ownerId: kernel.settings.accountId,
    state: "pending",
    progress: 0,
    volumeSizeGiB,
    // No volume was its source; this id stands for that in DescribeSnapshots. Source: EC2 guide, "Copy a snapshot".
    volumeId: "vol-ffffffff",
    description: input.Description ?? "",
    ...encryptionOf(apis, input, parent, call),
    ...(parent ? { parentSnapshotId: parent.snapshotId, lineage: parent.lineage } : {}),
    isPublic: false,
    tags: tagsOf(input),
    startedAtMs: nowMs,
    visibleAtMs: nowMs + kernel.random.between(0, kernel.settings.delays.notFoundAfterCreateSeconds * 1000),
    direct: {
      blocksAcceptedAtMs: nowMs + kernel.random.between(0, kernel.settings.delays.snapshotNotFoundSeconds * 1000),
      timeoutMinutes,
      touchedAtMs: nowMs,
      sealed: false,
    },
  };
}

function checkedSize(size: number | undefined): number {
  if (size !== undefined && Number.isInteger(size) && size >= 1 && size <= maxVolumeSizeGiB) return size;
  throw invalid("INVALID_VOLUME_SIZE", `VolumeSize must be between 1 and ${maxVolumeSizeGiB} GiB.`);
}

function parentOf(apis: DirectApis, input: StartSnapshotCommandInput): Readonly<SnapshotRecord> | undefined {
  if (input.ParentSnapshotId === undefined) return undefined;
  // Source: API_StartSnapshot, "If you specify a value for ParentSnapshotId, omit this parameter" of Encrypted.
  if (input.Encrypted !== undefined || input.KmsKeyArn !== undefined) {
    throw invalid("INVALID_PARAMETER_VALUE", "Encrypted and KmsKeyArn cannot be given together with ParentSnapshotId.");
  }
  const parent = apis.snapshots.get(input.ParentSnapshotId);
  if (!parent) throw snapshotNotFound(input.ParentSnapshotId);
  if (parent.isPublic || parent.ownerId !== apis.kernel.settings.accountId) {
    throw accessDenied(`The snapshot '${parent.snapshotId}' is not owned by this account.`);
  }
  if (parent.state !== "completed") {
    throw invalid("INVALID_SNAPSHOT_ID", `The parent snapshot '${parent.snapshotId}' is not completed.`);
  }
  return parent;
}

/** Source of the rules: EC2 user guide, "Use encryption" of EBS direct APIs. */
function encryptionOf(
  apis: DirectApis,
  input: StartSnapshotCommandInput,
  parent: Readonly<SnapshotRecord> | undefined,
  call: Call,
): { encrypted: boolean; kmsKeyArn?: string } {
  const defaults = apis.encryptionDefaults.get();
  if (parent) {
    if (defaults.encryptByDefault && !parent.encrypted) {
      throw invalid("INVALID_PARAMETER_VALUE", "Encryption by default is on: the parent snapshot must be encrypted.");
    }
    return { encrypted: parent.encrypted, ...(parent.kmsKeyArn ? { kmsKeyArn: parent.kmsKeyArn } : {}) };
  }
  if (input.KmsKeyArn !== undefined && input.Encrypted !== true) {
    throw invalid("INVALID_PARAMETER_VALUE", "KmsKeyArn needs Encrypted to be true.");
  }
  if (input.Encrypted !== true && !defaults.encryptByDefault) return { encrypted: false };
  if (input.Encrypted === false) {
    throw invalid("INVALID_PARAMETER_VALUE", "Encryption by default is on: an unencrypted snapshot is not possible.");
  }
  const kmsKeyArn = apis.keys.arnOf(input.KmsKeyArn ?? defaults.kmsKeyId);
  apis.keys.assertUsable(kmsKeyArn, call.caller, volumeKeyActions);
  return { encrypted: true, kmsKeyArn };
}

function tagsOf(input: StartSnapshotCommandInput): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const { Key = "", Value = "" } of input.Tags ?? []) {
    if (Key === "" || Key.length > 127 || Value.length > 255 || /^aws:/i.test(Key) || Key in tags) {
      throw invalid("INVALID_TAG", `The tag '${Key}' is not valid.`);
    }
    tags[Key] = Value;
  }
  return tags;
}

function describe(record: Readonly<SnapshotRecord>): StartSnapshotCommandOutput {
  return {
    $metadata: {},
    SnapshotId: record.snapshotId,
    OwnerId: record.ownerId,
    Status: record.state,
    StartTime: new Date(record.startedAtMs),
    VolumeSize: record.volumeSizeGiB,
    BlockSize: blockBytes,
    Description: record.description,
    Tags: Object.entries(record.tags).map(([Key, Value]) => ({ Key, Value })),
    ParentSnapshotId: record.parentSnapshotId,
    KmsKeyArn: record.kmsKeyArn,
    SseType: record.encrypted ? "sse-kms" : "none",
  };
}
