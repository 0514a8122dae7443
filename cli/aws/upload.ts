import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { partsOf, type UploadProgress, uploadInParts } from "./multipart-upload.ts";
import type { UnfinishedUploads, UploadTarget } from "./unfinished-uploads.ts";

/** What was pushed. */
export interface Uploaded {
  key: string;
  /** The exact S3 version; undefined where the bucket keeps none. */
  versionId: string | undefined;
  /** Unit: bytes. */
  bytes: number;
}

/**
 * Sends a file to the artifact bucket: a small one at once, a larger one in parts, going on where an earlier push of the
 * same key was cut off. S3 compares what arrives with its SHA-256.
 */
export async function uploadFile(
  s3: S3Client,
  { file, ...target }: UploadTarget & { file: string },
  unfinished: UnfinishedUploads,
  progress: UploadProgress,
): Promise<Uploaded> {
  const handle = await open(file);
  try {
    const { size: bytes } = await handle.stat();
    if (partsOf(bytes).length > 1) {
      const versionId = await uploadInParts(s3, target, { handle, bytes }, unfinished, progress);
      return { key: target.key, versionId, bytes };
    }
    const Body = await handle.readFile();
    const ChecksumSHA256 = createHash("sha256").update(Body).digest("base64");
    const Metadata = target.metadata;
    const input = { Bucket: target.bucket, Key: target.key, Body, ChecksumSHA256, ...(Metadata && { Metadata }) };
    const { VersionId } = await s3.send(new PutObjectCommand(input));
    progress.sent(bytes, bytes);
    return { key: target.key, versionId: VersionId, bytes };
  } finally {
    await handle.close();
  }
}
