import * as z from "zod/mini";
import type { Artifacts } from "../aws/artifacts.ts";
import type { Ledger } from "../aws/ledger.ts";
import { notFoundPatienceMs, type Snapshots } from "../aws/snapshots.ts";
import { type BlockRange, rangesOf } from "../domain/block-ranges.ts";
import type { Release } from "../domain/release.ts";
import { BakeFailedError, isNamed } from "../errors.ts";
import { pending, ready, type StepOutput } from "../step-input.ts";
import { BlockWriter } from "./block-writer.ts";

interface World {
  artifacts: Artifacts;
  ledger: Ledger;
  snapshots: Snapshots;
  now: () => number;
}

/** What is remembered of a range, or of a volume that is one range, from turn to turn. */
export const progressMemo = z.object({
  snapshotId: z.string(),
  /** Since when AWS has taken no block. Unit: milliseconds since the Unix epoch. */
  stuckSinceMs: z.optional(z.number()),
  /** Every block of the range before this one is written. */
  written: z.optional(z.number()),
});

export type Progress = z.infer<typeof progressMemo>;

interface Unfinished {
  kind: "unfinished";
  waitSeconds: number;
  progress: Progress;
}

/** How far the blocks of a volume are. */
export type Writing = { kind: "sealed" } | Unfinished | { kind: "fan-out"; ranges: BlockRange[] };

/** Unit: seconds between two looks at a snapshot that takes no blocks: it is too new to be known, or being sealed. */
const notAcceptingSeconds = 2;

/**
 * Writes a volume's blocks and seals its snapshot, or says which ranges are to be written before, each in an invocation
 * of its own.
 */
export async function writeVolume(release: Release, progress: Progress, world: World): Promise<Writing> {
  const writer = new BlockWriter(world, release);
  const ranges = rangesOf(writer.blockCount);
  const [range, ...others] = ranges;
  if (range && others.length === 0) {
    return whileWritable(progress, world, async () => {
      const writing = await writeTurn(writer, range, progress, world);
      return writing ?? seal(writer, progress);
    });
  }
  const unwritten = await writer.unwritten(progress.snapshotId, ranges);
  if (unwritten.length > 0) return { kind: "fan-out", ranges: unwritten };
  return whileWritable(progress, world, () => seal(writer, progress));
}

/** Writes one range of a volume; done once the ledger says so. */
export async function writeRange(
  release: Release,
  range: BlockRange,
  progress: Progress,
  world: World,
): Promise<StepOutput> {
  const writer = new BlockWriter(world, release);
  const writing = await whileWritable(progress, world, async () => {
    const unfinished = await writeTurn(writer, range, progress, world);
    if (unfinished) return unfinished;
    await world.ledger.parts.recordBlocks(progress.snapshotId, range.first, range.end);
    return { kind: "sealed" };
  });
  return writing.kind === "unfinished" ? pending(writing.waitSeconds, { ...writing.progress }) : ready();
}

/** Writes for one turn. Returns undefined when every block of the range is written. */
async function writeTurn(
  writer: BlockWriter,
  range: BlockRange,
  progress: Progress,
  world: World,
): Promise<Unfinished | undefined> {
  const { snapshotId, written: before = range.first, stuckSinceMs = world.now() } = progress;
  const written = await writer.write(snapshotId, range, before);
  if (written === range.end) return undefined;
  if (written > before) return { kind: "unfinished", waitSeconds: 1, progress: { snapshotId, written } };
  if (world.now() - stuckSinceMs > notFoundPatienceMs) {
    throw new BakeFailedError(`Snapshot ${snapshotId} was started but does not accept blocks.`, "Deploy again.");
  }
  return {
    kind: "unfinished",
    waitSeconds: notAcceptingSeconds,
    progress: { snapshotId, written, stuckSinceMs },
  };
}

async function seal(writer: BlockWriter, { snapshotId }: Progress): Promise<Writing> {
  await writer.complete(snapshotId);
  return { kind: "sealed" };
}

/**
 * Blocks are refused once a snapshot is sealed: by an earlier turn that died or whose answer was lost. What it sealed was
 * checked by AWS. They are also refused while a turn that AWS already gave up still writes the same block.
 */
async function whileWritable(progress: Progress, world: World, write: () => Promise<Writing>): Promise<Writing> {
  try {
    return await write();
  } catch (error) {
    if (!isNamed(error, "ValidationException")) throw error;
    if ((await world.snapshots.state(progress.snapshotId)) === "completed") return { kind: "sealed" };
    const stuckSinceMs = progress.stuckSinceMs ?? world.now();
    if (world.now() - stuckSinceMs > notFoundPatienceMs) throw error;
    return { kind: "unfinished", waitSeconds: notAcceptingSeconds, progress: { ...progress, stuckSinceMs } };
  }
}
