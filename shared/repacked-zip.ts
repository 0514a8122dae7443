import { crc32 } from "node:zlib";
import { tarBlockBytes } from "./domain/tar-header.ts";
import { paddingBytes, writeTarHeaders } from "./domain/tar-writer.ts";
import type { ZipEntry } from "./domain/zip-entry.ts";

/**
 * A zip archive as the `.tar.gz` that servers can unpack, without unpacking anything: gzip may consist of several
 * members, and the content of a zip's entry is just what a member holds (RFC 1952, 2.2 and 2.3). So the headers of tar
 * become members of their own, the contents are taken over as they are, and every byte of the result is known from the
 * zip's directory.
 */
export type Piece = { kind: "made"; bytes: Uint8Array } | { kind: "taken"; offset: number; bytes: number };

/** An entry with what only its own header and content tell. */
export interface RepackedEntry extends Omit<ZipEntry, "headerOffset" | "hasDescriptor"> {
  /** Where its content begins. Unit: bytes from the beginning of the zip. */
  contentOffset: number;
  /** Where a link points; empty otherwise. */
  linkName: string;
}

/** A member without name and time; the system is "unknown". Source: RFC 1952, 2.3. */
const memberHeader = Uint8Array.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);

/** Unit: bytes. A block that is not compressed says its length in 16 bits (RFC 1951, 3.2.4). */
const storedBlockBytes = 65_535;

/** Pieces of one entry: its headers, behind the padding of the entry before it, and its content. */
export function* piecesOf(entry: RepackedEntry, previousBytes: number): Generator<Piece> {
  const bytes = entry.type === "0" ? entry.bytes : 0;
  yield made(member(Buffer.concat([Buffer.alloc(paddingBytes(previousBytes)), writeTarHeaders({ ...entry, bytes })])));
  if (bytes === 0) return;
  yield made(memberHeader);
  if (entry.packing === "deflated") yield { kind: "taken", offset: entry.contentOffset, bytes: entry.packedBytes };
  else yield* storedPieces(entry);
  yield made(memberTrailer(entry.crc32, bytes));
}

/** Content bytes that the next entry's pieces have to fill up. */
export function contentBytes(entry: RepackedEntry): number {
  return entry.type === "0" ? entry.bytes : 0;
}

/** What closes the archive: two blocks of zeros. */
export function* closingPieces(previousBytes: number): Generator<Piece> {
  yield made(member(Buffer.alloc(paddingBytes(previousBytes) + 2 * tarBlockBytes)));
}

/** Unit: bytes of a piece. */
export function pieceBytes(piece: Piece): number {
  return piece.kind === "made" ? piece.bytes.length : piece.bytes;
}

function* storedPieces({ contentOffset, bytes }: RepackedEntry): Generator<Piece> {
  for (let at = 0; at < bytes; at += storedBlockBytes) {
    const length = Math.min(storedBlockBytes, bytes - at);
    yield made(storedBlockHeader(length, at + length === bytes));
    yield { kind: "taken", offset: contentOffset + at, bytes: length };
  }
}

/** A whole member that holds these bytes, at most one block of them, not compressed. */
function member(bytes: Buffer): Buffer {
  const block = storedBlockHeader(bytes.length, true);
  return Buffer.concat([memberHeader, block, bytes, memberTrailer(crc32(bytes), bytes.length)]);
}

function storedBlockHeader(length: number, isLast: boolean): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(isLast ? 1 : 0, 0);
  header.writeUInt16LE(length, 1);
  header.writeUInt16LE(length ^ 0xffff, 3);
  return header;
}

function memberTrailer(checksum: number, bytes: number): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(bytes % 2 ** 32, 4);
  return trailer;
}

function made(bytes: Uint8Array): Piece {
  return { kind: "made", bytes };
}
