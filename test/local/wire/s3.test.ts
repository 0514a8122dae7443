import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  NoSuchKey,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, it, onTestFinished } from "vitest";
import { AwsError } from "../../../local/core/aws-error.ts";
import type { Operation } from "../../../local/core/kernel.ts";
import { collect } from "../../../local/wire/body.ts";
import { s3Address } from "../../../local/wire/s3-address.ts";
import { fakeCloud } from "../server/fake-cloud.ts";

async function s3With(operations: Record<string, Operation["run"]>) {
  const cloud = await fakeCloud("s3", operations);
  onTestFinished(() => cloud.server.close());
  return { ...cloud, client: new S3Client({ ...cloud.config, forcePathStyle: true }) };
}

const part = { Bucket: "b", Key: "k", PartNumber: 1, UploadId: "u" };

describe("requests", () => {
  it.each([
    ["CreateBucket", new CreateBucketCommand({ Bucket: "b" })],
    ["ListBuckets", new ListBucketsCommand({})],
    ["ListObjects", new ListObjectsCommand({ Bucket: "b", Prefix: "p" })],
    ["ListObjectsV2", new ListObjectsV2Command({ Bucket: "b", Prefix: "p" })],
    ["ListObjectVersions", new ListObjectVersionsCommand({ Bucket: "b" })],
    ["GetBucketLocation", new GetBucketLocationCommand({ Bucket: "b" })],
    [
      "PutBucketVersioning",
      new PutBucketVersioningCommand({ Bucket: "b", VersioningConfiguration: { Status: "Enabled" } }),
    ],
    ["PutObject", new PutObjectCommand({ Bucket: "b", Key: "k", Body: "x", Metadata: { a: "b" } })],
    ["CopyObject", new CopyObjectCommand({ Bucket: "b", Key: "k", CopySource: "c/k" }), { CopyObjectResult: {} }],
    ["HeadObject", new HeadObjectCommand({ Bucket: "b", Key: "k", VersionId: "v" })],
    ["CreateMultipartUpload", new CreateMultipartUploadCommand({ Bucket: "b", Key: "k" })],
    ["UploadPart", new UploadPartCommand(part)],
    ["UploadPartCopy", new UploadPartCopyCommand({ ...part, CopySource: "c/k" }), { CopyPartResult: {} }],
    ["ListParts", new ListPartsCommand({ Bucket: "b", Key: "k", UploadId: "u" })],
    [
      "CompleteMultipartUpload",
      new CompleteMultipartUploadCommand({
        Bucket: "b",
        Key: "k",
        UploadId: "u",
        ChecksumCRC32: "AAAAAA==",
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: "e" }] },
      }),
    ],
    ["DeleteObjects", new DeleteObjectsCommand({ Bucket: "b", Delete: { Objects: [{ Key: "a&b" }, { Key: "c" }] } })],
  ] as [string, object, object?][])("reach %s with their input", async (name, command, output = {}) => {
    const { client, inputs } = await s3With({ [name]: () => output });
    await client.send(command as PutObjectCommand);
    expect(Object.keys(inputs)).toEqual([name]);
    const { Body: _streamed, ...bound } = (command as PutObjectCommand).input;
    expect(inputs[name]).toMatchObject(bound);
  });

  it.each(["a b/ü+(1)'*.txt", "a//b", "dir/", "100%", "?x=1#y"])("keep the key %j", async (Key) => {
    const { client, inputs } = await s3With({ PutObject: () => ({}) });
    await client.send(new PutObjectCommand({ Bucket: "b", Key, Body: "x" }));
    expect(inputs["PutObject"]).toMatchObject({ Bucket: "b", Key });
  });

  it.each([
    ["127.0.0.1:4566", "/b/k/x", "b", "/k/x"],
    ["127.0.0.1:4566", "/b", "b", "/"],
    ["localhost:4566", "/", undefined, "/"],
    ["s3.localhost:4566", "/b//k", "b", "//k"],
    ["b.s3.localhost:4566", "/k", "b", "/k"],
    ["b.localhost", "/", "b", "/"],
    ["my.b.127.0.0.1:4566", "/k", "my.b", "/k"],
    ["b.s3.us-east-1.amazonaws.com", "/k%20x", "b", "/k%20x"],
    ["s3.us-east-1.amazonaws.com", "/b/k", "b", "/k"],
  ])("to %s%s are for bucket %s and path %s", (host, path, bucket, rest) => {
    expect(s3Address({ path, headers: { host } })).toEqual({ bucket, path: rest });
  });
});

describe("bodies", () => {
  const bytes = Buffer.alloc(300_000, "x");
  const keeping =
    (kept: { body?: Uint8Array }): Operation["run"] =>
    async (input) => {
      kept.body = await collect(input.Body);
      return {};
    };

  it("come out of their chunks when the client streams them with a trailing checksum", async () => {
    const kept: { body?: Uint8Array } = {};
    const { client, inputs } = await s3With({ PutObject: keeping(kept) });
    const Body = Readable.from([bytes.subarray(0, 100_000), bytes.subarray(100_000)], { objectMode: false });
    await client.send(
      new PutObjectCommand({ Bucket: "b", Key: "k", Body, ContentLength: bytes.length, ContentEncoding: "gzip" }),
    );
    expect(Buffer.from(kept.body ?? []).equals(bytes)).toBe(true);
    expect(inputs["PutObject"]).toMatchObject({
      ContentLength: 300_000,
      ChecksumAlgorithm: "CRC32",
      ContentEncoding: "gzip",
    });
  });

  it("are refused when they are not what a trailer promises", async () => {
    const kept: { body?: Uint8Array } = {};
    const { server } = await s3With({ PutObject: keeping(kept) });
    const send = (checksum: string) =>
      fetch(`${server.url}/b/k`, {
        method: "PUT",
        body: `3\r\nabc\r\n0\r\nx-amz-checksum-crc32:${checksum}\r\n\r\n`,
        headers: {
          "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
          "x-amz-decoded-content-length": "3",
          "x-amz-trailer": "x-amz-checksum-crc32",
        },
      });
    const right = Buffer.alloc(4);
    right.writeUInt32BE(crc32("abc"));
    expect((await send(right.toString("base64"))).status).toBe(200);
    const refused = await send("AAAAAA==");
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain("<Code>BadDigest</Code><Message>The CRC32 you specified did not match");
  });

  it.each([
    ["MD5", { ContentMD5: "1B2M2Y8AsgTpgAmY7PhCfg==" }, "BadDigest"],
    ["CRC32", { ChecksumCRC32: "AAAAAA==" }, "BadDigest"],
    ["CRC32C", { ChecksumCRC32C: "AAAAAA==" }, "BadDigest"],
    ["CRC64NVME", { ChecksumCRC64NVME: "AAAAAAAAAAA=" }, "BadDigest"],
    ["SHA256", { ChecksumSHA256: "AAAA" }, "BadDigest"],
  ])("are refused when they do not have their %s", async (_name, promise, code) => {
    const { client } = await s3With({ PutObject: keeping({}) });
    const failed = client.send(new PutObjectCommand({ Bucket: "b", Key: "k", Body: "abc", ...promise }));
    await expect(failed).rejects.toMatchObject({ name: code, $metadata: { httpStatusCode: 400 } });
  });
});

describe("answers", () => {
  it("stream, with 206 for a range and metadata in headers", async () => {
    const { client } = await s3With({
      GetObject: () => ({
        Body: Readable.from([Buffer.from("ab"), Buffer.from("cd")]),
        ContentLength: 4,
        ContentRange: "bytes 0-3/10",
        ETag: '"e"',
        LastModified: new Date("2026-01-01T00:00:00Z"),
        Metadata: { release: "web-000001" },
        VersionId: "v1",
      }),
    });
    const output = await client.send(new GetObjectCommand({ Bucket: "b", Key: "k", Range: "bytes=0-3" }));
    expect(output).toMatchObject({
      $metadata: { httpStatusCode: 206, requestId: expect.stringMatching(/^[0-9A-F]{16}$/) },
      ETag: '"e"',
      LastModified: new Date("2026-01-01T00:00:00Z"),
      Metadata: { release: "web-000001" },
      VersionId: "v1",
    });
    expect(await output.Body?.transformToString()).toBe("abcd");
  });

  it("carry lists as XML, and the location and policy in S3's own forms", async () => {
    const { client } = await s3With({
      ListObjectsV2: () => ({
        Name: "b",
        KeyCount: 2,
        Contents: [{ Key: "a<&>\r", Size: 1 }, { Key: "b" }],
        CommonPrefixes: [{ Prefix: "p/" }],
      }),
      GetBucketLocation: () => ({ LocationConstraint: "eu-west-1" }),
      GetBucketPolicy: () => ({ Policy: '{"a":1}' }),
    });
    const list = await client.send(new ListObjectsV2Command({ Bucket: "b" }));
    expect(list.Contents).toEqual([{ Key: "a<&>\r", Size: 1 }, { Key: "b" }]);
    expect(list.CommonPrefixes).toEqual([{ Prefix: "p/" }]);
    expect(await client.send(new GetBucketLocationCommand({ Bucket: "b" }))).toMatchObject({
      LocationConstraint: "eu-west-1",
    });
    expect(await client.send(new GetBucketPolicyCommand({ Bucket: "b" }))).toMatchObject({ Policy: '{"a":1}' });
  });

  it("are errors with their members, and without a body on HEAD and for 304", async () => {
    const fail = (code: string, status: number) => () => {
      throw new AwsError(code, "why", status, { BucketName: "b" });
    };
    const { client, server } = await s3With({
      GetObject: fail("NoSuchKey", 404),
      HeadObject: fail("NotFound", 404),
      ListObjectsV2: fail("NotModified", 304),
    });
    const missing = client.send(new GetObjectCommand({ Bucket: "b", Key: "k" }));
    await expect(missing).rejects.toBeInstanceOf(NoSuchKey);
    await expect(missing).rejects.toMatchObject({ BucketName: "b", message: "why" });
    await expect(client.send(new HeadObjectCommand({ Bucket: "b", Key: "k" }))).rejects.toMatchObject({
      name: "NotFound",
      $metadata: { httpStatusCode: 404 },
    });
    const unchanged = await fetch(`${server.url}/b?list-type=2`);
    expect([unchanged.status, await unchanged.text()]).toEqual([304, ""]);
  });

  it("cut the connection when a body fails half-way, instead of pretending to be whole", async () => {
    const { client, lines } = await s3With({
      GetObject: () => ({ Body: failing(), ContentLength: 10 }),
    });
    const { Body } = await client.send(new GetObjectCommand({ Bucket: "b", Key: "k" }));
    await expect(Body?.transformToString()).rejects.toThrow();
    expect(lines.join()).toContain("disk gone");
  });
});

async function* failing(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("abc");
  throw new Error("disk gone");
}
