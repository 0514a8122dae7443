import { createHash } from "node:crypto";
import { blockBytes, encodeHeader, type PlacedPart, type VolumeLayout } from "../boot/release-volume.ts";
import type { Artifacts } from "./aws/artifacts.ts";
import type { Ledger } from "./aws/ledger.ts";
import type { Snapshots } from "./aws/snapshots.ts";
import type { Part, Release } from "./domain/release.ts";
import { BakeFailedError } from "./errors.ts";

/** Blocks under way at once: eight megabytes of memory, and enough to keep a Lambda's network busy. */
const batchBlocks = 16;

/** Unit: milliseconds. A turn ends after this, far from the function's time-out, so that progress is kept. */
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
  readonly #layout: VolumeLayout;
  readonly #parts: { place: PlacedPart; source: Part }[];

  constructor(sources: Sources, release: Release, layout: VolumeLayout) {
    this.#sources = sources;
    this.#layout = layout;
    const pushed = [...release.layers, release.artifact];
    this.#parts = [...layout.layers, layout.artifact].map((place, index) => ({ place, source: pushed[index] as Part }));
  }

  /**
   * Writes blocks from index `from` until all are written, the turn's budget is spent, or the snapshot is not yet known
   * where blocks are written. Returns the index of the first block that is not written.
   * @throws {BakeFailedError} when the bytes are no longer those that were inspected.
   */
  async write(snapshotId: string, from: number): Promise<number> {
    const endMs = this.#sources.now() + turnBudgetMs;
    let next = from;
    if (next === 0) {
      if (!(await this.#put(snapshotId, 0, encodeHeader(this.#layout), undefined))) return 0;
      next = 1;
    }
    for (const { place, source } of this.#parts) {
      const end = place.firstBlock + place.blockCount;
      if (next >= end) continue;
      next = await this.#writePart(snapshotId, place, source, next, endMs);
      if (next < end) return next;
    }
    return next;
  }

  /** Raw SHA-256 over the raw digests of all blocks in order, as CompleteSnapshot wants it (LINEAR). */
  async linearDigest(): Promise<Uint8Array> {
    const all = createHash("sha256").update(createHash("sha256").update(encodeHeader(this.#layout)).digest());
    for (const { source } of this.#parts) all.update(await this.#digests(source));
    return all.digest();
  }

  async #writePart(snapshotId: string, place: PlacedPart, source: Part, from: number, endMs: number): Promise<number> {
    const digests = await this.#digests(source);
    const first = (from - place.firstBlock) * blockBytes;
    const stream = await this.#sources.artifacts.read(source.key, source.versionId, { first, last: source.bytes - 1 });
    let next = from;
    let batch: Uint8Array[] = [];
    const flush = async () => {
      const start = next;
      const digestOf = (index: number) =>
        digests.subarray((index - place.firstBlock) * 32, (index - place.firstBlock + 1) * 32);
      const written = await Promise.all(
        batch.map((block, offset) => this.#put(snapshotId, start + offset, block, digestOf(start + offset))),
      );
      const complete = written.every(Boolean);
      if (complete) next += batch.length;
      batch = [];
      return complete && this.#sources.now() < endMs;
    };
    for await (const block of blocksOf(stream)) {
      batch.push(block);
      if (batch.length === batchBlocks && !(await flush())) return next;
    }
    await flush();
    return next;
  }

  async #put(snapshotId: string, index: number, block: Uint8Array, expected: Uint8Array | undefined): Promise<boolean> {
    const digest = createHash("sha256").update(block).digest();
    if (expected && Buffer.compare(digest, expected) !== 0) {
      throw new BakeFailedError(
        `Block ${index} differs from what was inspected at admission.`,
        "Push the artifact again.",
      );
    }
    return this.#sources.snapshots.put(snapshotId, index, block, digest);
  }

  async #digests(source: Part): Promise<Uint8Array> {
    const digests = await this.#sources.ledger.partDigests(source.sha256);
    if (digests) return digests;
    throw new BakeFailedError(`The block digests of ${source.name} are not in the ledger.`, "Deploy again.");
  }
}

/** Cuts a stream into blocks of 512 KiB, the last one padded with zeros. */
async function* blocksOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let block = new Uint8Array(blockBytes);
  let filled = 0;
  for await (const chunk of stream) {
    let rest = chunk;
    while (rest.length > 0) {
      const taken = rest.subarray(0, blockBytes - filled);
      block.set(taken, filled);
      filled += taken.length;
      rest = rest.subarray(taken.length);
      if (filled === blockBytes) {
        yield block;
        block = new Uint8Array(blockBytes);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield block;
}
