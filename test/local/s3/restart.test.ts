import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { VirtualClock } from "../../../local/core/clock.ts";
import { Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { DiskObjectFiles } from "../../../local/s3/object-files.ts";
import { S3Service } from "../../../local/s3/service.ts";
import { person, textOf } from "./cloud.ts";

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

async function startIn(directory: string) {
  const kernel = new Kernel(settingsWith({ stateDirectory: directory }), new VirtualClock());
  kernel.judge = () => undefined;
  const files = new DiskObjectFiles(join(directory, "objects"));
  kernel.register(new S3Service(kernel, files));
  await kernel.start();
  // biome-ignore lint/suspicious/noExplicitAny: tests look at members of many outputs.
  const call = (operation: string, input: object): Promise<any> => kernel.call("s3", operation, input, person);
  return { kernel, files, call };
}

it("finds objects and unfinished uploads again after a restart, and removes what a crash left", async () => {
  const directory = await mkdtemp(join(tmpdir(), "kiln-s3-"));
  directories.push(directory);
  const before = await startIn(directory);
  await before.call("CreateBucket", { Bucket: "clay" });
  await before.call("PutObject", { Bucket: "clay", Key: "k", Body: "bytes" });
  const { UploadId } = await before.call("CreateMultipartUpload", { Bucket: "clay", Key: "big" });
  const target = { Bucket: "clay", Key: "big", UploadId };
  const { ETag } = await before.call("UploadPart", { ...target, PartNumber: 1, Body: "part" });
  await before.kernel.stop();
  const [anyFile = ""] = await before.files.names();
  await writeFile(join(directory, "objects", anyFile.slice(0, 2), `${anyFile.slice(0, 2)}left.part`), "half");

  const after = await startIn(directory);
  expect(await after.files.names()).toHaveLength(2);
  expect(await textOf((await after.call("GetObject", { Bucket: "clay", Key: "k" })).Body)).toBe("bytes");
  await after.call("CompleteMultipartUpload", { ...target, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } });
  const range = await after.call("GetObject", { Bucket: "clay", Key: "big", Range: "bytes=1-2" });
  expect(await textOf(range.Body)).toBe("ar");
  await after.kernel.stop();
});

it("leaves nothing of an upload whose sender goes away", async () => {
  const directory = await mkdtemp(join(tmpdir(), "kiln-s3-"));
  directories.push(directory);
  const { call, files, kernel } = await startIn(directory);
  await call("CreateBucket", { Bucket: "clay" });
  async function* broken() {
    yield Buffer.alloc(100_000);
    throw new Error("connection reset");
  }
  await expect(call("PutObject", { Bucket: "clay", Key: "k", Body: broken() })).rejects.toThrow("connection reset");
  expect(await files.names()).toEqual([]);
  expect((await call("ListObjectsV2", { Bucket: "clay" })).KeyCount).toBe(0);
  await kernel.stop();
});
