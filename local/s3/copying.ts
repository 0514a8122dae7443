import type {
  CopyObjectCommandInput,
  CopyObjectCommandOutput,
  UploadPartCopyCommandInput,
  UploadPartCopyCommandOutput,
} from "@aws-sdk/client-s3";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Operation, Requirement } from "../core/kernel.ts";
import { objectArn } from "./buckets.ts";
import type { ChecksumName } from "./checksums.ts";
import { assertReadable } from "./conditions.ts";
import type { ObjectProperties, StoredChecksum, VersionDocument } from "./documents.ts";
import { authorizeKey, encryptionMembers } from "./encryption.ts";
import { invalidArgument, invalidRequest, preconditionFailed, refusedObjectMembers, refuseMembers } from "./errors.ts";
import { checksumMembers, namedChecksum } from "./integrity.ts";
import { partChecksum, receivePart } from "./multipart.ts";
import { onObject } from "./permissions.ts";
import { checkKey, propertiesOf } from "./properties.ts";
import { type ByteRange, requestedRange } from "./ranges.ts";
import { type Found, findObject } from "./reading.ts";
import { lastModified, type NewVersion } from "./versions.ts";
import type { World } from "./world.ts";
import { entityTooLarge, maximumPutBytes, receiveVersion, versionMembers, writePermissions } from "./writing.ts";

type Output<T> = Omit<T, "$metadata">;

interface Source {
  Bucket: string;
  Key: string;
  VersionId?: string;
}

/**
 * `bucket/key?versionId=id`, percent-encoded, with or without a leading slash.
 * @throws {AwsError} InvalidArgument.
 */
function parseSource(copySource: string | undefined): Source {
  const [path = "", query = ""] = (copySource ?? "").split(/\?(?=versionId=)/);
  let decoded: string;
  try {
    decoded = decodeURIComponent(path.replace(/^\//, ""));
  } catch {
    throw invalidArgument("Invalid copy source encoding", "x-amz-copy-source", copySource);
  }
  const slash = decoded.indexOf("/");
  if (slash < 1 || slash === decoded.length - 1) {
    throw invalidArgument("Invalid copy source object key", "x-amz-copy-source", copySource);
  }
  const versionId = new URLSearchParams(query).get("versionId");
  return {
    Bucket: decoded.slice(0, slash),
    Key: decoded.slice(slash + 1),
    ...(versionId !== null && { VersionId: versionId }),
  };
}

export function copyingOperations(world: World): Record<string, Operation> {
  return {
    CopyObject: {
      permissions: (input: CopyObjectCommandInput) => copyPermissions(world, input),
      run: (input: CopyObjectCommandInput, call) => copyObject(world, input, call),
    },
    UploadPartCopy: {
      permissions: (input: UploadPartCopyCommandInput) => [
        ...onObject<Source>(world, "GetObject", "GetObjectVersion")(parseSource(input.CopySource)),
        ...writePermissions(world, { Bucket: input.Bucket, Key: input.Key }, false),
      ],
      run: (input: UploadPartCopyCommandInput, call) => copyPart(world, input, call),
    },
  };
}

/** Copying reads the source and writes the target; tags that come along need their own permissions on both sides. */
function copyPermissions(world: World, input: CopyObjectCommandInput): Requirement[] {
  const source = parseSource(input.CopySource);
  const needed = [
    ...onObject<Source>(world, "GetObject", "GetObjectVersion")(source),
    ...writePermissions(world, input),
  ];
  for (const requirement of needed) {
    if (requirement.action !== "s3:PutObject") continue;
    requirement.context = {
      ...requirement.context,
      "s3:x-amz-copy-source": input.CopySource ?? "",
      ...(input.MetadataDirective && { "s3:x-amz-metadata-directive": input.MetadataDirective }),
    };
  }
  const version = world.versions.current(source.Bucket, source.Key);
  if (input.TaggingDirective !== "REPLACE" && (version?.properties.tags.length ?? 0) > 0) {
    needed.push(...onObject<Source>(world, "GetObjectTagging", "GetObjectVersionTagging")(source));
    needed.push({ action: "s3:PutObjectTagging", resource: objectArn(input.Bucket ?? "", input.Key ?? "") });
  }
  return needed;
}

interface SourceConditions {
  CopySource?: string | undefined;
  CopySourceIfMatch?: string | undefined;
  CopySourceIfNoneMatch?: string | undefined;
  CopySourceIfModifiedSince?: Date | undefined;
  CopySourceIfUnmodifiedSince?: Date | undefined;
  ExpectedSourceBucketOwner?: string | undefined;
}

/** The source, if its conditions hold; here a condition that would be 304 on a GET is 412. */
function readSource(world: World, input: SourceConditions, call: Call): Found {
  const source = { ...parseSource(input.CopySource), ExpectedBucketOwner: input.ExpectedSourceBucketOwner };
  const found = findObject(world, source, call);
  try {
    assertReadable(found.version, {
      ifMatch: input.CopySourceIfMatch,
      ifNoneMatch: input.CopySourceIfNoneMatch,
      ifModifiedSince: input.CopySourceIfModifiedSince,
      ifUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
    });
  } catch (error) {
    if (error instanceof AwsError && error.status === 304) throw preconditionFailed("x-amz-copy-source-If-None-Match");
    throw error;
  }
  authorizeKey(world.kernel, call, found.bucket.name, found.version.properties.encryption, ["kms:Decrypt"]);
  return found;
}

async function copyObject(
  world: World,
  input: CopyObjectCommandInput,
  call: Call,
): Promise<Output<CopyObjectCommandOutput>> {
  const target = world.buckets.get(input);
  const key = checkKey(input.Key);
  const source = readSource(world, input, call);
  if (source.version.bytes > maximumPutBytes) {
    throw invalidRequest(
      `The specified copy source is larger than the maximum allowable size for a copy source: ${maximumPutBytes}`,
    );
  }
  refuseCopyOntoItself(input, source, target.name, key);
  const properties = await targetProperties(world, input, source.version);
  authorizeKey(world.kernel, call, target.name, properties.encryption, ["kms:GenerateDataKey"]);
  const algorithm =
    namedChecksum({ ChecksumAlgorithm: input.ChecksumAlgorithm }) ?? source.version.checksum?.algorithm ?? "CRC64NVME";
  const { bucket, version } = await receiveVersion(world, input, key, input, () =>
    copyBytes(world, source.version, key, algorithm, properties),
  );
  world.events.created(bucket, version, "CopyObject", call);
  return {
    CopyObjectResult: {
      ETag: version.etag,
      LastModified: lastModified(version),
      ...checksumMembers(version.checksum),
    },
    ...(source.bucket.versioning !== undefined && { CopySourceVersionId: source.version.versionId }),
    ...versionMembers(bucket, version),
    ...encryptionMembers(properties.encryption),
  };
}

/** @throws {AwsError} InvalidRequest for a copy of the current version onto itself that changes nothing. */
function refuseCopyOntoItself(input: CopyObjectCommandInput, source: Found, bucket: string, key: string): void {
  if (source.bucket.name !== bucket || source.version.key !== key) return;
  if (parseSource(input.CopySource).VersionId !== undefined) return;
  if (input.MetadataDirective === "REPLACE" || input.StorageClass !== undefined) return;
  if (input.ServerSideEncryption !== undefined || input.ChecksumAlgorithm !== undefined) return;
  throw invalidRequest(
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
  );
}

/** The target has the source's metadata and tags unless the request replaces them; class and encryption are its own. */
async function targetProperties(
  world: World,
  input: CopyObjectCommandInput,
  source: Readonly<VersionDocument>,
): Promise<ObjectProperties> {
  const given = await propertiesOf(world, world.buckets.get(input), input);
  const described = input.MetadataDirective === "REPLACE" ? given : source.properties;
  const tags = input.TaggingDirective === "REPLACE" ? given.tags : source.properties.tags;
  return { ...described, tags, storageClass: given.storageClass, encryption: given.encryption };
}

/** The copy's bytes: a second name for the same file where its digests stay true, else read and digested anew. */
async function copyBytes(
  world: World,
  source: Readonly<VersionDocument>,
  key: string,
  algorithm: ChecksumName,
  properties: ObjectProperties,
): Promise<NewVersion> {
  const [only] = source.pieces;
  const common = { key, deleteMarker: false, multipart: false, bytes: source.bytes, properties };
  if (!source.multipart && only && source.checksum?.algorithm === algorithm) {
    const pieces = [{ file: await world.blobs.share(only.file), bytes: only.bytes }];
    return { ...common, etag: source.etag, pieces, checksum: source.checksum };
  }
  const bytes = world.blobs.read(source.pieces, 0, source.bytes);
  const { file, digests } = await world.blobs.write(bytes, algorithm, maximumPutBytes, entityTooLarge);
  const checksum: StoredChecksum = { algorithm, value: digests.checksum, type: "FULL_OBJECT" };
  return { ...common, etag: `"${digests.md5}"`, pieces: [{ file, bytes: digests.bytes }], checksum };
}

async function copyPart(
  world: World,
  input: UploadPartCopyCommandInput,
  call: Call,
): Promise<Output<UploadPartCopyCommandOutput>> {
  refuseMembers(input, refusedObjectMembers);
  const { name } = world.buckets.get(input);
  const upload = world.uploads.get(name, input.Key, input.UploadId);
  const source = readSource(world, input, call);
  authorizeKey(world.kernel, call, name, upload.properties.encryption, ["kms:GenerateDataKey"]);
  const range = sourceRange(input.CopySourceRange, source.version.bytes);
  const algorithm = partChecksum(upload, undefined);
  const bytes = world.blobs.read(source.version.pieces, range.start, range.end);
  const part = await receivePart(world, upload, input.PartNumber, bytes, algorithm, () => {});
  return {
    CopyPartResult: {
      ETag: part.etag,
      LastModified: lastModified(part),
      [`Checksum${algorithm}`]: part.piece.checksum,
    },
    ...(source.bucket.versioning !== undefined && { CopySourceVersionId: source.version.versionId }),
    ...encryptionMembers(upload.properties.encryption),
  };
}

/** @throws {AwsError} InvalidArgument for anything but `bytes=first-last` inside the source. */
function sourceRange(header: string | undefined, bytes: number): ByteRange {
  if (header === undefined) return { start: 0, end: bytes };
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header) ?? [];
  const range = first === undefined ? undefined : requestedRange(header, bytes);
  if (!range || Number(last) >= bytes) {
    const message = `Range specified is not valid for source object of size: ${bytes}`;
    throw invalidArgument(message, "x-amz-copy-source-range", header);
  }
  return range;
}
