/** The one block size EBS direct APIs know. Unit: bytes. Source: EBS API reference, PutSnapshotBlock `DataLength`. */
export const blockBytes = 524_288;

/**
 * Where the bytes of snapshots and volumes are: one sparse file of blocks for each, named by its id. A driver, so that a
 * simulation keeps them in memory. What was never written reads as zeros here; what AWS shows instead of zeros is
 * decided by the callers.
 */
export interface BlockFiles {
  /** Makes an empty file of this size; an existing one of the same id is replaced. */
  create(id: string, sizeBytes: number): Promise<void>;
  /** Writes one whole block, making the file when needed. */
  write(id: string, index: number, bytes: Uint8Array): Promise<void>;
  /** One whole block; zeros where nothing was written or the file ends. */
  read(id: string, index: number): Promise<Uint8Array>;
  /** Indexes of the blocks that hold anything but zeros, ascending. */
  occupied(id: string): Promise<number[]>;
  /** Forgets the file; harmless when there is none. */
  remove(id: string): Promise<void>;
}

/** Copies the given blocks of one file into another. */
export async function copyBlocks(
  files: BlockFiles,
  fromId: string,
  toId: string,
  indexes: Iterable<number>,
): Promise<void> {
  for (const index of indexes) await files.write(toId, index, await files.read(fromId, index));
}
