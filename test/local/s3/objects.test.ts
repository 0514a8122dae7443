import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { bytesOf, s3Cloud, textOf } from "./cloud.ts";

async function cloudWithBucket(versioning = false) {
  const cloud = await s3Cloud();
  await cloud.call("CreateBucket", { Bucket: "clay" });
  if (versioning) {
    const VersioningConfiguration = { Status: "Enabled" };
    await cloud.call("PutBucketVersioning", { Bucket: "clay", VersioningConfiguration });
  }
  return cloud;
}

describe("writing and reading objects", () => {
  it("returns the bytes, the MD5 as ETag and everything the writer said", async () => {
    const { call } = await cloudWithBucket();
    const md5 = createHash("md5").update("hello").digest("hex");
    const written = await call("PutObject", {
      Bucket: "clay",
      Key: "a/b.txt",
      Body: "hello",
      ContentType: "text/plain",
      CacheControl: "no-store",
      Metadata: { Commit: "abc" },
    });
    expect(written.ETag).toBe(`"${md5}"`);
    expect(written.ServerSideEncryption).toBe("AES256");
    expect(written.VersionId).toBeUndefined();

    const read = await call("GetObject", { Bucket: "clay", Key: "a/b.txt", ChecksumMode: "ENABLED" });
    expect(await textOf(read.Body)).toBe("hello");
    expect(read).toMatchObject({
      ContentLength: 5,
      ContentType: "text/plain",
      CacheControl: "no-store",
      ETag: `"${md5}"`,
      Metadata: { commit: "abc" },
      ChecksumType: "FULL_OBJECT",
    });
    expect(read.ChecksumCRC64NVME).toBe(written.ChecksumCRC64NVME);
  });

  it("keeps the checksum the writer chose and refuses bytes that do not match it", async () => {
    const { call, refusal } = await cloudWithBucket();
    const sha256 = createHash("sha256").update("hello").digest("base64");
    const written = await call("PutObject", { Bucket: "clay", Key: "k", Body: "hello", ChecksumSHA256: sha256 });
    expect(written.ChecksumSHA256).toBe(sha256);
    const error = await refusal("PutObject", { Bucket: "clay", Key: "k2", Body: "hellO", ChecksumSHA256: sha256 });
    expect(error.code).toBe("BadDigest");
    expect((await refusal("HeadObject", { Bucket: "clay", Key: "k2" })).code).toBe("NoSuchKey");
  });

  it("answers ranges from the start, in the middle and from the end, and refuses one beyond the object", async () => {
    const { call, refusal } = await cloudWithBucket();
    await call("PutObject", { Bucket: "clay", Key: "k", Body: "0123456789" });
    const read = async (Range: string) => {
      const answer = await call("GetObject", { Bucket: "clay", Key: "k", Range });
      return [await textOf(answer.Body), answer.ContentRange, answer.ContentLength];
    };
    expect(await read("bytes=2-4")).toEqual(["234", "bytes 2-4/10", 3]);
    expect(await read("bytes=7-")).toEqual(["789", "bytes 7-9/10", 3]);
    expect(await read("bytes=-2")).toEqual(["89", "bytes 8-9/10", 2]);
    expect(await read("bytes=8-100")).toEqual(["89", "bytes 8-9/10", 2]);
    expect(await read("pages=1-2")).toEqual(["0123456789", undefined, 10]);
    const error = await refusal("GetObject", { Bucket: "clay", Key: "k", Range: "bytes=10-" });
    expect([error.code, error.status]).toEqual(["InvalidRange", 416]);
  });

  it("honours conditions of reads", async () => {
    const { call, refusal } = await cloudWithBucket();
    const { ETag } = await call("PutObject", { Bucket: "clay", Key: "k", Body: "x" });
    expect((await refusal("GetObject", { Bucket: "clay", Key: "k", IfNoneMatch: ETag })).status).toBe(304);
    expect((await refusal("GetObject", { Bucket: "clay", Key: "k", IfMatch: '"other"' })).status).toBe(412);
    await call("HeadObject", { Bucket: "clay", Key: "k", IfMatch: ETag });
  });

  it("refuses what it lacks by name instead of ignoring it", async () => {
    const { refusal } = await cloudWithBucket();
    const error = await refusal("PutObject", { Bucket: "clay", Key: "k", Body: "x", ObjectLockMode: "GOVERNANCE" });
    expect([error.code, error.message]).toEqual([
      "NotImplemented",
      "the embedded cloud does not have ObjectLockMode on S3 requests",
    ]);
  });

  it("says 403 instead of 404 to a caller who may not list the bucket", async () => {
    const { kernel, refusal } = await cloudWithBucket();
    kernel.judge = (_caller, { action }) => (action === "s3:ListBucket" ? "because nothing allows it" : undefined);
    const error = await refusal("GetObject", { Bucket: "clay", Key: "missing" });
    expect([error.code, error.status]).toEqual(["AccessDenied", 403]);
  });

  it("goes on with a download while the object is overwritten, then removes the old bytes", async () => {
    const { call, clock, files } = await cloudWithBucket();
    await call("PutObject", { Bucket: "clay", Key: "k", Body: "old" });
    const { Body } = await call("GetObject", { Bucket: "clay", Key: "k" });
    await call("PutObject", { Bucket: "clay", Key: "k", Body: "new" });
    await clock.advance(1000);
    expect(await files.names()).toHaveLength(2);
    expect(await textOf(Body)).toBe("old");
    expect(await files.names()).toHaveLength(1);
  });
});

describe("conditional writes", () => {
  // Semantic: S3: conditional writes. Source: S3 user guide, "How to prevent object overwrites with conditional
  // writes".
  it("creates only when the key is free", async () => {
    const { call, refusal } = await cloudWithBucket(true);
    await call("PutObject", { Bucket: "clay", Key: "lease", Body: "1", IfNoneMatch: "*" });
    const error = await refusal("PutObject", { Bucket: "clay", Key: "lease", Body: "2", IfNoneMatch: "*" });
    expect([error.code, error.status]).toEqual(["PreconditionFailed", 412]);
    await call("DeleteObject", { Bucket: "clay", Key: "lease" });
    await call("PutObject", { Bucket: "clay", Key: "lease", Body: "3", IfNoneMatch: "*" });
    expect(await textOf((await call("GetObject", { Bucket: "clay", Key: "lease" })).Body)).toBe("3");
  });

  // Semantic: S3: conditional writes. Source: S3 user guide, "How to prevent object overwrites with conditional
  // writes".
  it("changes only what was read, and lets one of two writers win", async () => {
    const { call, refusal } = await cloudWithBucket();
    const { ETag } = await call("PutObject", { Bucket: "clay", Key: "head", Body: "1" });
    const race = await Promise.allSettled(
      ["2", "3"].map((Body) => call("PutObject", { Bucket: "clay", Key: "head", Body, IfMatch: ETag })),
    );
    expect(race.map((one) => one.status).sort()).toEqual(["fulfilled", "rejected"]);
    const stale = await refusal("PutObject", { Bucket: "clay", Key: "head", Body: "4", IfMatch: ETag });
    expect(stale.status).toBe(412);
    const absent = await refusal("PutObject", { Bucket: "clay", Key: "none", Body: "4", IfMatch: ETag });
    expect([absent.code, absent.status]).toEqual(["NoSuchKey", 404]);
  });

  // Semantic: S3: conditional writes. Source: S3 user guide, "How to prevent object overwrites with conditional
  // writes": ConditionalRequestConflict.
  it("answers 409 when the key is deleted while a conditional upload is under way", async () => {
    const { call, refusal } = await cloudWithBucket();
    let goOn = () => {};
    async function* slowly() {
      yield Buffer.from("a");
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
    }
    const upload = refusal("PutObject", { Bucket: "clay", Key: "k", Body: slowly(), IfNoneMatch: "*" });
    await new Promise((resolve) => setImmediate(resolve));
    await call("PutObject", { Bucket: "clay", Key: "k", Body: "x" });
    await call("DeleteObject", { Bucket: "clay", Key: "k" });
    goOn();
    const error = await upload;
    expect([error.code, error.status]).toEqual(["ConditionalRequestConflict", 409]);
    expect((await refusal("HeadObject", { Bucket: "clay", Key: "k" })).status).toBe(404);
  });

  it("deletes only what was read", async () => {
    const { call, refusal } = await cloudWithBucket();
    const { ETag } = await call("PutObject", { Bucket: "clay", Key: "k", Body: "1" });
    expect((await refusal("DeleteObject", { Bucket: "clay", Key: "k", IfMatch: '"0"' })).status).toBe(412);
    await call("DeleteObject", { Bucket: "clay", Key: "k", IfMatch: ETag });
    expect((await refusal("DeleteObject", { Bucket: "clay", Key: "k", IfMatch: ETag })).status).toBe(404);
  });
});

describe("versions", () => {
  // Semantic: S3: versions. Source: S3 user guide, "Working with delete markers".
  it("keeps every version, hides a deleted key behind a marker and brings it back when the marker goes", async () => {
    const { call, refusal } = await cloudWithBucket(true);
    const first = await call("PutObject", { Bucket: "clay", Key: "k", Body: "1" });
    const second = await call("PutObject", { Bucket: "clay", Key: "k", Body: "2" });
    expect(first.VersionId).not.toBe(second.VersionId);
    const marker = await call("DeleteObject", { Bucket: "clay", Key: "k" });
    expect(marker.DeleteMarker).toBe(true);
    const hidden = await refusal("GetObject", { Bucket: "clay", Key: "k" });
    expect([hidden.code, hidden.members["DeleteMarker"]]).toEqual(["NoSuchKey", true]);
    const markerRead = await refusal("GetObject", { Bucket: "clay", Key: "k", VersionId: marker.VersionId });
    expect([markerRead.code, markerRead.status]).toEqual(["MethodNotAllowed", 405]);
    const old = await call("GetObject", { Bucket: "clay", Key: "k", VersionId: first.VersionId });
    expect(await textOf(old.Body)).toBe("1");

    await call("DeleteObject", { Bucket: "clay", Key: "k", VersionId: marker.VersionId });
    expect(await textOf((await call("GetObject", { Bucket: "clay", Key: "k" })).Body)).toBe("2");
    await call("DeleteObject", { Bucket: "clay", Key: "k", VersionId: second.VersionId });
    expect(await textOf((await call("GetObject", { Bucket: "clay", Key: "k" })).Body)).toBe("1");
    const gone = await refusal("GetObject", { Bucket: "clay", Key: "k", VersionId: second.VersionId });
    expect(gone.code).toBe("NoSuchVersion");
  });

  it("replaces the null version only, once versioning is suspended", async () => {
    const { call } = await cloudWithBucket();
    await call("PutObject", { Bucket: "clay", Key: "k", Body: "0" });
    await call("PutBucketVersioning", { Bucket: "clay", VersioningConfiguration: { Status: "Enabled" } });
    await call("PutObject", { Bucket: "clay", Key: "k", Body: "1" });
    await call("PutBucketVersioning", { Bucket: "clay", VersioningConfiguration: { Status: "Suspended" } });
    const suspended = await call("PutObject", { Bucket: "clay", Key: "k", Body: "2" });
    expect(suspended.VersionId).toBe("null");
    const { Versions } = await call("ListObjectVersions", { Bucket: "clay" });
    expect(Versions.map((version: { VersionId: string }) => version.VersionId === "null")).toEqual([true, false]);
    expect(Versions[0].IsLatest).toBe(true);
  });

  it("frees the bytes of what is gone for good and of nothing else", async () => {
    const { call, clock, files } = await cloudWithBucket(true);
    const { VersionId } = await call("PutObject", { Bucket: "clay", Key: "k", Body: "1" });
    await call("PutObject", { Bucket: "clay", Key: "k", Body: "2" });
    await call("DeleteObject", { Bucket: "clay", Key: "k" });
    await clock.advance(10);
    expect(await files.names()).toHaveLength(2);
    await call("DeleteObject", { Bucket: "clay", Key: "k", VersionId });
    await clock.advance(10);
    expect(await files.names()).toHaveLength(1);
  });
});

describe("deleting many", () => {
  it("reports each key, also those the caller may not delete", async () => {
    const { call, kernel } = await cloudWithBucket();
    for (const Key of ["a", "b"]) await call("PutObject", { Bucket: "clay", Key, Body: Key });
    kernel.judge = (_caller, { resource }) => (resource.endsWith("/b") ? "because of the test" : undefined);
    const Objects = [{ Key: "a" }, { Key: "b" }, { Key: "absent" }];
    const answer = await call("DeleteObjects", { Bucket: "clay", Delete: { Objects } });
    expect(answer.Deleted).toEqual([{ Key: "a" }, { Key: "absent" }]);
    expect(answer.Errors).toMatchObject([{ Key: "b", Code: "AccessDenied" }]);
  });
});

describe("copies", () => {
  it("carries bytes, metadata and tags to another bucket", async () => {
    const { call } = await cloudWithBucket(true);
    await call("CreateBucket", { Bucket: "other" });
    const source = { Bucket: "clay", Key: "späce key", Body: "bytes", Metadata: { a: "1" }, Tagging: "team=kiln" };
    const { VersionId, ETag } = await call("PutObject", source);
    const copy = await call("CopyObject", {
      Bucket: "other",
      Key: "k",
      CopySource: `clay/${encodeURIComponent("späce key")}?versionId=${VersionId}`,
    });
    expect(copy).toMatchObject({ CopySourceVersionId: VersionId, CopyObjectResult: { ETag } });
    const read = await call("GetObject", { Bucket: "other", Key: "k" });
    expect([await textOf(read.Body), read.Metadata, read.TagCount]).toEqual(["bytes", { a: "1" }, 1]);
  });

  it("survives the deletion of its source", async () => {
    const { call, clock } = await cloudWithBucket();
    await call("PutObject", { Bucket: "clay", Key: "a", Body: "bytes" });
    await call("CopyObject", { Bucket: "clay", Key: "b", CopySource: "clay/a" });
    await call("DeleteObject", { Bucket: "clay", Key: "a" });
    await clock.advance(10);
    expect(await textOf((await call("GetObject", { Bucket: "clay", Key: "b" })).Body)).toBe("bytes");
  });

  it("refuses to copy an object onto itself unchanged, and a target that must not exist", async () => {
    const { call, refusal } = await cloudWithBucket();
    await call("PutObject", { Bucket: "clay", Key: "a", Body: "bytes" });
    expect((await refusal("CopyObject", { Bucket: "clay", Key: "a", CopySource: "clay/a" })).code).toBe(
      "InvalidRequest",
    );
    await call("PutObject", { Bucket: "clay", Key: "b", Body: "bytes" });
    const taken = { Bucket: "clay", Key: "b", CopySource: "clay/a", IfNoneMatch: "*" };
    expect((await refusal("CopyObject", taken)).status).toBe(412);
  });
});

describe("listing", () => {
  it("pages through keys and common prefixes in byte order", async () => {
    const { call } = await cloudWithBucket();
    for (const Key of ["b/2", "a", "b/1", "c/x/y", "d", "B"])
      await call("PutObject", { Bucket: "clay", Key, Body: "" });
    const pages: string[][] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await call("ListObjectsV2", { Bucket: "clay", Delimiter: "/", MaxKeys: 2, ContinuationToken });
      pages.push([
        ...page.Contents.map((entry: { Key: string }) => entry.Key),
        ...page.CommonPrefixes.map((entry: { Prefix: string }) => entry.Prefix),
      ]);
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
    expect(pages).toEqual([["B", "a"], ["b/", "c/"], ["d"]]);
    const inside = await call("ListObjectsV2", { Bucket: "clay", Prefix: "b/", StartAfter: "b/1" });
    expect(inside.Contents.map((entry: { Key: string }) => entry.Key)).toEqual(["b/2"]);
  });

  it("pages through versions without missing or repeating any", async () => {
    const { call } = await cloudWithBucket(true);
    const written: string[] = [];
    for (const Key of ["a", "a", "b", "a"]) {
      written.push((await call("PutObject", { Bucket: "clay", Key, Body: "" })).VersionId);
    }
    const listed: string[] = [];
    let marker: { KeyMarker?: string; VersionIdMarker?: string } = {};
    for (;;) {
      const page = await call("ListObjectVersions", { Bucket: "clay", MaxKeys: 1, ...marker });
      listed.push(...page.Versions.map((version: { VersionId: string }) => version.VersionId));
      if (!page.IsTruncated) break;
      marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    }
    expect(listed).toEqual([written[3], written[1], written[0], written[2]]);
  });
});

it("holds binary bodies as they are", async () => {
  const { call } = await cloudWithBucket();
  const Body = Buffer.from([0, 255, 10, 13, 128]);
  await call("PutObject", { Bucket: "clay", Key: "k", Body });
  expect(await bytesOf((await call("GetObject", { Bucket: "clay", Key: "k" })).Body)).toEqual(Body);
});
