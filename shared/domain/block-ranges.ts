/** Blocks of a snapshot from `first` up to, not including, `end`. */
export interface BlockRange {
  first: number;
  end: number;
}

/** Blocks that one invocation writes: 256 MiB, about 8 s where reading and writing share Lambda's 75 MB/s. */
const rangeBlocks = 512;

/** An inline Map runs at most so many iterations at once, and its history stays short with so many in all. */
const maxRanges = 40;

/** The ranges in which a volume of so many blocks is written; a small volume is one range. */
export function rangesOf(blockCount: number): BlockRange[] {
  const size = Math.max(rangeBlocks, Math.ceil(blockCount / maxRanges));
  const count = Math.ceil(blockCount / size);
  return Array.from({ length: count }, (_, index) => ({
    first: index * size,
    end: Math.min((index + 1) * size, blockCount),
  }));
}
