import { createHash } from "node:crypto";
import { blockBytes, encodeHeader, type PlacedPart, type VolumeLayout } from "../../boot/release-volume.ts";
import type { Artifacts } from "../aws/artifacts.ts";
import type { Ledger } from "../aws/ledger.ts";
import type { BlockRange } from "../domain/block-ranges.ts";
import type { Part, Release } from "../domain/release.ts";
import { BakeFailedError } from "../errors.ts";
import { PartBytes } from "../part-bytes.ts";
import { volumeOf } from "../volume-of-release.ts";

/** Length of a raw SHA-256. Unit: bytes. */
const digestBytes = 32;

/** One block of a release volume. */
export interface VolumeBlock {
  index: number;
  bytes: Uint8Array;
  /** Raw SHA-256 of the bytes. */
  sha256: Uint8Array;
}

/** The blocks of a release volume, streamed from the exact S3 versions that were inspected; one block at a time in memory. */
export class VolumeBlocks {
  readonly #bytes: PartBytes;
  readonly #ledger: Ledger;
  readonly #layout: VolumeLayout;
  readonly #parts: { place: PlacedPart; source: Part }[];
  readonly #digests = new Map<string, Uint8Array>();
  #headerBlock: VolumeBlock | undefined;

  constructor(sources: { artifacts: Artifacts; ledger: Ledger }, release: Release) {
    this.#bytes = new PartBytes(sources);
    this.#ledger = sources.ledger;
    this.#layout = volumeOf(release);
    const pushed = [...release.layers, release.artifact];
    const places = [...this.#layout.layers, this.#layout.artifact];
    this.#parts = pushed.flatMap((source, index) => {
      const place = places[index];
      return place ? [{ place, source }] : [];
    });
  }

  /** All blocks, the header included. */
  get count(): number {
    return this.#layout.blockCount;
  }

  /** Reads the digests that a range is compared with, so that reading it need not wait for them. */
  async loadDigests({ first, end }: BlockRange): Promise<void> {
    const within = this.#parts.filter(
      ({ place }) => place.firstBlock < end && place.firstBlock + place.blockCount > first,
    );
    await Promise.all(within.map(({ source }) => this.#digestsOf(source)));
  }

  /**
   * The blocks of a range in order. Of S3 only the bytes of that range are asked.
   * @throws {BakeFailedError} when the bytes are no longer those that were inspected.
   */
  async *read({ first, end }: BlockRange): AsyncGenerator<VolumeBlock> {
    if (first === 0 && end > 0) {
      yield this.#header();
    }
    for (const { place, source } of this.#parts) {
      const from = Math.max(first, place.firstBlock);
      const to = Math.min(end, place.firstBlock + place.blockCount);
      if (from < to) yield* this.#readPart(place, source, { first: from, end: to });
    }
  }

  /** Raw SHA-256 over the raw digests of all blocks in order, as CompleteSnapshot wants it (LINEAR). */
  async linearDigest(): Promise<Uint8Array> {
    const all = createHash("sha256").update(this.#header().sha256);
    for (const { source } of this.#parts) all.update(await this.#digestsOf(source));
    return all.digest();
  }

  #header(): VolumeBlock {
    if (!this.#headerBlock) {
      const bytes = encodeHeader(this.#layout);
      this.#headerBlock = { index: 0, bytes, sha256: createHash("sha256").update(bytes).digest() };
    }
    return this.#headerBlock;
  }

  async *#readPart(place: PlacedPart, source: Part, { first, end }: BlockRange): AsyncGenerator<VolumeBlock> {
    const digests = await this.#digestsOf(source);
    const stream = await this.#bytes.read(source, {
      first: (first - place.firstBlock) * blockBytes,
      last: Math.min((end - place.firstBlock) * blockBytes, source.bytes) - 1,
    });
    let index = first;
    for await (const bytes of blocksOf(stream)) {
      const at = (index - place.firstBlock) * digestBytes;
      yield { index, bytes, sha256: verified(index, bytes, digests.subarray(at, at + digestBytes)) };
      index += 1;
    }
  }

  async #digestsOf(source: Part): Promise<Uint8Array> {
    const digests = this.#digests.get(source.sha256) ?? (await this.#ledger.parts.digests(source.sha256));
    if (!digests) {
      throw new BakeFailedError(`The block digests of ${source.name} are not in the ledger.`, "Deploy again.");
    }
    this.#digests.set(source.sha256, digests);
    return digests;
  }
}

function verified(index: number, bytes: Uint8Array, expected: Uint8Array): Uint8Array {
  const digest = createHash("sha256").update(bytes).digest();
  if (digest.equals(expected)) return digest;
  throw new BakeFailedError(`Block ${index} differs from what was inspected at admission.`, "Push the artifact again.");
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
