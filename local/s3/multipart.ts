import type {
  CompletedPart,
  CompleteMultipartUploadCommandInput,
  CompleteMultipartUploadCommandOutput,
  CreateMultipartUploadCommandInput,
  CreateMultipartUploadCommandOutput,
  UploadPartCommandInput,
  UploadPartCommandOutput,
} from "@aws-sdk/client-s3";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Operation } from "../core/kernel.ts";
import { type Body, chunksOf } from "./bodies.ts";
import { objectArn } from "./buckets.ts";
import { type ChecksumName, checksumOfParts, etagOfParts, isChecksumName, isCombinable } from "./checksums.ts";
import type { PartDocument, Piece, StoredChecksum, UploadDocument } from "./documents.ts";
import { authorizeKey, encryptionMembers } from "./encryption.ts";
import {
  badDigest,
  invalidArgument,
  invalidRequest,
  malformedXml,
  refusedObjectMembers,
  refuseMembers,
} from "./errors.ts";
import { checksumMembers, namedChecksum, verifyDigests } from "./integrity.ts";
import { checkKey, propertiesOf } from "./properties.ts";
import type { World } from "./world.ts";
import { commitVersion, entityTooLarge, maximumPutBytes, versionMembers, writePermissions } from "./writing.ts";

/** Limits of multipart uploads. Source: S3 user guide, "Amazon S3 multipart upload limits". */
const minimumPartBytes = 5 * 1024 ** 2;
const maximumPartNumber = 10_000;

type Output<T> = Omit<T, "$metadata">;

export function multipartOperations(world: World): Record<string, Operation> {
  return {
    CreateMultipartUpload: {
      permissions: (input: CreateMultipartUploadCommandInput) => writePermissions(world, input, false),
      run: (input: CreateMultipartUploadCommandInput, call) => createUpload(world, input, call),
    },
    UploadPart: {
      permissions: (input: UploadPartCommandInput) => writePermissions(world, input, false),
      run: (input: UploadPartCommandInput, call) => uploadPart(world, input, call),
    },
    CompleteMultipartUpload: {
      permissions: (input: CompleteMultipartUploadCommandInput) => writePermissions(world, input),
      run: (input: CompleteMultipartUploadCommandInput, call) => completeUpload(world, input, call),
    },
    AbortMultipartUpload: {
      permissions: (input) => [
        {
          action: "s3:AbortMultipartUpload",
          resource: objectArn(world.buckets.get(input).name, input.Key ?? ""),
        },
      ],
      run: (input) => {
        const upload = world.uploads.get(world.buckets.get(input).name, input.Key, input.UploadId);
        for (const part of world.uploads.parts(upload.uploadId)) world.blobs.discard([part.piece]);
        world.uploads.end(upload.uploadId);
        return {};
      },
    },
  };
}

async function createUpload(
  world: World,
  input: CreateMultipartUploadCommandInput,
  call: Call,
): Promise<Output<CreateMultipartUploadCommandOutput>> {
  const bucket = world.buckets.get(input);
  const key = checkKey(input.Key);
  const properties = await propertiesOf(world, bucket, input);
  authorizeKey(world.kernel, call, bucket.name, properties.encryption, ["kms:GenerateDataKey"]);
  const checksum = uploadChecksum(input.ChecksumAlgorithm, input.ChecksumType);
  const upload: UploadDocument = {
    bucket: bucket.name,
    key,
    uploadId: world.kernel.random.code(64),
    initiatedMs: world.kernel.clock.now(),
    initiator: call.caller.arn,
    ...(checksum && { checksumAlgorithm: checksum.algorithm, checksumType: checksum.type }),
    properties,
  };
  world.uploads.put(upload);
  return {
    Bucket: bucket.name,
    Key: key,
    UploadId: upload.uploadId,
    ...encryptionMembers(properties.encryption),
    ...(checksum && { ChecksumAlgorithm: checksum.algorithm, ChecksumType: checksum.type }),
  };
}

/** Composite is the default except for CRC64NVME, which has no other than the full-object form; SHAs have no full-object form. */
function uploadChecksum(
  algorithm: string | undefined,
  type: "COMPOSITE" | "FULL_OBJECT" | undefined,
): { algorithm: ChecksumName; type: "COMPOSITE" | "FULL_OBJECT" } | undefined {
  if (algorithm === undefined) {
    if (type !== undefined)
      throw invalidRequest("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.");
    return undefined;
  }
  const name = namedChecksum({ ChecksumAlgorithm: algorithm });
  if (name === undefined || !isChecksumName(name)) return undefined;
  const chosen = type ?? (name === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE");
  if ((chosen === "FULL_OBJECT" && !isCombinable(name)) || (chosen === "COMPOSITE" && name === "CRC64NVME")) {
    throw invalidRequest(
      `The ${chosen} checksum type cannot be used with the ${name.toLowerCase()} checksum algorithm.`,
    );
  }
  return { algorithm: name, type: chosen };
}

async function uploadPart(
  world: World,
  input: UploadPartCommandInput,
  call: Call,
): Promise<Output<UploadPartCommandOutput>> {
  refuseMembers(input, refusedObjectMembers);
  const { name } = world.buckets.get(input);
  const upload = world.uploads.get(name, input.Key, input.UploadId);
  authorizeKey(world.kernel, call, name, upload.properties.encryption, ["kms:GenerateDataKey"]);
  const algorithm = partChecksum(upload, namedChecksum(input));
  const part = await receivePart(world, upload, input.PartNumber, chunksOf(input.Body as Body), algorithm, (digests) =>
    verifyDigests(input, algorithm, digests),
  );
  return {
    ETag: part.etag,
    ...(part.piece.checksum !== undefined && { [`Checksum${algorithm}`]: part.piece.checksum }),
    ...encryptionMembers(upload.properties.encryption),
  };
}

/** The algorithm of a part: the upload's own, which the part must not contradict. */
export function partChecksum(upload: Readonly<UploadDocument>, named: ChecksumName | undefined): ChecksumName {
  const expected = upload.checksumAlgorithm ?? "CRC64NVME";
  if (named !== undefined && named !== expected) {
    throw invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksumAlgorithm?.toLowerCase() ?? "null"}, actual checksum Type: ${named.toLowerCase()}`,
    );
  }
  return expected;
}

/**
 * Stores a part's bytes, in place of an earlier part of the same number.
 * @throws {AwsError} InvalidArgument for a number outside 1–10,000; NoSuchUpload when it ended meanwhile.
 */
export async function receivePart(
  world: World,
  upload: Readonly<UploadDocument>,
  number: number | undefined,
  source: AsyncIterable<Uint8Array>,
  algorithm: ChecksumName,
  verify: (digests: { bytes: number; md5: string; checksum: string }) => void,
): Promise<PartDocument> {
  if (number === undefined || !Number.isInteger(number) || number < 1 || number > maximumPartNumber) {
    const message = "Part number must be an integer between 1 and 10000, inclusive";
    throw invalidArgument(message, "partNumber", number);
  }
  const { file, digests } = await world.blobs.write(source, algorithm, maximumPutBytes, entityTooLarge);
  const piece: Piece = { file, bytes: digests.bytes, checksum: digests.checksum };
  try {
    verify(digests);
    world.uploads.get(upload.bucket, upload.key, upload.uploadId);
  } catch (error) {
    world.blobs.discard([piece]);
    throw error;
  }
  const part: PartDocument = {
    number,
    etag: `"${digests.md5}"`,
    md5: digests.md5,
    lastModifiedMs: world.kernel.clock.now(),
    piece,
  };
  const replaced = world.uploads.putPart(upload.uploadId, part);
  if (replaced) world.blobs.discard([replaced.piece]);
  return part;
}

/** Nothing in here waits, so two completions of one upload cannot both find its parts. */
function completeUpload(
  world: World,
  input: CompleteMultipartUploadCommandInput,
  call: Call,
): Output<CompleteMultipartUploadCommandOutput> {
  refuseMembers(input, refusedObjectMembers);
  const { name } = world.buckets.get(input);
  const upload = world.uploads.get(name, input.Key, input.UploadId);
  authorizeKey(world.kernel, call, name, upload.properties.encryption, ["kms:GenerateDataKey", "kms:Decrypt"]);
  const stored = world.uploads.parts(upload.uploadId);
  const chosen = chooseParts(upload, stored, input.MultipartUpload?.Parts ?? []);
  const bytes = chosen.reduce((sum, part) => sum + part.piece.bytes, 0);
  if (input.MpuObjectSize !== undefined && Number(input.MpuObjectSize) !== bytes) {
    throw invalidRequest("The provided 'x-amz-mp-object-size' header does not match what was computed.");
  }
  const checksum = wholeChecksum(upload, chosen, input);
  const { bucket, version } = commitVersion(world, input, input, {
    key: upload.key,
    deleteMarker: false,
    bytes,
    etag: etagOfParts(chosen.map((part) => part.md5)),
    pieces: chosen.map((part) => part.piece),
    multipart: true,
    checksum,
    properties: upload.properties,
  });
  const used = new Set(chosen);
  for (const part of stored) if (!used.has(part)) world.blobs.discard([part.piece]);
  world.uploads.end(upload.uploadId);
  world.events.created(bucket, version, "CompleteMultipartUpload", call);
  return {
    Bucket: name,
    Key: upload.key,
    Location: `${world.kernel.settings.endpoint}/${name}/${encodeURIComponent(upload.key).replaceAll("%2F", "/")}`,
    ETag: version.etag,
    ...checksumMembers(checksum),
    ...versionMembers(bucket, version),
    ...encryptionMembers(upload.properties.encryption),
  };
}

/**
 * The stored parts a completion lists.
 * @throws {AwsError} InvalidPart, InvalidPartOrder, EntityTooSmall, MalformedXML.
 */
function chooseParts(
  upload: Readonly<UploadDocument>,
  stored: readonly Readonly<PartDocument>[],
  listed: readonly CompletedPart[],
): Readonly<PartDocument>[] {
  if (listed.length === 0) throw malformedXml();
  const byNumber = new Map(stored.map((part) => [part.number, part]));
  let previous = 0;
  const chosen = listed.map((wanted) => {
    const number = wanted.PartNumber ?? 0;
    if (number <= previous) {
      throw new AwsError(
        "InvalidPartOrder",
        "The list of parts was not in ascending order. Parts must be ordered by part number.",
        400,
        {
          UploadId: upload.uploadId,
        },
      );
    }
    previous = number;
    const part = byNumber.get(number);
    if (!part || !agrees(upload, part, wanted)) {
      const message =
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.";
      throw new AwsError("InvalidPart", message, 400, {
        UploadId: upload.uploadId,
        PartNumber: number,
        ETag: wanted.ETag,
      });
    }
    return part;
  });
  for (const part of chosen.slice(0, -1)) {
    if (part.piece.bytes >= minimumPartBytes) continue;
    throw new AwsError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400, {
      ProposedSize: part.piece.bytes,
      MinSizeAllowed: minimumPartBytes,
      PartNumber: part.number,
      ETag: part.md5,
    });
  }
  return chosen;
}

/** Whether a listed part is the stored one. For a composite checksum the list must carry each part's. */
function agrees(upload: Readonly<UploadDocument>, part: Readonly<PartDocument>, wanted: CompletedPart): boolean {
  if (wanted.ETag === undefined || wanted.ETag.replaceAll('"', "") !== part.md5) return false;
  const algorithm = upload.checksumAlgorithm;
  const given = algorithm === undefined ? undefined : wanted[`Checksum${algorithm}`];
  if (given !== undefined) return given === part.piece.checksum;
  if (algorithm !== undefined && upload.checksumType === "COMPOSITE") {
    throw invalidRequest(
      `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${part.number} in the request.`,
    );
  }
  return true;
}

/** @throws {AwsError} BadDigest when the completion promises another checksum. */
function wholeChecksum(
  upload: Readonly<UploadDocument>,
  parts: readonly Readonly<PartDocument>[],
  input: CompleteMultipartUploadCommandInput,
): StoredChecksum {
  const algorithm = upload.checksumAlgorithm ?? "CRC64NVME";
  const type = upload.checksumType ?? "FULL_OBJECT";
  if (input.ChecksumType !== undefined && input.ChecksumType !== type) {
    throw invalidRequest(
      `The upload was created using the ${type} checksum mode. The complete request must use the same checksum mode.`,
    );
  }
  const pieces = parts.map(({ piece }) => ({ checksum: piece.checksum ?? "", bytes: piece.bytes }));
  const value = checksumOfParts(algorithm, type, pieces);
  const promised = input[`Checksum${algorithm}`];
  if (promised !== undefined && promised !== value && `${promised}-${parts.length}` !== value)
    throw badDigest(algorithm);
  return { algorithm, value, type };
}
