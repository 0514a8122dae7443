import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { partsOf } from "../../../cli/aws/multipart-upload.ts";
import { UnfinishedUploads } from "../../../cli/aws/unfinished-uploads.ts";
import { uploadFile } from "../../../cli/aws/upload.ts";
import { attachToClient } from "../../../local/server/attach-to-client.ts";
import { bytesOf, person, s3Cloud } from "../../local/s3/cloud.ts";

const mebibyte = 1024 * 1024;
const directory = mkdtempSync(join(tmpdir(), "kiln-upload-"));
const file = join(directory, "app.tgz");
const target = { bucket: "clay", key: "web/1.tgz" };
/** Two whole parts and a bit. */
const content = randomBytes(17 * mebibyte);

let cloud: Awaited<ReturnType<typeof s3Cloud>>;
let unfinished: UnfinishedUploads;
/** Operations in order; parts with their number. */
let made: string[];

beforeAll(() => writeFile(file, content));
beforeEach(async () => {
  cloud = await s3Cloud();
  await cloud.call("CreateBucket", { Bucket: target.bucket });
  await cloud.call("PutBucketVersioning", {
    Bucket: target.bucket,
    VersioningConfiguration: { Status: "Enabled" },
  });
  unfinished = new UnfinishedUploads(mkdtempSync(join(directory, "notes-")));
  made = [];
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Sent {
  constructor: { name: string };
  input: { PartNumber?: number; Body?: Buffer };
}

/** A client to S3. @param before Called before each call is sent; what it throws is what the caller gets. */
function client(before: (sent: Sent) => void = () => {}): S3Client {
  const s3 = attachToClient(new S3Client({ region: "us-east-1" }), cloud.kernel, "s3", person);
  const { send } = s3 as unknown as { send(command: Sent): Promise<unknown> };
  const watched = async (command: Sent) => {
    before(command);
    const answer = await send(command);
    const name = command.constructor.name.replace("Command", "");
    made.push(name === "UploadPart" ? `UploadPart ${command.input.PartNumber}` : name);
    return answer;
  };
  return Object.assign(s3, { send: watched });
}

/** A push; returns what was told of its progress. */
async function push(s3: S3Client, path = file) {
  const told = { sent: [] as number[], resumed: 0 };
  const uploaded = await uploadFile(s3, { ...target, file: path }, unfinished, {
    sent: (bytes) => told.sent.push(bytes),
    resumed: (bytes) => {
      told.resumed = bytes;
    },
  });
  return { ...told, uploaded };
}

function cutOffAtPart(number: number): (sent: Sent) => void {
  return ({ input }) => {
    if (input.PartNumber === number) throw new Error("the line is cut");
  };
}

const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** Digest of what the bucket has. */
async function stored(): Promise<string> {
  const { Body } = await cloud.call("GetObject", bucketAndKey());
  return digest(await bytesOf(Body));
}

describe("an upload", () => {
  it("is one call for a small file, compared with its SHA-256", async () => {
    const small = join(directory, "small.tgz");
    await writeFile(small, "clay");
    const { uploaded, sent } = await push(client(), small);
    expect(made).toEqual(["PutObject"]);
    expect(sent).toEqual([4]);
    expect(uploaded).toMatchObject({ key: target.key, bytes: 4 });
    const { ChecksumSHA256 } = await cloud.call("HeadObject", { ...bucketAndKey(), ChecksumMode: "ENABLED" });
    expect(ChecksumSHA256).toBe(createHash("sha256").update("clay").digest("base64"));
  });

  it("sends a large file in parts and tells its progress up to the end", async () => {
    const { uploaded, sent, resumed } = await push(client());
    expect(await stored()).toBe(digest(content));
    expect(uploaded.versionId).toMatch(/./);
    expect(sent.at(-1)).toBe(content.length);
    expect(sent).toEqual(sent.toSorted((a, b) => a - b));
    expect(resumed).toBe(0);
    expect(cloud.events).toHaveLength(0);
  });

  it("goes on where it was cut off, sending only the parts that are missing", async () => {
    await expect(push(client(cutOffAtPart(2)))).rejects.toThrow("the line is cut");
    expect(await cloud.refusal("HeadObject", bucketAndKey())).toMatchObject({ status: 404 });

    made = [];
    const { resumed } = await push(client());
    expect(made).toEqual(["ListParts", "UploadPart 2", "CompleteMultipartUpload"]);
    expect(resumed).toBe(9 * mebibyte);
    expect(await stored()).toBe(digest(content));
  });

  it("sends again the parts of a file that changed since", async () => {
    await expect(push(client(cutOffAtPart(3)))).rejects.toThrow("the line is cut");
    const changed = Buffer.concat([randomBytes(8 * mebibyte), content.subarray(8 * mebibyte)]);
    const other = join(directory, "changed.tgz");
    await writeFile(other, changed);

    made = [];
    await push(client(), other);
    expect(made.toSorted()).toEqual(["CompleteMultipartUpload", "ListParts", "UploadPart 1", "UploadPart 3"]);
    expect(await stored()).toBe(digest(changed));
  });

  it("begins anew when the earlier upload was removed meanwhile", async () => {
    await expect(push(client(cutOffAtPart(3)))).rejects.toThrow("the line is cut");
    const { Uploads } = await cloud.call("ListMultipartUploads", { Bucket: target.bucket });
    await cloud.call("AbortMultipartUpload", { ...bucketAndKey(), UploadId: Uploads[0].UploadId });

    const { resumed } = await push(client());
    expect(resumed).toBe(0);
    expect(await stored()).toBe(digest(content));
  });

  it("leaves no note and no unfinished upload behind when it is done", async () => {
    await push(client());
    expect(await unfinished.find(target)).toBeUndefined();
    expect((await cloud.call("ListMultipartUploads", { Bucket: target.bucket })).Uploads ?? []).toEqual([]);
    expect(readdirSync(directory).filter((name) => name.endsWith(".json"))).toEqual([]);
  });

  it("is refused by S3 when a part arrives otherwise than it was read", async () => {
    const garbling = client(({ input }) => {
      if (input.PartNumber === 2 && input.Body) input.Body[0] = (input.Body[0] ?? 0) ^ 1;
    });
    await expect(push(garbling)).rejects.toMatchObject({ name: "BadDigest" });
    expect(await cloud.refusal("HeadObject", bucketAndKey())).toMatchObject({ status: 404 });
  });
});

describe("the parts of a file", () => {
  it("are the same for the same size, and never more than S3 takes", () => {
    expect(partsOf(8 * mebibyte)).toHaveLength(1);
    expect(partsOf(8 * mebibyte + 1).map(({ bytes }) => bytes)).toEqual([8 * mebibyte, 1]);
    expect(partsOf(0)).toEqual([{ number: 1, offset: 0, bytes: 0 }]);
    expect(partsOf(200 * 1024 ** 3).length).toBeLessThanOrEqual(10_000);
  });
});

function bucketAndKey() {
  return { Bucket: target.bucket, Key: target.key };
}
