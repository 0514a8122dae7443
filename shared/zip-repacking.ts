import { createHash } from "node:crypto";
import { inflateRawSync } from "node:zlib";
import { archiveLimits, shown } from "./domain/archive-rules.ts";
import { localHeaderBytes, readLocalLengths, refuseOtherDescriptor, refuseOtherHeader } from "./domain/local-header.ts";
import { type ZipEntry, ZipProblem } from "./domain/zip-entry.ts";
import { RangeReader, type ReadRange } from "./range-reader.ts";
import { closingPieces, contentBytes, type Piece, piecesOf, type RepackedEntry } from "./repacked-zip.ts";
import type { ZipDirectory } from "./zip-directory.ts";

/** Unit: bytes: the longest record behind an entry's content; more between two entries belongs to none of them. */
const descriptorLimitBytes = 24;

/**
 * Reads a whole zip archive once, in order, and gives out the `.tar.gz` it is repacked as. On the way every byte of it is
 * accounted for: it belongs to one entry, to the directory or to nobody, which is refused.
 */
export class ZipRepacking {
  readonly #directory: ZipDirectory;
  readonly #totalBytes: number;
  readonly #digest = createHash("sha256");
  readonly #source: RangeReader;
  /** The entries with all that is needed to repack them again, in order. */
  readonly entries: RepackedEntry[] = [];

  constructor(read: ReadRange, totalBytes: number, directory: ZipDirectory) {
    this.#directory = directory;
    this.#totalBytes = totalBytes;
    this.#source = new RangeReader(read, totalBytes, (chunk) => this.#digest.update(chunk));
  }

  /** Hex SHA-256 of the zip as pushed; once, after all bytes were given out. */
  sha256(): string {
    return this.#digest.digest("hex");
  }

  /** @throws {ZipProblem} when an entry's own header differs from the directory's, or bytes belong to two or none. */
  async *bytes(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#archive();
    } finally {
      await this.#source.close();
    }
  }

  async *#archive(): AsyncGenerator<Uint8Array> {
    let previousBytes = 0;
    let end = 0;
    for (const [index, listed] of this.#directory.entries.entries()) {
      refusePlace(listed, end);
      const next = this.#directory.entries[index + 1]?.headerOffset ?? this.#directory.offset;
      const entry = await this.#opened(listed, next);
      for (const piece of piecesOf(entry, previousBytes)) yield* this.#bytesOf(piece);
      const contentEnd = entry.contentOffset + entry.packedBytes;
      refuseOtherDescriptor(listed, await this.#source.take(contentEnd, next - contentEnd));
      this.entries.push(entry);
      previousBytes = contentBytes(entry);
      end = next;
    }
    if (end !== this.#directory.offset) throw new ZipProblem("bytes before its directory belong to no entry");
    for (const piece of closingPieces(previousBytes)) yield* this.#bytesOf(piece);
    // What follows was read as the directory; here it only counts for the digest.
    for await (const _ of this.#source.piece(end, this.#totalBytes - end));
  }

  async *#bytesOf(piece: Piece): AsyncGenerator<Uint8Array> {
    if (piece.kind === "made") yield piece.bytes;
    else yield* this.#source.piece(piece.offset, piece.bytes);
  }

  /** Reads an entry's own header, and the target of a link. */
  async #opened(listed: ZipEntry, next: number): Promise<RepackedEntry> {
    const at = listed.headerOffset;
    const header = await this.#source.take(at, localHeaderBytes);
    const { nameBytes, extraBytes } = readLocalLengths(listed, header);
    const contentOffset = at + localHeaderBytes + nameBytes + extraBytes;
    const between = next - contentOffset - listed.packedBytes;
    if (between < 0) throw new ZipProblem(`entry ${shown(listed.path)}: it overlaps what follows it`);
    if (between > descriptorLimitBytes) {
      throw new ZipProblem(`entry ${shown(listed.path)}: ${between} bytes behind it belong to no entry`);
    }
    const name = await this.#source.take(at + localHeaderBytes, nameBytes);
    const extra = await this.#source.take(at + localHeaderBytes + nameBytes, extraBytes);
    refuseOtherHeader(listed, header, name, extra);
    const linkName = listed.type === "2" ? await this.#target(listed, contentOffset) : "";
    return { ...listed, contentOffset, linkName };
  }

  async #target(entry: ZipEntry, contentOffset: number): Promise<string> {
    const limit = archiveLimits.pathLength * 4;
    const tooLong = () => new ZipProblem(`entry ${shown(entry.path)}: what it links to is too long or damaged`);
    if (entry.packedBytes > limit) throw tooLong();
    const packed = await this.#source.take(contentOffset, entry.packedBytes);
    if (entry.packing === "stored") return packed.toString("utf8");
    try {
      return inflateRawSync(packed, { maxOutputLength: limit }).toString("utf8");
    } catch (error) {
      throw new ZipProblem(tooLong().message, { cause: error });
    }
  }
}

function refusePlace({ path, headerOffset }: ZipEntry, end: number): void {
  if (headerOffset < end) throw new ZipProblem(`entry ${shown(path)}: it overlaps the entry before it`);
  if (headerOffset > end) {
    throw new ZipProblem(`${headerOffset - end} bytes before entry ${shown(path)} belong to no entry`);
  }
}
