import { createHash } from "node:crypto";
import { blockBytes, parseHeader } from "../../../boot/release-volume.ts";
import type { ImageRecord } from "../../../local/ec2/records.ts";
import { collect } from "../../../local/wire/body.ts";
import { imageName } from "../../../shared/domain/names.ts";
import { imageOwner, type Release } from "../../../shared/domain/release.ts";
import { type SimulatedStage, stageName } from "../simulated-stage.ts";

/** S2: what a release runs is exactly the version of the artifact that it was frozen with, whatever was uploaded since. */
export async function bytesProblems(stage: SimulatedStage, release: Release): Promise<string[]> {
  const { artifact, generation } = release;
  const uploaded = await uploadedBytes(stage, release);
  const baked = await bakedBytes(stage, release);
  if (!baked) return [];
  return [uploaded, baked].some((bytes) => createHash("sha256").update(bytes).digest("hex") !== artifact.sha256)
    ? [`S2 bytes: the image of ${generation} does not have what was uploaded as ${artifact.versionId}`]
    : [];
}

async function uploadedBytes({ cloud, outputs }: SimulatedStage, { artifact }: Release): Promise<Uint8Array> {
  const found = await cloud.complete(
    cloud.call<{ Body: AsyncIterable<Uint8Array> }>("s3", "GetObject", {
      Bucket: outputs["ArtifactsBucket"],
      Key: artifact.key,
      VersionId: artifact.versionId,
    }),
  );
  return collect(found.Body);
}

/** The archive on the release volume of the image; undefined where there is no such image any more. */
async function bakedBytes({ cloud }: SimulatedStage, release: Release): Promise<Uint8Array | undefined> {
  const name = imageName(stageName, imageOwner(release), release.imageDigest);
  const image = cloud.kernel.store
    .collection<ImageRecord>("ec2.images")
    .list()
    .find((one) => one.name === name);
  const SnapshotId = image?.mappings.at(-1)?.ebs?.snapshotId;
  if (SnapshotId === undefined) return undefined;
  type Listed = { Blocks: { BlockIndex: number; BlockToken: string }[] };
  const { Blocks } = await cloud.complete(cloud.call<Listed>("ebs", "ListSnapshotBlocks", { SnapshotId }));
  const blocks = new Map<number, Uint8Array>();
  for (const { BlockIndex, BlockToken } of Blocks) {
    const asked = { SnapshotId, BlockIndex, BlockToken };
    type Got = { BlockData: AsyncIterable<Uint8Array> };
    const { BlockData } = await cloud.complete(cloud.call<Got>("ebs", "GetSnapshotBlock", asked));
    blocks.set(BlockIndex, await collect(BlockData));
  }
  const { artifact } = parseHeader(blocks.get(0) ?? new Uint8Array(blockBytes));
  const parts = Array.from({ length: artifact.blockCount }, (_, index) => blocks.get(artifact.firstBlock + index));
  return Buffer.concat(parts.map((part) => part ?? new Uint8Array(blockBytes))).subarray(0, artifact.bytes);
}
