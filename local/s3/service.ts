import type { Kernel, Operation, Service } from "../core/kernel.ts";
import { Blobs } from "./blobs.ts";
import { bucketOperations } from "./bucket-operations.ts";
import { bucketSettingOperations } from "./bucket-settings.ts";
import { Buckets, bucketArn } from "./buckets.ts";
import { copyingOperations } from "./copying.ts";
import { deletingOperations } from "./deleting.ts";
import { ObjectEvents } from "./events.ts";
import { listingOperations } from "./listing.ts";
import { multipartOperations } from "./multipart.ts";
import { multipartListingOperations } from "./multipart-listing.ts";
import type { ObjectFiles } from "./object-files.ts";
import { objectTagOperations } from "./object-tags.ts";
import { readingOperations } from "./reading.ts";
import { Uploads } from "./uploads.ts";
import { Versions } from "./versions.ts";
import type { World } from "./world.ts";
import { writingOperations } from "./writing.ts";

/**
 * Amazon S3: general-purpose buckets of one account, strongly consistent, with versions, conditional requests, multipart
 * uploads, checksums and EventBridge events. Differences from AWS: no ACLs, object lock, replication, website,
 * inventory or access points; lifecycle rules are kept and not acted on; no limits on requests.
 */
export class S3Service implements Service {
  readonly id = "s3";
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #world: World;

  /** @param files Where the bytes of objects live; everything else is in the kernel's store. */
  constructor(kernel: Kernel, files: ObjectFiles) {
    const world: World = {
      kernel,
      buckets: new Buckets(kernel),
      versions: new Versions(kernel),
      blobs: new Blobs(kernel, files),
      uploads: new Uploads(kernel),
      events: new ObjectEvents(kernel),
    };
    this.#world = world;
    this.operations = {
      ...bucketOperations(world),
      ...bucketSettingOperations(world),
      ...writingOperations(world),
      ...readingOperations(world),
      ...copyingOperations(world),
      ...deletingOperations(world),
      ...listingOperations(world),
      ...multipartOperations(world),
      ...multipartListingOperations(world),
      ...objectTagOperations(world),
    };
  }

  /**
   * The policy of the bucket that `arn` (a bucket's or an object's) lies in, as JSON text, or undefined. For IAM, which
   * judges it together with the caller's own policies.
   */
  bucketPolicy(arn: string): string | undefined {
    const name = arn.startsWith(bucketArn("")) ? (arn.slice(bucketArn("").length).split("/")[0] ?? "") : "";
    return this.#world.buckets.find(name)?.policy;
  }

  /** Removes bytes that nothing refers to: an upload that a crash interrupted. */
  async resume(): Promise<void> {
    const wanted = new Set<string>();
    for (const { name } of this.#world.buckets.list()) {
      for (const version of this.#world.versions.listAll(name, "")) {
        for (const piece of version.pieces) wanted.add(piece.file);
      }
    }
    for (const { parts } of this.#world.uploads.all()) for (const part of parts) wanted.add(part.piece.file);
    await this.#world.blobs.sweep(wanted);
  }
}
