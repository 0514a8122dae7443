import { blockBytes } from "./block-size.ts";
import { noiseBlock } from "./noise.ts";

/**
 * Where the bytes of snapshots and volumes are: one sparse file of blocks for each, named by its id. A driver, so that a
 * simulation keeps them in memory. What was never written reads as zeros here; what AWS shows instead of zeros is
 * decided by the callers.
 */
export interface BlockFiles {
  /** Makes a volume's file with the bytes of its snapshot; an existing one of the same id is replaced. */
  makeVolume(volume: VolumeBytes): Promise<void>;
  /** Writes one whole block, making the file when needed. */
  write(id: string, index: number, bytes: Uint8Array): Promise<void>;
  /** One whole block; zeros where nothing was written or the file ends. */
  read(id: string, index: number): Promise<Uint8Array>;
  /** Indexes of the blocks that hold anything but zeros, ascending. */
  occupied(id: string): Promise<number[]>;
  /** Forgets the file; harmless when there is none. */
  remove(id: string): Promise<void>;
}

/** What a new volume holds. */
export interface VolumeBytes {
  id: string;
  sizeBytes: number;
  /** The snapshot it is made from and the blocks that snapshot has; undefined for an empty volume. */
  source: { id: string; indexes: readonly number[] } | undefined;
  /** Encrypted volumes read as noise where nothing was written, others as zeros. */
  encrypted: boolean;
}

/**
 * How many unwritten blocks after the last written one, and in each gap before it, are made noise in an encrypted volume,
 * besides the volume's last block: enough for whoever reads on to notice, without filling gigabytes. A gap may be one: a
 * snapshot of such a volume has its last block.
 */
const noisyBlocksPastEnd = 4;
const noisyBlocksInGap = 64;

/**
 * Fills a volume's empty file: the snapshot's blocks, and noise where an encrypted volume has it.
 * Returns the indexes of the blocks it wrote.
 */
export async function fillVolume(files: Pick<BlockFiles, "read" | "write">, volume: VolumeBytes): Promise<number[]> {
  const written = new Set(volume.source?.indexes);
  if (volume.source) await copyBlocks(files, volume.source.id, volume.id, volume.source.indexes);
  if (volume.encrypted) {
    const count = volume.sizeBytes / blockBytes;
    for (const index of unwritten(written, count)) {
      await files.write(volume.id, index, noiseBlock(volume.id, index));
      written.add(index);
    }
  }
  return [...written].sort((a, b) => a - b);
}

/** The unwritten blocks that are made noise, ascending. */
function unwritten(written: ReadonlySet<number>, count: number): number[] {
  const noisy = new Set<number>();
  const ends = [...written].sort((a, b) => a - b);
  for (const [place, index] of [-1, ...ends].entries()) {
    const next = ends[place] ?? count;
    const most = place === ends.length ? noisyBlocksPastEnd : noisyBlocksInGap;
    for (let one = index + 1; one < Math.min(next, index + 1 + most); one++) noisy.add(one);
  }
  if (!written.has(count - 1)) noisy.add(count - 1);
  return [...noisy].sort((a, b) => a - b);
}

/** Copies the given blocks of one file into another. */
export async function copyBlocks(
  files: Pick<BlockFiles, "read" | "write">,
  fromId: string,
  toId: string,
  indexes: Iterable<number>,
): Promise<void> {
  for (const index of indexes) await files.write(toId, index, await files.read(fromId, index));
}
