import type {
  GetObjectAttributesCommandInput,
  GetObjectAttributesCommandOutput,
  GetObjectCommandInput,
  GetObjectCommandOutput,
  HeadObjectCommandInput,
  HeadObjectCommandOutput,
} from "@aws-sdk/client-s3";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Operation } from "../core/kernel.ts";
import { bucketArn } from "./buckets.ts";
import { assertReadable } from "./conditions.ts";
import type { BucketDocument, VersionDocument } from "./documents.ts";
import { authorizeKey, encryptionMembers } from "./encryption.ts";
import { invalidArgument, noSuchKey, noSuchVersion, refusedObjectMembers, refuseMembers } from "./errors.ts";
import { checksumMembers } from "./integrity.ts";
import { onObject } from "./permissions.ts";
import { type ByteRange, partRange, requestedRange } from "./ranges.ts";
import { lastModified } from "./versions.ts";
import type { World } from "./world.ts";
import { versionMembers } from "./writing.ts";

type Output<T> = Omit<T, "$metadata" | "Body">;

/** What a read finds. */
export interface Found {
  bucket: Readonly<BucketDocument>;
  version: Readonly<VersionDocument>;
}

/**
 * The object a read names.
 * @throws {AwsError} NoSuchKey, NoSuchVersion; MethodNotAllowed for a delete marker read by its id; AccessDenied instead of
 * NoSuchKey when the caller may not list the bucket, so that nobody can probe for names.
 */
export function findObject(
  world: World,
  input: {
    Bucket?: string | undefined;
    Key?: string | undefined;
    VersionId?: string | undefined;
    ExpectedBucketOwner?: string | undefined;
  },
  call: Call,
): Found {
  const bucket = world.buckets.get(input);
  const key = input.Key ?? "";
  if (input.VersionId === undefined) {
    const version = world.versions.current(bucket.name, key);
    if (version && !version.deleteMarker) return { bucket, version };
    call.authorize({ action: "s3:ListBucket", resource: bucketArn(bucket.name) });
    throw noSuchKey(key, version);
  }
  if (!/^(null|[A-Z2-7]{32})$/.test(input.VersionId)) {
    throw invalidArgument("Invalid version id specified", "versionId", input.VersionId);
  }
  const version = world.versions.find(bucket.name, key, input.VersionId);
  if (!version) throw noSuchVersion(key, input.VersionId);
  if (version.deleteMarker) {
    const message = "The specified method is not allowed against this resource.";
    throw new AwsError("MethodNotAllowed", message, 405, {
      Method: "GET",
      ResourceType: "DeleteMarker",
      DeleteMarker: true,
    });
  }
  return { bucket, version };
}

export function readingOperations(world: World): Record<string, Operation> {
  return {
    GetObject: {
      permissions: onObject<GetObjectCommandInput>(world, "GetObject", "GetObjectVersion"),
      run: (input: GetObjectCommandInput, call) => getObject(world, input, call),
    },
    HeadObject: {
      permissions: onObject<HeadObjectCommandInput>(world, "GetObject", "GetObjectVersion"),
      run: (input: HeadObjectCommandInput, call) => describeObject(world, input, call).output,
    },
    GetObjectAttributes: {
      permissions: (input: GetObjectAttributesCommandInput) => [
        ...onObject<GetObjectAttributesCommandInput>(world, "GetObject", "GetObjectVersion")(input),
        ...onObject<GetObjectAttributesCommandInput>(world, "GetObjectAttributes", "GetObjectVersionAttributes")(input),
      ],
      run: (input: GetObjectAttributesCommandInput, call) => attributes(world, input, call),
    },
  };
}

function getObject(
  world: World,
  input: GetObjectCommandInput,
  call: Call,
): Output<GetObjectCommandOutput> & { Body: AsyncIterable<Uint8Array> } {
  const { output, found, range } = describeObject(world, input, call);
  return { ...output, Body: world.blobs.read(found.version.pieces, range.start, range.end) };
}

/** All of a GET but the bytes: what HEAD answers. */
function describeObject(
  world: World,
  input: GetObjectCommandInput | HeadObjectCommandInput,
  call: Call,
): { output: Output<HeadObjectCommandOutput>; found: Found; range: ByteRange } {
  refuseMembers(input, refusedObjectMembers);
  const found = findObject(world, input, call);
  const { bucket, version } = found;
  assertReadable(version, {
    ifMatch: input.IfMatch,
    ifNoneMatch: input.IfNoneMatch,
    ifModifiedSince: input.IfModifiedSince,
    ifUnmodifiedSince: input.IfUnmodifiedSince,
  });
  authorizeKey(world.kernel, call, bucket.name, version.properties.encryption, ["kms:Decrypt"]);
  const ranged =
    input.PartNumber === undefined ? requestedRange(input.Range, version.bytes) : partRange(version, input.PartNumber);
  const range = ranged ?? { start: 0, end: version.bytes };
  const { properties } = version;
  const output: Output<HeadObjectCommandOutput> = {
    AcceptRanges: "bytes",
    LastModified: lastModified(version),
    ContentLength: range.end - range.start,
    ETag: version.etag,
    ...versionMembers(bucket, version),
    ...encryptionMembers(properties.encryption),
    ...contentHeaders(version, input),
    Metadata: { ...properties.metadata },
    ...(properties.storageClass !== "STANDARD" && {
      StorageClass: properties.storageClass as HeadObjectCommandOutput["StorageClass"],
    }),
    ...(properties.tags.length > 0 && { TagCount: properties.tags.length }),
    ...(ranged && { ContentRange: `bytes ${range.start}-${range.end - 1}/${version.bytes}` }),
    ...(input.PartNumber !== undefined && version.multipart && { PartsCount: version.pieces.length }),
    // A checksum covers the whole object, so a part of it is answered without one.
    ...(input.ChecksumMode === "ENABLED" && !ranged && checksumMembers(version.checksum)),
  };
  return { output, found, range };
}

function contentHeaders(version: Readonly<VersionDocument>, input: GetObjectCommandInput | HeadObjectCommandInput) {
  const { properties } = version;
  const headers = {
    ContentType: input.ResponseContentType ?? properties.contentType ?? "binary/octet-stream",
    CacheControl: input.ResponseCacheControl ?? properties.cacheControl,
    ContentDisposition: input.ResponseContentDisposition ?? properties.contentDisposition,
    ContentEncoding: input.ResponseContentEncoding ?? properties.contentEncoding,
    ContentLanguage: input.ResponseContentLanguage ?? properties.contentLanguage,
    ExpiresString: input.ResponseExpires?.toUTCString() ?? properties.expires,
  };
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}

function attributes(
  world: World,
  input: GetObjectAttributesCommandInput,
  call: Call,
): Output<GetObjectAttributesCommandOutput> {
  refuseMembers(input, refusedObjectMembers);
  const { bucket, version } = findObject(world, input, call);
  const wanted = new Set<string>(input.ObjectAttributes ?? []);
  const parts = version.pieces.map((piece, index) => ({
    PartNumber: index + 1,
    Size: piece.bytes,
    ...(piece.checksum !== undefined &&
      version.checksum && { [`Checksum${version.checksum.algorithm}`]: piece.checksum }),
  }));
  const after = Number(input.PartNumberMarker ?? 0);
  const maximum = Math.min(input.MaxParts ?? 1000, 1000);
  const page = parts.filter((part) => part.PartNumber > after).slice(0, maximum);
  return {
    LastModified: lastModified(version),
    ...versionMembers(bucket, version),
    ...(wanted.has("ETag") && { ETag: version.etag.replaceAll('"', "") }),
    ...(wanted.has("Checksum") && { Checksum: checksumMembers(version.checksum) }),
    ...(wanted.has("ObjectSize") && { ObjectSize: version.bytes }),
    ...(wanted.has("StorageClass") && {
      StorageClass: version.properties.storageClass as GetObjectAttributesCommandOutput["StorageClass"],
    }),
    ...(wanted.has("ObjectParts") &&
      version.multipart && {
        ObjectParts: {
          TotalPartsCount: parts.length,
          PartNumberMarker: String(after),
          NextPartNumberMarker: String(page.at(-1)?.PartNumber ?? 0),
          MaxParts: maximum,
          IsTruncated: after + page.length < parts.length,
          Parts: page,
        },
      }),
  };
}
