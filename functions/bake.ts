import * as z from "zod/mini";
import { Artifacts } from "../shared/aws/artifacts.ts";
import * as clients from "../shared/aws/clients.ts";
import { Documents } from "../shared/aws/documents.ts";
import { type BaseImage, failedImage, Images, releaseTags } from "../shared/aws/images.ts";
import { Ledger } from "../shared/aws/ledger.ts";
import { Snapshots } from "../shared/aws/snapshots.ts";
import { type Progress, progressMemo, writeRange, writeVolume } from "../shared/baking/volume-writing.ts";
import { sha256Hex } from "../shared/digests.ts";
import type { BlockRange } from "../shared/domain/block-ranges.ts";
import { baseImageName, clientToken, imageName, tagKeys } from "../shared/domain/names.ts";
import { imageOwner, type Release } from "../shared/domain/release.ts";
import { rootVolumeGib } from "../shared/domain/root-volume.ts";
import { BakeFailedError } from "../shared/errors.ts";
import { recordEvent } from "../shared/history.ts";
import { type BaseWorld, lambdaHandler, type Step } from "../shared/step.ts";
import { pending, ready, type StepOutput, stepInput } from "../shared/step-input.ts";
import { volumeOf } from "../shared/volume-of-release.ts";

const input = z.extend(stepInput, {
  /** Set for one of the ranges that a large volume is written in. */
  range: z.optional(z.object({ first: z.number(), end: z.number() })),
});

type Input = z.infer<typeof input>;

/** A large volume is written in ranges, each by an invocation of its own; then this one is asked again. */
interface FanOut {
  status: "fan-out";
  memo: Record<string, unknown>;
  ranges: BlockRange[];
}

/** The answer for one range names it, as the loop around it carries nothing else. */
type BakeOutput = (StepOutput & { range?: BlockRange }) | FanOut;

interface World extends BaseWorld {
  ledger: Ledger;
  artifacts: Artifacts;
  snapshots: Snapshots;
  images: Images;
}

/** What a bake remembers between turns. */
interface Memo extends Partial<Progress> {
  sealed?: boolean;
}

/** Times in a row: the answer of one replica is not yet the answer of all (awslabs/coldsnap waits for three). */
const completedInARow = 3;

/**
 * Unit: seconds until the next look. The first one comes when AWS is usually ready: a snapshot is sealed in 4 s,
 * its image is available in 5 s (each an observation, see the delays of the embedded cloud). Every look is an invocation
 * and three state transitions.
 */
const sealingSeconds = 4;
const registeringSeconds = 5;
/** Unit: seconds between further looks, when AWS takes longer than usual. */
const againSeconds = 3;

/**
 * Makes the image of a release without a builder instance: writes the release volume block by block, then registers it
 * with the base's root.
 *
 * Before: the base's owned copy is available. After: an image named by its content is available and is what was asked.
 * Repeatable: the image's name is its digest, the snapshot's token too, and a block written twice is the same block.
 */
export async function bake(input: Input, world: World): Promise<BakeOutput> {
  const release = await world.ledger.frozen(input.release);
  if (input.range) {
    const writing = await writeRange(release, input.range, progressMemo.parse(input.memo), world);
    return { ...writing, range: input.range };
  }
  const memo = input.memo as Memo;
  // A snapshot that takes blocks is in no image yet.
  if (memo.snapshotId && !memo.sealed) return writeBlocks(release, { ...memo, snapshotId: memo.snapshotId }, world);
  const { stage } = world.config;
  const name = imageName(stage, imageOwner(release), release.imageDigest);
  const names = [name, baseImageName(stage, release.base)];
  const [own, { image: base } = {}] = await world.images.findEach(names);
  if (!own || !base) throw baseIsGone(release);
  if (own.state === "failed" && own.image) throw failedImage(own.image);
  if (own.state === "disabled") await world.images.enable(own.image?.ImageId ?? "");
  if (own.state === "available" && own.image) {
    world.images.verify(own.image, base, memo.snapshotId);
    const { ImageId: imageId, Name: named } = own.image;
    await recordEvent(input, world, "baked", {
      imageId,
      name: named,
      base: base.ImageId,
      written: memo.snapshotId !== undefined,
    });
    return ready();
  }
  if (own.state !== "absent") return pending(againSeconds, input.memo);
  return advance(release, base, name, memo, world);
}

async function advance(release: Release, base: BaseImage, name: string, memo: Memo, world: World): Promise<BakeOutput> {
  const snapshotId = memo.snapshotId ?? (await startSnapshot(release, world));
  if (!memo.sealed) return writeBlocks(release, { ...memo, snapshotId }, world);

  if (!(await isCompleted(snapshotId, world))) return pending(againSeconds, { ...memo });
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
  return pending(registeringSeconds, { ...memo });
}

async function writeBlocks(release: Release, progress: Progress, world: World): Promise<BakeOutput> {
  const { snapshotId } = progress;
  const writing = await writeVolume(release, progress, world);
  switch (writing.kind) {
    case "fan-out":
      return { status: "fan-out", memo: { snapshotId }, ranges: writing.ranges };
    case "unfinished":
      return pending(writing.waitSeconds, { ...writing.progress });
    case "sealed":
      return pending(sealingSeconds, { snapshotId, sealed: true });
  }
}

async function isCompleted(snapshotId: string, world: World): Promise<boolean> {
  for (let look = 0; look < completedInARow; look++) {
    const state = await world.snapshots.state(snapshotId);
    if (state === "error") throw new BakeFailedError(`Snapshot ${snapshotId} ended in an error.`, "Deploy again.");
    if (state !== "completed") return false;
  }
  return true;
}

function baseIsGone(release: Release): BakeFailedError {
  return new BakeFailedError(
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

export const step: Step<Input, World, BakeOutput> = {
  name: "bake",
  input,
  run: bake,
  world: (common, connect) => {
    const s3 = clients.s3(connect);
    const ec2 = clients.ec2(connect);
    const ebs = clients.ebs(connect);
    return {
      ...common,
      ledger: new Ledger(new Documents(s3, common.config.ledgerBucket), common.releases),
      artifacts: new Artifacts(s3, common.config.artifactsBucket),
      snapshots: new Snapshots(ebs, ec2),
      images: new Images(ec2),
    };
  },
};

export const handler = lambdaHandler(step);
