import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { bytesOf, s3Cloud } from "./cloud.ts";

const mib = 1024 * 1024;
const first = Buffer.alloc(5 * mib, "a");
const second = Buffer.from("the last part may be small");
const whole = Buffer.concat([first, second]);

function base64Crc32(bytes: Uint8Array): string {
  const digest = Buffer.alloc(4);
  digest.writeUInt32BE(crc32(bytes));
  return digest.toString("base64");
}

async function cloudWithUpload(create: object = {}) {
  const cloud = await s3Cloud();
  await cloud.call("CreateBucket", { Bucket: "clay" });
  const upload = await cloud.call("CreateMultipartUpload", { Bucket: "clay", Key: "big", ...create });
  const target = { Bucket: "clay", Key: "big", UploadId: upload.UploadId as string };
  const part = (PartNumber: number, Body: Uint8Array) => cloud.call("UploadPart", { ...target, PartNumber, Body });
  return { ...cloud, target, part };
}

describe("multipart uploads", () => {
  // Semantic: S3: multipart uploads. Source: S3 user guide, "Uploading and copying objects using multipart upload".
  it("makes one object whose parts can be read by number, with the ETag of parts and the checksum of the whole", async () => {
    const { call, target, part } = await cloudWithUpload({ ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" });
    const parts = [await part(1, first), await part(2, second)];
    const listed = parts.map(({ ETag }, index) => ({ PartNumber: index + 1, ETag }));
    const done = await call("CompleteMultipartUpload", { ...target, MultipartUpload: { Parts: listed } });
    const md5s = [first, second].map((bytes) => createHash("md5").update(bytes).digest());
    expect(done.ETag).toBe(`"${createHash("md5").update(Buffer.concat(md5s)).digest("hex")}-2"`);
    expect(done.ChecksumCRC32).toBe(base64Crc32(whole));

    const read = await call("GetObject", { Bucket: "clay", Key: "big", Range: `bytes=${5 * mib - 1}-${5 * mib + 2}` });
    expect((await bytesOf(read.Body)).toString()).toBe("athe");
    const last = await call("GetObject", { Bucket: "clay", Key: "big", PartNumber: 2 });
    expect(await bytesOf(last.Body)).toEqual(second);
    expect(last.PartsCount).toBe(2);
  });

  it("combines composite checksums and asks for each part's", async () => {
    const { call, refusal, target, part } = await cloudWithUpload({ ChecksumAlgorithm: "SHA256" });
    const parts = [await part(1, first), await part(2, second)];
    const without = parts.map(({ ETag }, index) => ({ PartNumber: index + 1, ETag }));
    const error = await refusal("CompleteMultipartUpload", { ...target, MultipartUpload: { Parts: without } });
    expect(error.message).toContain("It was missing for part 1");
    const Parts = parts.map(({ ETag, ChecksumSHA256 }, index) => ({ PartNumber: index + 1, ETag, ChecksumSHA256 }));
    const done = await call("CompleteMultipartUpload", { ...target, MultipartUpload: { Parts } });
    const digests = [first, second].map((bytes) => createHash("sha256").update(bytes).digest());
    const composite = createHash("sha256").update(Buffer.concat(digests)).digest("base64");
    expect([done.ChecksumSHA256, done.ChecksumType]).toEqual([`${composite}-2`, "COMPOSITE"]);
  });

  // Semantic: S3: multipart uploads. Source: API reference of CompleteMultipartUpload, errors.
  it("refuses unknown, unordered and too small parts, and keeps the upload for another try", async () => {
    const { call, refusal, target, part } = await cloudWithUpload();
    const [a, b] = [await part(1, second), await part(2, first)];
    const complete = (Parts: object[]) => refusal("CompleteMultipartUpload", { ...target, MultipartUpload: { Parts } });
    expect((await complete([{ PartNumber: 1, ETag: '"0"' }])).code).toBe("InvalidPart");
    expect(
      (
        await complete([
          { PartNumber: 2, ETag: b.ETag },
          { PartNumber: 1, ETag: a.ETag },
        ])
      ).code,
    ).toBe("InvalidPartOrder");
    expect(
      (
        await complete([
          { PartNumber: 1, ETag: a.ETag },
          { PartNumber: 2, ETag: b.ETag },
        ])
      ).code,
    ).toBe("EntityTooSmall");
    expect((await refusal("HeadObject", { Bucket: "clay", Key: "big" })).status).toBe(404);
    const MultipartUpload = { Parts: [{ PartNumber: 2, ETag: b.ETag }] };
    await call("CompleteMultipartUpload", { ...target, MultipartUpload });
  });

  it("creates only when the key is free, and lists the upload until it is completed or aborted", async () => {
    const { call, refusal, target, part, clock, files } = await cloudWithUpload();
    const { ETag } = await part(1, second);
    await call("PutObject", { Bucket: "clay", Key: "big", Body: "already here" });
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    const taken = await refusal("CompleteMultipartUpload", { ...target, MultipartUpload, IfNoneMatch: "*" });
    expect(taken.status).toBe(412);
    expect((await call("ListMultipartUploads", { Bucket: "clay" })).Uploads).toHaveLength(1);
    expect((await call("ListParts", target)).Parts).toMatchObject([{ PartNumber: 1, ETag, Size: second.length }]);
    await call("AbortMultipartUpload", target);
    await clock.advance(10);
    expect((await call("ListMultipartUploads", { Bucket: "clay" })).Uploads).toHaveLength(0);
    expect(await files.names()).toHaveLength(1);
    expect((await refusal("ListParts", target)).code).toBe("NoSuchUpload");
  });

  it("replaces a part that is uploaded again", async () => {
    const { call, target, part } = await cloudWithUpload();
    await part(1, first);
    const { ETag } = await part(1, second);
    await call("CompleteMultipartUpload", { ...target, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } });
    expect((await call("HeadObject", { Bucket: "clay", Key: "big" })).ContentLength).toBe(second.length);
  });

  it("takes a part from another object", async () => {
    const { call, refusal, target } = await cloudWithUpload();
    await call("PutObject", { Bucket: "clay", Key: "source", Body: "0123456789" });
    const range = { ...target, PartNumber: 1, CopySource: "clay/source", CopySourceRange: "bytes=2-4" };
    const { CopyPartResult } = await call("UploadPartCopy", range);
    expect((await refusal("UploadPartCopy", { ...range, CopySourceRange: "bytes=2-40" })).code).toBe("InvalidArgument");
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: CopyPartResult.ETag }] };
    await call("CompleteMultipartUpload", { ...target, MultipartUpload });
    expect((await bytesOf((await call("GetObject", { Bucket: "clay", Key: "big" })).Body)).toString()).toBe("234");
  });
});
