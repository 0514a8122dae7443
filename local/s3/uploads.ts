import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import type { PartDocument, UploadDocument } from "./documents.ts";
import { noSuchUpload } from "./errors.ts";

/** Multipart uploads under way, and their parts. */
export class Uploads {
  readonly #uploads: Collection<UploadDocument>;
  readonly #parts: Collection<PartDocument>;

  constructor(kernel: Kernel) {
    this.#uploads = kernel.store.collection<UploadDocument>("s3.uploads");
    this.#parts = kernel.store.collection<PartDocument>("s3.parts");
  }

  put(upload: UploadDocument): void {
    this.#uploads.put(upload.uploadId, upload);
  }

  /** @throws {AwsError} NoSuchUpload, also when the upload is for another bucket or key. */
  get(bucket: string, key: string | undefined, uploadId: string | undefined): Readonly<UploadDocument> {
    const upload = this.#uploads.get(uploadId ?? "");
    if (!upload || upload.bucket !== bucket || upload.key !== key) throw noSuchUpload(uploadId ?? "");
    return upload;
  }

  list(bucket: string): Readonly<UploadDocument>[] {
    return this.#uploads.list().filter((upload) => upload.bucket === bucket);
  }

  /** Parts in the order of their numbers. */
  parts(uploadId: string): Readonly<PartDocument>[] {
    return this.#parts.list(`${uploadId}/`);
  }

  /** Stores a part; returns the one of the same number that it replaces. */
  putPart(uploadId: string, part: PartDocument): Readonly<PartDocument> | undefined {
    const key = partKey(uploadId, part.number);
    const replaced = this.#parts.get(key);
    this.#parts.put(key, part);
    return replaced;
  }

  /** Forgets the upload and its parts; the bytes are the caller's to keep or discard. */
  end(uploadId: string): void {
    for (const part of this.parts(uploadId)) this.#parts.delete(partKey(uploadId, part.number));
    this.#uploads.delete(uploadId);
  }

  all(): { upload: Readonly<UploadDocument>; parts: Readonly<PartDocument>[] }[] {
    return this.#uploads.list().map((upload) => ({ upload, parts: this.parts(upload.uploadId) }));
  }
}

function partKey(uploadId: string, number: number): string {
  return `${uploadId}/${String(number).padStart(5, "0")}`;
}
