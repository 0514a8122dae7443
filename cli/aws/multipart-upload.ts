import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { isDenied, isNamed } from "../../shared/errors.ts";
import { CommandFailure } from "../failure.ts";
import type { UnfinishedUploads, UploadTarget } from "./unfinished-uploads.ts";

/** Unit: bytes. Small enough that little is lost with a part, large enough for a fast line. S3's least is 5 MiB. */
const usualPartBytes = 8 * 1024 * 1024;

/** Source: S3 user guide, "Amazon S3 multipart upload limits". */
const maxParts = 10_000;

/** Parts under way at once: 32 MiB of memory with the usual size. */
const partsUnderWay = 4;

/** Told as an upload goes on. */
export interface UploadProgress {
  /** @param bytes That are in the bucket, of `total`. */
  sent: (bytes: number, total: number) => void;
  /** An earlier upload of this key goes on; so many bytes of it need not be sent again. */
  resumed: (bytes: number) => void;
}

interface Part {
  number: number;
  offset: number;
  bytes: number;
}

/** How a file of so many bytes is cut; the same for every attempt, so that parts of an earlier one fit. */
export function partsOf(bytes: number): Part[] {
  const size = Math.max(usualPartBytes, Math.ceil(bytes / maxParts));
  const count = Math.max(1, Math.ceil(bytes / size));
  return Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    offset: index * size,
    bytes: Math.min(size, bytes - index * size),
  }));
}

/**
 * Uploads a file in parts, going on with an earlier upload of the same key: parts whose SHA-256 S3 already has are not
 * sent again. What fails or is killed stays to be gone on with; the bucket's lifecycle removes it after a week.
 *
 * S3 compares each part with its SHA-256, and the whole is compared here with the checksum S3 made of them.
 * @returns The version that was made.
 */
export async function uploadInParts(
  s3: S3Client,
  target: UploadTarget,
  { handle, bytes }: { handle: FileHandle; bytes: number },
  unfinished: UnfinishedUploads,
  progress: UploadProgress,
): Promise<string | undefined> {
  const { uploadId, present } = await resumed(s3, target, unfinished);
  const parts = partsOf(bytes);
  const done: CompletedPart[] = [];
  const digests: Buffer[] = [];
  const tally = { sent: 0, resumed: 0 };
  const waiting = [...parts];
  const work = async () => {
    for (let part = waiting.shift(); part; part = waiting.shift()) {
      const body = await readPart(handle, part);
      const digest = createHash("sha256").update(body).digest();
      const ChecksumSHA256 = digest.toString("base64");
      const there = present.get(part.number);
      let etag = there?.sha256 === ChecksumSHA256 ? there.etag : undefined;
      if (etag === undefined) {
        const input = { Bucket: target.bucket, Key: target.key, UploadId: uploadId, PartNumber: part.number };
        const sent = await s3.send(new UploadPartCommand({ ...input, Body: body, ChecksumSHA256 }));
        etag = sent.ETag;
      } else {
        tally.resumed += part.bytes;
        progress.resumed(tally.resumed);
      }
      tally.sent += part.bytes;
      progress.sent(tally.sent, bytes);
      digests[part.number - 1] = digest;
      done[part.number - 1] = { PartNumber: part.number, ETag: etag, ChecksumSHA256 };
    }
  };
  await allOrNone(Array.from({ length: partsUnderWay }, work), waiting);

  const ended = await s3.send(
    new CompleteMultipartUploadCommand({
      Bucket: target.bucket,
      Key: target.key,
      UploadId: uploadId,
      MultipartUpload: { Parts: done },
      MpuObjectSize: bytes,
    }),
  );
  await unfinished.forget(target);
  refuseOtherBytes(target, digests, ended.ChecksumSHA256);
  return ended.VersionId;
}

/** The upload to go on with, and its parts by number: an earlier one that S3 still knows, else a new one. */
async function resumed(s3: S3Client, target: UploadTarget, unfinished: UnfinishedUploads) {
  const earlier = await unfinished.find(target);
  const present = earlier === undefined ? undefined : await partsThere(s3, target, earlier);
  if (earlier !== undefined && present) return { uploadId: earlier, present };

  const input = { Bucket: target.bucket, Key: target.key };
  const begun = await s3.send(
    new CreateMultipartUploadCommand({
      ...input,
      ...(target.metadata && { Metadata: target.metadata }),
      ChecksumAlgorithm: "SHA256",
      ChecksumType: "COMPOSITE",
    }),
  );
  const uploadId = begun.UploadId ?? "";
  await unfinished.remember(target, uploadId);
  return { uploadId, present: new Map<number, { etag: string; sha256: string }>() };
}

/** The parts of an upload, or undefined when it cannot be gone on with. */
async function partsThere(s3: S3Client, { bucket, key }: UploadTarget, uploadId: string) {
  const found = new Map<number, { etag: string; sha256: string }>();
  try {
    let after: string | undefined;
    do {
      const input = { Bucket: bucket, Key: key, UploadId: uploadId, ...(after && { PartNumberMarker: after }) };
      const page = await s3.send(new ListPartsCommand(input));
      for (const { PartNumber, ETag, ChecksumSHA256 } of page.Parts ?? []) {
        if (PartNumber && ETag && ChecksumSHA256) found.set(PartNumber, { etag: ETag, sha256: ChecksumSHA256 });
      }
      // S3 names a next marker on the last page too.
      after = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    } while (after);
    return found;
  } catch (error) {
    // It was ended or removed; or this user may write but not list, and then everything is sent anew.
    if (isNamed(error, "NoSuchUpload") || isDenied(error)) return undefined;
    throw error;
  }
}

async function readPart(handle: FileHandle, { offset, bytes }: Part): Promise<Buffer> {
  const body = Buffer.alloc(bytes);
  let filled = 0;
  while (filled < bytes) {
    const { bytesRead } = await handle.read(body, filled, bytes - filled, offset + filled);
    if (bytesRead === 0) throw changedMeanwhile();
    filled += bytesRead;
  }
  return body;
}

/** Waits for all workers; when one fails, the others end with the part they have. */
async function allOrNone(workers: Promise<void>[], waiting: Part[]): Promise<void> {
  const stopped = workers.map((worker) =>
    worker.catch((error: unknown) => {
      waiting.length = 0;
      return { error };
    }),
  );
  const failed = (await Promise.all(stopped)).find((end) => end !== undefined);
  if (failed) throw failed.error;
}

/** A composite checksum is the SHA-256 over the parts' raw digests, and their number. Source: S3 user guide, "Checking object integrity". */
function refuseOtherBytes({ key }: UploadTarget, digests: readonly Buffer[], made: string | undefined): void {
  const whole = createHash("sha256").update(Buffer.concat(digests)).digest("base64");
  if (made === undefined || made === `${whole}-${digests.length}`) return;
  throw new CommandFailure({
    name: "UploadDiffers",
    what: `S3 says that ${key} has the checksum ${made}; sent was ${whole}-${digests.length}.`,
    left: "The object is in the bucket, and its deploy starts by itself.",
    fix: "Push it again.",
  });
}

function changedMeanwhile(): CommandFailure {
  return new CommandFailure({
    name: "FileChanged",
    what: "The file became shorter while it was being sent.",
    left: "Nothing was pushed.",
    fix: "Push it again when nothing writes to it.",
  });
}
