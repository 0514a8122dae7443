import type { Artifacts } from "../aws/artifacts.ts";
import type { Ledger } from "../aws/ledger.ts";
import type { Snapshots } from "../aws/snapshots.ts";
import type { BlockRange } from "../domain/block-ranges.ts";
import { BlockWindow, recordedEveryBlocks } from "../domain/block-window.ts";
import type { Release } from "../domain/release.ts";
import { isThrottling } from "../errors.ts";
import { RangePuts } from "./range-puts.ts";
import { VolumeBlocks } from "./volume-blocks.ts";

/** Unit: milliseconds. A turn ends after this, far from the function's time-out. */
const turnBudgetMs = 20_000;

interface Sources {
  artifacts: Artifacts;
  ledger: Ledger;
  snapshots: Snapshots;
  now: () => number;
}

/** Writes a release volume into a snapshot, from the exact S3 versions that were inspected, with bounded memory. */
export class BlockWriter {
  readonly #sources: Sources;
  readonly #blocks: VolumeBlocks;

  constructor(sources: Sources, release: Release) {
    this.#sources = sources;
    this.#blocks = new VolumeBlocks(sources, release);
  }

  /** All blocks of the volume. */
  get blockCount(): number {
    return this.#blocks.count;
  }

  /**
   * Writes a range's blocks until all are written, the turn's budget is spent, AWS asks for patience, or the snapshot is
   * not yet known where blocks are written. Goes on from what the ledger says was written before.
   * @param known Every block of the range before this one is known to be written.
   * @returns The first block of the range that is not written, or its end.
   * @throws {BakeFailedError} when the bytes are no longer those that were inspected.
   */
  async write(snapshotId: string, range: BlockRange, known: number): Promise<number> {
    const endMs = this.#sources.now() + turnBudgetMs;
    const [recorded] = await Promise.all([this.#recorded(snapshotId, range), this.#blocks.loadDigests(range)]);
    const from = Math.max(known, recorded);
    const window = new BlockWindow(from, range.end);
    const puts = new RangePuts(
      {
        put: ({ index, bytes, sha256 }) => this.#sources.snapshots.put(snapshotId, index, bytes, sha256),
        record: (written) => this.#sources.ledger.parts.recordBlocks(snapshotId, range.first, written),
      },
      window,
    );
    try {
      for await (const block of this.#blocks.read({ first: from, end: range.end })) {
        if (!(await puts.send(block)) || this.#sources.now() >= endMs) break;
      }
    } finally {
      await puts.settle();
    }
    const failed = await puts.settle();
    if (failed && !(isThrottling(failed.error) && window.written > from)) throw failed.error;
    return window.written;
  }

  /** Those ranges whose blocks the ledger does not say are all written. */
  async unwritten(snapshotId: string, ranges: readonly BlockRange[]): Promise<BlockRange[]> {
    const written = await this.#sources.ledger.parts.recordedBlocks(snapshotId);
    return ranges.filter(({ first, end }) => (written.get(first) ?? first) < end);
  }

  /** Seals a snapshot in which every block is written; AWS compares number and digests. */
  async complete(snapshotId: string): Promise<void> {
    await this.#sources.snapshots.complete(snapshotId, this.#blocks.count, await this.#blocks.linearDigest());
  }

  async #recorded(snapshotId: string, { first, end }: BlockRange): Promise<number> {
    if (end - first <= recordedEveryBlocks) return first;
    return (await this.#sources.ledger.parts.recordedBlocks(snapshotId)).get(first) ?? first;
  }
}
