import { gunzipSync, gzipSync } from "node:zlib";
import { RangeReader, type ReadRange } from "./range-reader.ts";
import { closingPieces, contentBytes, type Piece, pieceBytes, piecesOf, type RepackedEntry } from "./repacked-zip.ts";

/**
 * The entries of a zip archive as text: with them any part of the `.tar.gz` it is repacked as can be made again, without
 * reading the zip's directory and headers once more.
 */
export function encodeRecipe(entries: readonly RepackedEntry[]): Uint8Array {
  return gzipSync(JSON.stringify(entries.map(columns)));
}

export function decodeRecipe(bytes: Uint8Array): RepackedEntry[] {
  return (JSON.parse(gunzipSync(bytes).toString("utf8")) as ReturnType<typeof columns>[]).map(fromColumns);
}

function columns(entry: RepackedEntry) {
  const { path, type, mode, changedSeconds, packing, crc32, packedBytes, bytes, contentOffset, linkName } = entry;
  return [path, type, mode, changedSeconds, packing, crc32, packedBytes, bytes, contentOffset, linkName] as const;
}

function fromColumns(row: ReturnType<typeof columns>): RepackedEntry {
  const [path, type, mode, changedSeconds, packing, crc32, packedBytes, bytes, contentOffset, linkName] = row;
  return { path, type, mode, changedSeconds, packing, crc32, packedBytes, bytes, contentOffset, linkName };
}

/** A zip archive as the `.tar.gz` it is repacked as, of which any part can be read. */
export class RepackedZip {
  readonly #entries: readonly RepackedEntry[];
  readonly #read: ReadRange;
  readonly #zipBytes: number;
  /** Where each entry begins in the repacked archive, and after the last one its closing. */
  readonly #starts: Float64Array;

  constructor(entries: readonly RepackedEntry[], read: ReadRange, zipBytes: number) {
    this.#entries = entries;
    this.#read = read;
    this.#zipBytes = zipBytes;
    this.#starts = new Float64Array(entries.length + 1);
    for (let index = 0; index < entries.length; index++) {
      let bytes = 0;
      for (const piece of this.#pieces(index)) bytes += pieceBytes(piece);
      this.#starts[index + 1] = (this.#starts[index] ?? 0) + bytes;
    }
  }

  /** The bytes from `first` to `last`, both included. */
  async *range(first: number, last: number): AsyncGenerator<Uint8Array> {
    const zip = new RangeReader(this.#read, this.#zipBytes);
    const begin = this.#entryAt(first);
    let at = this.#starts[begin] ?? 0;
    try {
      for (let index = begin; index <= this.#entries.length; index++) {
        for (const piece of this.#pieces(index)) {
          if (at > last) return;
          const bytes = pieceBytes(piece);
          const from = Math.max(0, first - at);
          const to = Math.min(bytes, last + 1 - at);
          at += bytes;
          if (from >= to) continue;
          if (piece.kind === "made") yield piece.bytes.subarray(from, to);
          else yield* zip.piece(piece.offset + from, to - from);
        }
      }
    } finally {
      await zip.close();
    }
  }

  /** Index of the last entry that begins at or before a place. */
  #entryAt(place: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #pieces(index: number): Generator<Piece> {
    const before = this.#entries[index - 1];
    const previousBytes = before ? contentBytes(before) : 0;
    const entry = this.#entries[index];
    return entry ? piecesOf(entry, previousBytes) : closingPieces(previousBytes);
  }
}
