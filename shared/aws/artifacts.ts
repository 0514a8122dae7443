import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { keysOfExperiment, keysOfVersion, readArtifactKey } from "../domain/keys.ts";
import type { ExperimentId } from "../domain/names.ts";
import { type Source, sourceOf } from "../domain/provenance.ts";
import { ArtifactMissingError, isNamed } from "../errors.ts";

/** One exact version of an object in the artifact bucket. */
export interface PushedObject {
  key: string;
  versionId: string;
  /** Unit: bytes. */
  bytes: number;
  /** ISO time of the push, by S3's clock. */
  pushedAt: string;
  /** What its metadata says it was made from. */
  source?: Source;
  /** What whoever pushed it says of it (`x-amz-meta-…`); left out, nothing. */
  metadata?: Record<string, string>;
}

/** The artifact bucket: what people pushed, always read by exact version. */
export class Artifacts {
  readonly #s3: S3Client;
  readonly #bucket: string;

  constructor(s3: S3Client, bucket: string) {
    this.#s3 = s3;
    this.#bucket = bucket;
  }

  /** @throws {ArtifactMissingError} when the key, or this version of it, is not there. */
  async find(key: string, versionId?: string): Promise<PushedObject> {
    const found = await this.#head(key, versionId);
    if (found) return found;
    const which = versionId ? `version ${versionId} of ${key}` : key;
    throw new ArtifactMissingError(`There is no ${which} in bucket ${this.#bucket}.`, "Push it again.");
  }

  /** Of several keys, the object that was pushed last: the same thing may have been pushed under two endings. */
  async findNewest(keys: readonly string[]): Promise<PushedObject | undefined> {
    const found = (await Promise.all(keys.map((key) => this.#head(key)))).filter((object) => object !== undefined);
    return found.reduce<PushedObject | undefined>(
      (newest, object) => (newest && Date.parse(newest.pushedAt) >= Date.parse(object.pushedAt) ? newest : object),
      undefined,
    );
  }

  /** The artifact of a version, under whichever ending it was pushed. */
  async findVersion(service: string, version: string): Promise<PushedObject> {
    const keys = keysOfVersion(service, version);
    const found = await this.findNewest(keys);
    if (found) return found;
    throw new ArtifactMissingError(
      `There is no version "${version}" of ${service} in bucket ${this.#bucket} (looked for ${keys.join(", ")}).`,
      "Push it first: kiln push, or aws s3 cp.",
    );
  }

  /** What was pushed for an experiment, under whichever ending. */
  async findExperiment(id: ExperimentId): Promise<PushedObject> {
    const keys = keysOfExperiment(id);
    const found = await this.findNewest(keys);
    if (found) return found;
    throw new ArtifactMissingError(
      `Nothing was pushed for experiment ${id.experiment} of ${id.service} to bucket ${this.#bucket} (looked for ${keys.join(", ")}).`,
      "Push it, or name a version of the service that it is to run (version).",
    );
  }

  /** The artifact of a service that was pushed last. */
  async newest(service: string): Promise<PushedObject> {
    let newest: { key: string; at: Date } | undefined;
    let token: string | undefined;
    do {
      const page = await this.#s3.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: `${service}/`,
          Delimiter: "/",
          ...(token && { ContinuationToken: token }),
        }),
      );
      for (const { Key = "", LastModified } of page.Contents ?? []) {
        if (!LastModified || readArtifactKey(Key).kind !== "production") continue;
        if (!newest || LastModified >= newest.at) newest = { key: Key, at: LastModified };
      }
      token = page.NextContinuationToken;
    } while (token);
    if (newest) return this.find(newest.key);
    throw new ArtifactMissingError(
      `No artifact of ${service} was ever pushed to bucket ${this.#bucket}.`,
      `Push one to ${service}/<version>.tar.gz.`,
    );
  }

  /**
   * Streams the bytes of one version.
   * @param range First and last byte, both included.
   */
  async read(
    key: string,
    versionId: string,
    range?: { first: number; last: number },
  ): Promise<AsyncIterable<Uint8Array>> {
    try {
      const got = await this.#s3.send(
        new GetObjectCommand({
          Bucket: this.#bucket,
          Key: key,
          VersionId: versionId,
          ...(range && { Range: `bytes=${range.first}-${range.last}` }),
        }),
      );
      return got.Body as unknown as AsyncIterable<Uint8Array>;
    } catch (error) {
      if (!isNamed(error, "NoSuchKey", "NoSuchVersion", "NotFound", "MethodNotAllowed")) throw error;
      throw new ArtifactMissingError(`Version ${versionId} of ${key} was deleted.`, "Push it again.", { cause: error });
    }
  }

  async #head(key: string, versionId?: string): Promise<PushedObject | undefined> {
    const input = { Bucket: this.#bucket, Key: key, ...(versionId && { VersionId: versionId }) };
    try {
      const head = await this.#s3.send(new HeadObjectCommand(input));
      const { Metadata = {} } = head;
      const source = sourceOf(Metadata);
      return {
        key,
        versionId: head.VersionId ?? "null",
        bytes: head.ContentLength ?? 0,
        pushedAt: (head.LastModified ?? new Date(0)).toISOString(),
        ...(source && { source }),
        ...(Object.keys(Metadata).length > 0 && { metadata: Metadata }),
      };
    } catch (error) {
      // HEAD has no body: a missing key is a bare 404, a bad version id a bare 400, a delete marker a bare 405.
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
      if (status === 404 || status === 405 || (status === 400 && versionId)) return undefined;
      if (status === 403) await this.#askOpenly(input);
      throw error;
    }
  }

  /** Asks for the first byte, as S3's refusal of a GET names role, action and resource, and that of a HEAD nothing. */
  async #askOpenly(input: { Bucket: string; Key: string; VersionId?: string }): Promise<void> {
    const { Body } = await this.#s3.send(new GetObjectCommand({ ...input, Range: "bytes=0-0" }));
    await Body?.transformToByteArray();
  }
}
