import { gunzipSync } from "node:zlib";
import { EBSClient } from "@aws-sdk/client-ebs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { describe, expect, it } from "vitest";
import { attachToClient } from "../../../local/server/attach-to-client.ts";
import { collect } from "../../../local/wire/body.ts";
import { archiveOf, noise, procfile } from "../../../scripts/fuzz/sample-archives.ts";
import { zipOf, zippedProcfile } from "../../../scripts/fuzz/sample-zips.ts";
import { admitDeploy } from "../../../shared/admission/deploy.ts";
import { Snapshots } from "../../../shared/aws/snapshots.ts";
import { BlockWriter } from "../../../shared/baking/block-writer.ts";
import { person } from "../../local/s3/cloud.ts";
import { frontDoor } from "../admission/front-door.ts";

/** A release that was admitted, and a writer of its volume into a snapshot that keeps every block. */
async function bakingRelease(key = "web/1.tgz", made = archiveOf(procfile, [{ name: "data" }, noise(700_000)])) {
  const door = await frontDoor();
  const { world, apply, push, asked, kernel } = door;
  const blocks = new Map<number, Buffer>();
  kernel.register({
    id: "ebs",
    operations: {
      PutSnapshotBlock: {
        run: async ({ BlockIndex, BlockData, Checksum }) => {
          blocks.set(BlockIndex, Buffer.from(await collect(BlockData)));
          return { Checksum, ChecksumAlgorithm: "SHA256" };
        },
      },
    },
  });
  await apply();
  const bytes = await made;
  const event = await push(key, bytes);
  await admitDeploy(asked(event), world);
  const release = await world.ledger.frozen({ service: "web", generation: "web-000001", fence: 1 });
  const ebs = attachToClient(new EBSClient({ region: "us-east-1" }), kernel, "ebs", person);
  const snapshots = new Snapshots(ebs, new EC2Client({ region: "us-east-1" }));
  const writer = new BlockWriter({ ...world, snapshots }, release);
  return { ...door, bytes, event, blocks, writer, release };
}

describe("a zip", () => {
  const zip = zipOf([zippedProcfile, { name: "data", content: noise(700_000), method: 0 }]);

  /** What is baked behind the header, without the padding. */
  async function bakedFrom(...starts: number[]): Promise<Buffer> {
    const { writer, blocks, release } = await bakingRelease("web/1.zip", Promise.resolve(zip));
    expect(release.artifact).toMatchObject({ key: "web/1.zip", zip: { bytes: zip.length } });
    for (const from of starts) expect(await writer.write("snap-1", { first: 0, end: 3 }, from)).toBe(3);
    const parts = [1, 2].map((index) => blocks.get(index) ?? Buffer.alloc(0));
    return Buffer.concat(parts).subarray(0, release.artifact.bytes);
  }

  it("is baked as the .tar.gz that was inspected, with what is in it", async () => {
    const tar = gunzipSync(await bakedFrom(0));
    expect(tar.indexOf(noise(700_000))).toBeGreaterThan(0);
    expect(tar.indexOf("web: node server.js")).toBeGreaterThan(0);
  });

  it("is baked on from any block, the same", async () => {
    expect(await bakedFrom(2, 1)).toEqual(await bakedFrom(0));
  });

  it("has the digests of its one release, however often it is pushed", async () => {
    const [first, second] = await Promise.all([
      bakingRelease("web/1.zip", Promise.resolve(zip)),
      bakingRelease("web/1.zip", Promise.resolve(zip)),
    ]);
    expect(first.release.releaseDigest).toBe(second.release.releaseDigest);
  });
});

describe("an artifact that changes while it is baked", () => {
  it("is baked as it was admitted when another version is pushed over it", async () => {
    const { push, writer, blocks, bytes } = await bakingRelease();
    await push("web/1.tgz", await archiveOf(procfile, [{ name: "data" }, noise(800_000)]));
    expect(await writer.write("snap-1", { first: 0, end: 3 }, 0)).toBe(3);
    expect(
      Buffer.concat([blocks.get(1) ?? Buffer.alloc(0), blocks.get(2) ?? Buffer.alloc(0)]).subarray(0, bytes.length),
    ).toEqual(bytes);
  });

  it("is baked as it was admitted when a delete marker hides it", async () => {
    const { kernel, writer } = await bakingRelease();
    await kernel.call("s3", "DeleteObject", { Bucket: "artifacts", Key: "web/1.tgz" }, person);
    expect(await writer.write("snap-1", { first: 0, end: 3 }, 0)).toBe(3);
  });

  it("fails the bake by name when its version was deleted for good", async () => {
    const { kernel, event, writer, blocks } = await bakingRelease();
    const { key: Key, "version-id": VersionId } = event.detail.object;
    await kernel.call("s3", "DeleteObject", { Bucket: "artifacts", Key, VersionId }, person);
    await expect(writer.write("snap-1", { first: 0, end: 3 }, 0)).rejects.toMatchObject({
      name: "ArtifactMissingError",
      message: expect.stringContaining(`Version ${VersionId} of web/1.tgz was deleted`),
    });
    expect([...blocks.keys()]).toEqual([0]);
  });
});
