import type { PutObjectCommandInput, PutObjectCommandOutput } from "@aws-sdk/client-s3";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Operation, Requirement } from "../core/kernel.ts";
import { type Body, chunksOf } from "./bodies.ts";
import { objectArn } from "./buckets.ts";
import { assertWritable } from "./conditions.ts";
import type { BucketDocument, VersionDocument } from "./documents.ts";
import { authorizeKey, encryptionMembers } from "./encryption.ts";
import { conditionalRequestConflict } from "./errors.ts";
import { checksumMembers, namedChecksum, verifyDigests } from "./integrity.ts";
import { contextOf } from "./permissions.ts";
import { checkKey, propertiesOf, tagsOfQuery } from "./properties.ts";
import type { NewVersion } from "./versions.ts";
import type { World } from "./world.ts";

/** The most one PUT (or one part, or one copy) may carry: 5 GiB. Source: S3 user guide, "Uploading objects". */
export const maximumPutBytes = 5 * 1024 ** 3;

type Output<T> = Omit<T, "$metadata">;

export function entityTooLarge(): AwsError {
  return new AwsError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400, {
    MaxSizeAllowed: maximumPutBytes,
  });
}

interface WriteInput {
  Bucket?: string | undefined;
  Key?: string | undefined;
  ExpectedBucketOwner?: string | undefined;
  ACL?: string | undefined;
  IfMatch?: string | undefined;
  IfNoneMatch?: string | undefined;
  ServerSideEncryption?: string | undefined;
  SSEKMSKeyId?: string | undefined;
  StorageClass?: string | undefined;
  Tagging?: string | undefined;
}

/**
 * What writing an object needs: s3:PutObject, s3:PutObjectTagging when it has tags, and s3:GetObject for a condition on an
 * ETag, since its answer tells something of the object. Source: S3 user guide, "How to prevent object overwrites with
 * conditional writes".
 * @param creates False for the steps of a multipart upload that make no object yet (`s3:ObjectCreationOperation`).
 */
export function writePermissions(world: World, input: WriteInput, creates = true): Requirement[] {
  const { name } = world.buckets.get(input);
  const resource = objectArn(name, input.Key ?? "");
  const tags = tagsOfQuery(input.Tagging);
  const tagContext = Object.fromEntries(tags.map((tag) => [`s3:RequestObjectTag/${tag.Key}`, tag.Value]));
  const context = contextOf({
    "s3:ObjectCreationOperation": String(creates),
    "s3:if-match": input.IfMatch,
    "s3:if-none-match": input.IfNoneMatch,
    "s3:x-amz-acl": input.ACL,
    "s3:x-amz-server-side-encryption": input.ServerSideEncryption,
    "s3:x-amz-server-side-encryption-aws-kms-key-id": input.SSEKMSKeyId,
    "s3:x-amz-storage-class": input.StorageClass,
    "s3:RequestObjectTagKeys": tags.length > 0 ? tags.map((tag) => tag.Key) : undefined,
    ...tagContext,
  });
  const needed: Requirement[] = [{ action: "s3:PutObject", resource, context }];
  if (tags.length > 0) needed.push({ action: "s3:PutObjectTagging", resource, context });
  if (input.IfMatch !== undefined) needed.push({ action: "s3:GetObject", resource });
  return needed;
}

/** Conditions of a write, judged before its bytes arrive and again when it is committed. */
export interface WriteConditions {
  IfMatch?: string | undefined;
  IfNoneMatch?: string | undefined;
}

/**
 * Puts a version in place if the conditions hold, in one step that nothing can come between.
 * @throws {AwsError} PreconditionFailed, NoSuchKey; NoSuchBucket when it was deleted meanwhile.
 */
export function commitVersion(
  world: World,
  input: { Bucket?: string | undefined; ExpectedBucketOwner?: string | undefined },
  conditions: WriteConditions,
  made: NewVersion,
): Written {
  const bucket = world.buckets.get(input);
  assertWritable(made.key, world.versions.current(bucket.name, made.key), conditions);
  const { version, discarded } = world.versions.put(bucket, made);
  for (const old of discarded) world.blobs.discard(old.pieces);
  return { bucket, version };
}

export interface Written {
  bucket: Readonly<BucketDocument>;
  version: VersionDocument;
}

/**
 * Makes a version from bytes that `receive` brings in, if the conditions hold before they arrive and after. A failed write
 * leaves nothing.
 * @throws {AwsError} What `commitVersion` throws; ConditionalRequestConflict when the key was deleted in between.
 */
export async function receiveVersion(
  world: World,
  input: { Bucket?: string | undefined; ExpectedBucketOwner?: string | undefined },
  key: string,
  conditions: WriteConditions,
  receive: () => Promise<NewVersion>,
): Promise<Written> {
  const { name } = world.buckets.get(input);
  assertWritable(key, world.versions.current(name, key), conditions);
  const watch = world.versions.watchDeletes(name, key);
  try {
    const made = await receive();
    try {
      const conditional = conditions.IfMatch !== undefined || conditions.IfNoneMatch !== undefined;
      if (conditional && watch.deleted) throw conditionalRequestConflict(key);
      return commitVersion(world, input, conditions, made);
    } catch (error) {
      world.blobs.discard(made.pieces);
      throw error;
    }
  } finally {
    watch.end();
  }
}

/** `VersionId` as responses carry it: only where the bucket has versioning. */
export function versionMembers(bucket: Readonly<BucketDocument>, version: { versionId: string }) {
  return bucket.versioning === undefined ? {} : { VersionId: version.versionId };
}

export function writingOperations(world: World): Record<string, Operation> {
  return {
    PutObject: {
      permissions: (input: PutObjectCommandInput) => writePermissions(world, input),
      run: (input: PutObjectCommandInput, call) => putObject(world, input, call),
    },
  };
}

async function putObject(
  world: World,
  input: PutObjectCommandInput,
  call: Call,
): Promise<Output<PutObjectCommandOutput>> {
  const key = checkKey(input.Key);
  const target = world.buckets.get(input);
  const properties = await propertiesOf(world, target, input);
  authorizeKey(world.kernel, call, target.name, properties.encryption, ["kms:GenerateDataKey"]);
  const algorithm = namedChecksum(input) ?? "CRC64NVME";
  const { bucket, version } = await receiveVersion(world, input, key, input, async () => {
    const { file, digests } = await world.blobs.write(
      chunksOf(input.Body as Body),
      algorithm,
      maximumPutBytes,
      entityTooLarge,
    );
    const pieces = [{ file, bytes: digests.bytes }];
    try {
      verifyDigests(input, algorithm, digests);
    } catch (error) {
      world.blobs.discard(pieces);
      throw error;
    }
    return {
      key,
      deleteMarker: false,
      bytes: digests.bytes,
      etag: `"${digests.md5}"`,
      pieces,
      multipart: false,
      checksum: { algorithm, value: digests.checksum, type: "FULL_OBJECT" },
      properties,
    };
  });
  world.events.created(bucket, version, "PutObject", call);
  return {
    ETag: version.etag,
    ...checksumMembers(version.checksum),
    ...versionMembers(bucket, version),
    ...encryptionMembers(version.properties.encryption),
  };
}
