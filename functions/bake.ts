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
import { BakeFailedError, isNamed } from "../shared/errors.ts";
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
}

/** Times in a row: the answer of one replica is not yet the answer of all (awslabs/coldsnap waits for three). */
const completedInARow = 3;

/**
 * Unit: seconds between two looks at what AWS is doing. Sealing a snapshot and registering an image take a few seconds
 * each; every look is an invocation and three state transitions.
 */
const sealingSeconds = 5;
const registeringSeconds = 6;

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
  if (own.state !== "absent") return pending(registeringSeconds, input.memo);
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

  if (!(await isCompleted(snapshotId, world))) return pending(sealingSeconds, { ...progress });
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
  return pending(registeringSeconds, { ...progress });
}

async function isCompleted(snapshotId: string, world: World): Promise<boolean> {
  for (let look = 0; look < completedInARow; look++) {
    const state = await world.snapshots.state(snapshotId);
    if (state === "error") throw new BakeFailedError(`Snapshot ${snapshotId} ended in an error.`, "Deploy again.");
    if (state !== "completed") return false;
  }
  return true;
}

async function writeBlocks(
  release: Release,
  progress: Progress & { snapshotId: string },
  world: World,
): Promise<StepOutput> {
  const layout = volumeOf(release);
  const { snapshotId, startedMs = world.now() } = progress;
  const writer = new BlockWriter(world, release, layout);
  try {
    const written = await writer.write(snapshotId, progress.written ?? 0);
    if (written === layout.blockCount) {
      await world.snapshots.complete(snapshotId, layout.blockCount, await writer.linearDigest());
      return pending(sealingSeconds, { snapshotId, sealed: true });
    }
    if (written === 0) assertPatience(snapshotId, startedMs, world);
    // Nothing written: the snapshot is not yet known where blocks go. Otherwise only the turn's time was over.
    return pending(written === 0 ? 3 : 1, { snapshotId, startedMs, written });
  } catch (error) {
    // Refused: an earlier turn sealed the snapshot and died, or its answer was lost. What it sealed was checked by AWS.
    if (!isNamed(error, "ValidationException")) throw error;
    const sealed = (await world.snapshots.state(snapshotId)) === "completed";
    if (!sealed && world.now() - startedMs > notFoundPatienceMs) throw error;
    return pending(sealingSeconds, sealed ? { snapshotId, sealed } : { ...progress, startedMs });
  }
}

function assertPatience(snapshotId: string, startedMs: number, world: World): void {
  if (world.now() - startedMs <= notFoundPatienceMs) return;
  throw new BakeFailedError(`Snapshot ${snapshotId} was started but does not accept blocks.`, "Deploy again.");
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
