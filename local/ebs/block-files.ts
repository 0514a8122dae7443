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
 * How many unwritten blocks after the last written one are made noise in an encrypted volume, besides every gap and the
 * volume's last block: enough for whoever reads on past the end to notice, without filling gigabytes.
 */
const noisyBlocksPastEnd = 4;

/**
 * Fills a volume's empty file: the snapshot's blocks, and noise where an encrypted volume has it.
 * Returns the indexes of the blocks it wrote.
 */
export async function fillVolume(files: Pick<BlockFiles, "read" | "write">, volume: VolumeBytes): Promise<number[]> {
  const written = new Set(volume.source?.indexes);
  if (volume.source) await copyBlocks(files, volume.source.id, volume.id, volume.source.indexes);
  if (volume.encrypted) {
    const count = volume.sizeBytes / blockBytes;
    const last = [...written].reduce((highest, index) => Math.max(highest, index), -1);
    const noisy = Array.from({ length: Math.min(count, last + 1 + noisyBlocksPastEnd) }, (_, index) => index);
    for (const index of [...noisy, count - 1].filter((one) => !written.has(one))) {
      await files.write(volume.id, index, noiseBlock(volume.id, index));
      written.add(index);
    }
  }
  return [...written].sort((a, b) => a - b);
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
