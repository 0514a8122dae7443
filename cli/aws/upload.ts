import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";

/** Unit: bytes. At most 10,000 parts an upload: 8 MiB parts carry 80 GB, twenty times the largest artifact. */
const partBytes = 8 * 1024 * 1024;

/** What was pushed. */
export interface Uploaded {
  key: string;
  /** The exact S3 version; undefined where the bucket keeps none. */
  versionId: string | undefined;
  /** Unit: bytes. */
  bytes: number;
}

/**
 * Sends a file to the artifact bucket, in parts when it is large; what fails half-way is taken away again.
 * @param sent Called with the bytes sent until now and in all.
 */
export async function uploadFile(
  s3: S3Client,
  target: { bucket: string; key: string; file: string },
  sent: (bytes: number, total: number) => void,
): Promise<Uploaded> {
  const { size: bytes } = await stat(target.file);
  const upload = new Upload({
    client: s3,
    partSize: partBytes,
    params: { Bucket: target.bucket, Key: target.key, Body: createReadStream(target.file) },
  });
  upload.on("httpUploadProgress", ({ loaded = 0 }) => sent(loaded, bytes));
  const done = await upload.done();
  return { key: target.key, versionId: done.VersionId, bytes };
}
