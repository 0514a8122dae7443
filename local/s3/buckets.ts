import { AwsError } from "../core/aws-error.ts";
import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import type { BucketDocument } from "./documents.ts";
import { noSuchBucket } from "./errors.ts";

/** ARN of a bucket: S3's carry neither region nor account. */
export function bucketArn(bucket: string): string {
  return `arn:aws:s3:::${bucket}`;
}

export function objectArn(bucket: string, key: string): string {
  return `${bucketArn(bucket)}/${key}`;
}

/** The buckets of this cloud, by name. */
export class Buckets {
  readonly #buckets: Collection<BucketDocument>;
  readonly #accountId: string;

  constructor(kernel: Kernel) {
    this.#buckets = kernel.store.collection<BucketDocument>("s3.buckets");
    this.#accountId = kernel.settings.accountId;
  }

  find(name: string): Readonly<BucketDocument> | undefined {
    return this.#buckets.get(name);
  }

  /**
   * The bucket a request names.
   * @throws {AwsError} NoSuchBucket; AccessDenied when the request expects another owner.
   */
  get(input: { Bucket?: string | undefined; ExpectedBucketOwner?: string | undefined }): Readonly<BucketDocument> {
    const name = input.Bucket ?? "";
    const bucket = this.#buckets.get(name);
    if (!bucket) throw noSuchBucket(name);
    if (input.ExpectedBucketOwner !== undefined && input.ExpectedBucketOwner !== this.#accountId) {
      throw new AwsError("AccessDenied", "Access Denied", 403);
    }
    return bucket;
  }

  list(): Readonly<BucketDocument>[] {
    return this.#buckets.list();
  }

  put(bucket: BucketDocument): void {
    this.#buckets.put(bucket.name, bucket);
  }

  delete(name: string): void {
    this.#buckets.delete(name);
  }
}

/**
 * Whether a bucket may have this name. Source: S3 user guide, "General purpose bucket naming rules".
 */
export function isBucketName(name: string): boolean {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) || name.includes("..")) return false;
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return false;
  return !/^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name);
}
