import type { AwsEvent, Call, Kernel } from "../core/kernel.ts";
import { bucketArn } from "./buckets.ts";
import type { BucketDocument, VersionDocument } from "./documents.ts";

/** What made an object, as the event's `reason` names it. */
export type CreationReason = "PutObject" | "CopyObject" | "CompleteMultipartUpload";

/** The ETag a delete marker has in its event: the MD5 of nothing, as in the user guide's example. */
const emptyMd5 = "d41d8cd98f00b204e9800998ecf8427e";

/**
 * Tells EventBridge what happened to objects of buckets that have it on. Source: S3 user guide, "EventBridge event
 * message structure"; delivery is a moment later and at least once.
 */
export class ObjectEvents {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    kernel.jobs.on<AwsEvent>("s3.event", (event) => kernel.emit("aws.event", event));
  }

  created(
    bucket: Readonly<BucketDocument>,
    version: Readonly<VersionDocument>,
    reason: CreationReason,
    call: Call,
  ): void {
    const object = {
      key: version.key,
      size: version.bytes,
      etag: version.etag.replaceAll('"', ""),
      ...ofVersion(bucket, version),
    };
    this.#plan(bucket, "Object Created", object, { reason }, call);
  }

  /** @param marker True when a delete marker was written, false when the version is gone for good. */
  deleted(bucket: Readonly<BucketDocument>, version: Readonly<VersionDocument>, marker: boolean, call: Call): void {
    const etag = marker ? emptyMd5 : version.etag.replaceAll('"', "");
    const object = { key: version.key, etag, ...ofVersion(bucket, version) };
    const kind = marker ? "Delete Marker Created" : "Permanently Deleted";
    this.#plan(bucket, "Object Deleted", object, { reason: "DeleteObject", "deletion-type": kind }, call);
  }

  #plan(
    bucket: Readonly<BucketDocument>,
    detailType: string,
    object: Record<string, unknown>,
    extra: Record<string, unknown>,
    call: Call,
  ): void {
    if (bucket.notification.EventBridgeConfiguration === undefined) return;
    const now = this.#kernel.clock.now();
    const event: AwsEvent = {
      source: "aws.s3",
      "detail-type": detailType,
      atMs: now,
      resources: [bucketArn(bucket.name)],
      detail: {
        version: "0",
        bucket: { name: bucket.name },
        object,
        "request-id": call.requestId.replaceAll("-", "").slice(0, 16).toUpperCase(),
        requester: call.caller.kind === "service" ? call.caller.name : call.caller.accountId,
        "source-ip-address": call.sourceIp,
        ...extra,
      },
    };
    const delayMs = this.#kernel.settings.delays.eventDeliverySeconds * 1000;
    this.#kernel.jobs.schedule("s3.event", now + delayMs, event);
  }
}

function ofVersion(bucket: Readonly<BucketDocument>, version: Readonly<VersionDocument>): Record<string, string> {
  const sequencer = version.sequence.toString(16).toUpperCase().padStart(16, "0");
  return bucket.versioning === undefined ? { sequencer } : { "version-id": version.versionId, sequencer };
}
