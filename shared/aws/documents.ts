import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { isNamed, LedgerConflictError } from "../errors.ts";

/** A JSON document and the version of it that was read. */
export interface Stored<T> {
  document: T;
  etag: string;
}

/** How often a compare-and-set is tried: each failure means another writer won, and writers are few. */
const updateAttempts = 8;

/**
 * JSON documents in a bucket, written only conditionally. A 412 after a retried request may mean that our own first
 * attempt arrived; reading back says who won.
 */
export class Documents {
  readonly #s3: S3Client;
  readonly #bucket: string;

  constructor(s3: S3Client, bucket: string) {
    this.#s3 = s3;
    this.#bucket = bucket;
  }

  async read<T>(key: string): Promise<Stored<T> | undefined> {
    try {
      const got = await this.#s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      const text = (await got.Body?.transformToString()) ?? "";
      return { document: JSON.parse(text) as T, etag: got.ETag ?? "" };
    } catch (error) {
      if (isNamed(error, "NoSuchKey", "NotFound")) return undefined;
      throw error;
    }
  }

  async readBytes(key: string): Promise<Uint8Array | undefined> {
    try {
      const got = await this.#s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      return await got.Body?.transformToByteArray();
    } catch (error) {
      if (isNamed(error, "NoSuchKey", "NotFound")) return undefined;
      throw error;
    }
  }

  /** Creates a document that must not exist yet. Returns the one that stands there: ours, or the winner's. */
  async create<T>(key: string, document: T): Promise<{ created: boolean; document: T }> {
    const body = JSON.stringify(document, null, 1);
    if (await this.#put(key, body, { IfNoneMatch: "*" })) return { created: true, document };
    const winner = await this.read<T>(key);
    if (!winner) throw conflict(key);
    return { created: JSON.stringify(winner.document, null, 1) === body, document: winner.document };
  }

  /** Creates an object of bytes unless it exists; its name is a digest of it, so whoever won wrote the same. */
  async createBytes(key: string, bytes: Uint8Array): Promise<void> {
    await this.#put(key, bytes, { IfNoneMatch: "*" });
  }

  /**
   * Reads, changes and writes a document by compare-and-set until it succeeds.
   * @param change Gets the present document; returns the new one, or undefined to leave it.
   * @throws {LedgerConflictError} when others won every time.
   */
  async update<T>(key: string, change: (present: T | undefined) => T | undefined): Promise<T | undefined> {
    for (let attempt = 0; attempt < updateAttempts; attempt++) {
      const present = await this.read<T>(key);
      const next = change(present?.document);
      if (next === undefined) return present?.document;
      const condition = present ? { IfMatch: present.etag } : { IfNoneMatch: "*" };
      const body = JSON.stringify(next, null, 1);
      if (await this.#put(key, body, condition)) return next;
      const winner = await this.read<T>(key);
      if (winner && JSON.stringify(winner.document, null, 1) === body) return next;
    }
    throw conflict(key);
  }

  /** Keys below a prefix, in order. With a delimiter, the common prefixes instead. */
  async list(prefix: string, delimiter?: string): Promise<string[]> {
    const found: string[] = [];
    let token: string | undefined;
    do {
      const page = await this.#s3.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: prefix,
          ...(delimiter && { Delimiter: delimiter }),
          ...(token && { ContinuationToken: token }),
        }),
      );
      if (delimiter) found.push(...(page.CommonPrefixes ?? []).map((entry) => entry.Prefix ?? ""));
      else found.push(...(page.Contents ?? []).map((entry) => entry.Key ?? ""));
      token = page.NextContinuationToken;
    } while (token);
    return found;
  }

  async #put(
    key: string,
    body: string | Uint8Array,
    condition: { IfMatch?: string; IfNoneMatch?: string },
  ): Promise<boolean> {
    try {
      const ContentType = typeof body === "string" ? "application/json" : "application/octet-stream";
      await this.#s3.send(
        new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body: body, ContentType, ...condition }),
      );
      return true;
    } catch (error) {
      // 409 is a race between two conditional writes; 404 answers If-Match when the object is gone.
      if (isNamed(error, "PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")) return false;
      throw error;
    }
  }
}

function conflict(key: string): LedgerConflictError {
  return new LedgerConflictError(`${key} kept changing while it was being written.`, "It is tried again.");
}
