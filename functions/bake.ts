import type * as z from "zod/mini";
import { Artifacts } from "../shared/aws/artifacts.ts";
import * as clients from "../shared/aws/clients.ts";
import { Documents } from "../shared/aws/documents.ts";
import { type BaseImage, failedImage, Images, releaseTags } from "../shared/aws/images.ts";
import { Ledger } from "../shared/aws/ledger.ts";
import { notFoundPatienceMs, Snapshots } from "../shared/aws/snapshots.ts";
import { BlockWriter } from "../shared/block-writer.ts";
import { sha256Hex } from "../shared/digests.ts";
import { clientToken, imageName, ownedBaseName, tagKeys } from "../shared/domain/names.ts";
import type { Release } from "../shared/domain/release.ts";
import { rootVolumeGib } from "../shared/domain/root-volume.ts";
import { BakeFailedError } from "../shared/errors.ts";
import { type BaseWorld, lambdaHandler, type Step } from "../shared/step.ts";
import { pending, ready, type StepOutput, stepInput } from "../shared/step-input.ts";
import { volumeOf } from "../shared/volume-of-release.ts";

type Input = z.infer<typeof stepInput>;

interface World extends BaseWorld {
  ledger: Ledger;
  artifacts: Artifacts;
  snapshots: Snapshots;
  images: Images;
}

/** What a bake remembers between turns. */
interface Progress {
  snapshotId?: string;
  startedMs?: number;
  /** Blocks written, counted from the start of the volume. */
  written?: number;
  sealed?: boolean;
  /** Times in a row that EC2 called the snapshot completed. */
  seen?: number;
}

/** Times in a row: the answer of one replica is not yet the answer of all (awslabs/coldsnap waits for three). */
const completedInARow = 3;

/**
 * Makes the image of a release without a builder instance: writes the release volume block by block, then registers it
 * with the base's root.
 *
 * Before: the base's owned copy is available. After: an image named by its content is available and is what was asked.
 * Repeatable: the image's name is its digest, the snapshot's token too, and a block written twice is the same block.
 */
export async function bake(input: Input, world: World): Promise<StepOutput> {
  const release = await world.ledger.frozen(input.release);
  const base = await ownedBase(release, world);
  const name = imageName(world.config.stage, release.service, release.imageDigest);
  const progress = input.memo as Progress;

  const own = await world.images.find(name);
  if (own.state === "failed" && own.image) throw failedImage(own.image);
  if (own.state === "disabled") await world.images.enable(own.image?.ImageId ?? "");
  if (own.state === "available" && own.image) {
    world.images.verify(own.image, base, progress.snapshotId);
    return ready();
  }
  if (own.state !== "absent") return pending(2, input.memo);
  return advance(release, base, name, progress, world);
}

async function advance(
  release: Release,
  base: BaseImage,
  name: string,
  progress: Progress,
  world: World,
): Promise<StepOutput> {
  const snapshotId = progress.snapshotId ?? (await startSnapshot(release, world));
  if (!progress.sealed) return writeBlocks(release, { ...progress, snapshotId }, world);

  const state = await world.snapshots.state(snapshotId);
  if (state === "error") throw new BakeFailedError(`Snapshot ${snapshotId} ended in an error.`, "Deploy again.");
  const seen = state === "completed" ? (progress.seen ?? 0) + 1 : 0;
  if (seen < completedInARow) return pending(1, { ...progress, seen });

  const tags = releaseTags(world.config.stage, release.service, release.generation, "image");
  const baseGib =
    base.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === base.RootDeviceName)?.Ebs?.VolumeSize ?? 8;
  const unpackedBytes = [...release.layers, release.artifact].reduce((sum, part) => sum + part.unpackedBytes, 0);
  await world.images.register({
    name,
    base,
    snapshotId,
    rootGib: rootVolumeGib(baseGib, unpackedBytes),
    tags: { ...tags, [tagKeys.image]: release.imageDigest },
  });
  return pending(2, { ...progress, seen });
}

async function writeBlocks(
  release: Release,
  progress: Progress & { snapshotId: string },
  world: World,
): Promise<StepOutput> {
  const layout = volumeOf(release);
  const { snapshotId, startedMs = world.now() } = progress;
  const writer = new BlockWriter(world, release, layout);
  const written = await writer.write(snapshotId, progress.written ?? 0);
  if (written < layout.blockCount) {
    if (written === 0 && world.now() - startedMs > notFoundPatienceMs) {
      throw new BakeFailedError(`Snapshot ${snapshotId} was started but does not accept blocks.`, "Deploy again.");
    }
    return pending(1, { snapshotId, startedMs, written });
  }
  await world.snapshots.complete(snapshotId, layout.blockCount, await writer.linearDigest());
  return pending(2, { snapshotId, written, sealed: true });
}

async function ownedBase(release: Release, world: World): Promise<BaseImage> {
  const { image } = await world.images.find(ownedBaseName(world.config.stage, release.base.imageId));
  if (image) return image;
  throw new BakeFailedError(
    `The owned copy of base ${release.base.imageId} is gone.`,
    "Deploy again; it is made anew.",
  );
}

function startSnapshot(release: Release, world: World): Promise<string> {
  return world.snapshots.start({
    gib: volumeOf(release).volumeGib,
    token: clientToken("bake", sha256Hex(`${release.generation} ${release.imageDigest}`)),
    keyArn: world.config.keyArn,
    description: `Kiln release volume of ${release.generation}`,
    tags: releaseTags(world.config.stage, release.service, release.generation, "release-volume"),
  });
}

export const step: Step<Input, World, StepOutput> = {
  name: "bake",
  input: stepInput,
  run: bake,
  world: (common, connect) => {
    const s3 = clients.s3(connect);
    const ec2 = clients.ec2(connect);
    const ebs = clients.ebs(connect);
    return {
      ...common,
      ledger: new Ledger(new Documents(s3, common.config.ledgerBucket)),
      artifacts: new Artifacts(s3, common.config.artifactsBucket),
      snapshots: new Snapshots(ebs, ec2),
      images: new Images(ec2),
    };
  },
};

export const handler = lambdaHandler(step);
