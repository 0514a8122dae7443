import type {
  ListMultipartUploadsCommandInput,
  ListMultipartUploadsCommandOutput,
  ListPartsCommandInput,
  ListPartsCommandOutput,
} from "@aws-sdk/client-s3";
import type { Operation } from "../core/kernel.ts";
import { objectArn } from "./buckets.ts";
import type { UploadDocument } from "./documents.ts";
import { refuseMembers } from "./errors.ts";
import { ownerId } from "./listing.ts";
import { onBucket } from "./permissions.ts";
import { compareKeys, lastModified } from "./versions.ts";
import type { World } from "./world.ts";

/** The most parts or uploads of one page. Source: ListParts' and ListMultipartUploads' API reference. */
const maximumEntries = 1000;

type Output<T> = Omit<T, "$metadata">;

export function multipartListingOperations(world: World): Record<string, Operation> {
  return {
    ListParts: {
      permissions: (input: ListPartsCommandInput) => [
        { action: "s3:ListMultipartUploadParts", resource: objectArn(world.buckets.get(input).name, input.Key ?? "") },
      ],
      run: (input: ListPartsCommandInput) => listParts(world, input),
    },
    ListMultipartUploads: {
      permissions: onBucket<ListMultipartUploadsCommandInput>(world, "ListBucketMultipartUploads"),
      run: (input: ListMultipartUploadsCommandInput) => listUploads(world, input),
    },
  };
}

function listParts(world: World, input: ListPartsCommandInput): Output<ListPartsCommandOutput> {
  const { name } = world.buckets.get(input);
  const upload = world.uploads.get(name, input.Key, input.UploadId);
  const after = Number(input.PartNumberMarker ?? 0);
  const limit = Math.min(input.MaxParts ?? maximumEntries, maximumEntries);
  const following = world.uploads.parts(upload.uploadId).filter((part) => part.number > after);
  const page = following.slice(0, limit);
  const owner = { ID: ownerId(world), DisplayName: world.kernel.settings.accountId };
  const algorithm = upload.checksumAlgorithm;
  return {
    Bucket: name,
    Key: upload.key,
    UploadId: upload.uploadId,
    PartNumberMarker: String(after),
    NextPartNumberMarker: String(page.at(-1)?.number ?? 0),
    MaxParts: limit,
    IsTruncated: following.length > page.length,
    Initiator: { ID: upload.initiator, DisplayName: upload.initiator },
    Owner: owner,
    StorageClass: upload.properties.storageClass as "STANDARD",
    ...(algorithm && { ChecksumAlgorithm: algorithm, ChecksumType: upload.checksumType }),
    Parts: page.map((part) => ({
      PartNumber: part.number,
      LastModified: lastModified(part),
      ETag: part.etag,
      Size: part.piece.bytes,
      ...(algorithm && { [`Checksum${algorithm}`]: part.piece.checksum }),
    })),
  };
}

function listUploads(world: World, input: ListMultipartUploadsCommandInput): Output<ListMultipartUploadsCommandOutput> {
  refuseMembers(input, ["Delimiter", "EncodingType"]);
  const { name } = world.buckets.get(input);
  const prefix = input.Prefix ?? "";
  const limit = Math.min(input.MaxUploads ?? maximumEntries, maximumEntries);
  const following = world.uploads
    .list(name)
    .filter((upload) => upload.key.startsWith(prefix) && isAfter(upload, input.KeyMarker, input.UploadIdMarker))
    .sort((a, b) => compareKeys(a.key, b.key) || compareKeys(a.uploadId, b.uploadId));
  const page = following.slice(0, limit);
  const last = page.at(-1);
  const truncated = following.length > page.length;
  return {
    Bucket: name,
    KeyMarker: input.KeyMarker ?? "",
    UploadIdMarker: input.UploadIdMarker ?? "",
    Prefix: prefix,
    MaxUploads: limit,
    IsTruncated: truncated,
    ...(truncated && last && { NextKeyMarker: last.key, NextUploadIdMarker: last.uploadId }),
    Uploads: page.map((upload) => ({
      UploadId: upload.uploadId,
      Key: upload.key,
      Initiated: new Date(upload.initiatedMs),
      StorageClass: upload.properties.storageClass as "STANDARD",
      Owner: { ID: ownerId(world), DisplayName: world.kernel.settings.accountId },
      Initiator: { ID: upload.initiator, DisplayName: upload.initiator },
      ...(upload.checksumAlgorithm && {
        ChecksumAlgorithm: upload.checksumAlgorithm,
        ChecksumType: upload.checksumType,
      }),
    })),
  };
}

/** An upload-id marker counts only together with a key marker, and then within that key. */
function isAfter(
  upload: Readonly<UploadDocument>,
  keyMarker: string | undefined,
  idMarker: string | undefined,
): boolean {
  if (keyMarker === undefined) return true;
  const order = compareKeys(upload.key, keyMarker);
  return order > 0 || (order === 0 && idMarker !== undefined && compareKeys(upload.uploadId, idMarker) > 0);
}
