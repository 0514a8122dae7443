import { expect, it } from "vitest";
import { s3Cloud } from "./cloud.ts";

async function cloudWithEvents() {
  const cloud = await s3Cloud();
  await cloud.call("CreateBucket", { Bucket: "clay" });
  await cloud.call("PutBucketVersioning", { Bucket: "clay", VersioningConfiguration: { Status: "Enabled" } });
  const NotificationConfiguration = { EventBridgeConfiguration: {} };
  await cloud.call("PutBucketNotificationConfiguration", { Bucket: "clay", NotificationConfiguration });
  return cloud;
}

// Semantic: S3: the exact shape of events. Source: S3 user guide, "EventBridge event message structure".
it("tells EventBridge of a new object a moment later, with the time of the write", async () => {
  const { call, clock, events } = await cloudWithEvents();
  const writtenMs = clock.now();
  const { VersionId, ETag } = await call("PutObject", { Bucket: "clay", Key: "web/1 ü.tgz", Body: "bytes" });
  await clock.advance(900);
  expect(events).toEqual([]);
  await clock.advance(200);
  expect(events).toEqual([
    {
      source: "aws.s3",
      "detail-type": "Object Created",
      atMs: writtenMs,
      resources: ["arn:aws:s3:::clay"],
      detail: {
        version: "0",
        bucket: { name: "clay" },
        object: {
          key: "web/1 ü.tgz",
          size: 5,
          etag: ETag.replaceAll('"', ""),
          "version-id": VersionId,
          sequencer: expect.stringMatching(/^[0-9A-F]{16}$/),
        },
        "request-id": expect.stringMatching(/^[0-9A-F]{16}$/),
        requester: "123456789012",
        "source-ip-address": "127.0.0.1",
        reason: "PutObject",
      },
    },
  ]);
});

// Semantic: S3: the exact shape of events. Source: S3 user guide, "EventBridge event message structure": reason,
// sequencer.
it("names copies, completed uploads and deletions as such, in rising sequence", async () => {
  const { call, clock, events } = await cloudWithEvents();
  await call("PutObject", { Bucket: "clay", Key: "a", Body: "bytes" });
  await call("CopyObject", { Bucket: "clay", Key: "b", CopySource: "clay/a" });
  const upload = await call("CreateMultipartUpload", { Bucket: "clay", Key: "c" });
  const target = { Bucket: "clay", Key: "c", UploadId: upload.UploadId };
  const { ETag } = await call("UploadPart", { ...target, PartNumber: 1, Body: "part" });
  await call("CompleteMultipartUpload", { ...target, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } });
  const { VersionId } = await call("DeleteObject", { Bucket: "clay", Key: "a" });
  await call("DeleteObject", { Bucket: "clay", Key: "a", VersionId });
  await clock.advance(2000);
  const told = events.map(({ detail }) => [detail["reason"], detail["deletion-type"]]);
  expect(told).toEqual([
    ["PutObject", undefined],
    ["CopyObject", undefined],
    ["CompleteMultipartUpload", undefined],
    ["DeleteObject", "Delete Marker Created"],
    ["DeleteObject", "Permanently Deleted"],
  ]);
  const sequencers = events.slice(0, 4).map(({ detail }) => (detail["object"] as { sequencer: string }).sequencer);
  expect([...sequencers].sort()).toEqual(sequencers);
});

it("says nothing of buckets that do not have EventBridge on, nor of writes that failed", async () => {
  const { call, refusal, clock, events } = await cloudWithEvents();
  await call("CreateBucket", { Bucket: "quiet" });
  await call("PutObject", { Bucket: "quiet", Key: "k", Body: "x" });
  await call("PutObject", { Bucket: "clay", Key: "k", Body: "x" });
  await refusal("PutObject", { Bucket: "clay", Key: "k", Body: "x", IfNoneMatch: "*" });
  await clock.advance(5000);
  expect(events).toHaveLength(1);
});
