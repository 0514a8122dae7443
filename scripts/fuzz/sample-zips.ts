import { crc32, deflateRawSync } from "node:zlib";

/** An entry to write. What is left out is as any zip program writes it on Linux. */
export interface ZipFileEntry {
  name: string | Buffer;
  content?: string | Buffer;
  /** Unix mode with the type of file; 0 for an archive made where there is none. */
  mode?: number;
  /** Compression method; 8 is Deflate. */
  method?: number;
  flags?: number;
  /** Whether checksum and sizes follow the content. */
  descriptor?: "signed" | "unsigned" | "zip64";
  /** Whether sizes and offset stand in ZIP64 fields. */
  zip64?: boolean;
  /** Extra field of the directory. */
  extra?: Buffer;
  /** What the entry's own header says instead. */
  local?: { name?: string; crc32?: number; bytes?: number; method?: number; flags?: number };
  /** What the directory says instead. */
  listed?: { crc32?: number; packedBytes?: number; bytes?: number; offset?: number };
  /** Bytes between this entry and the next. */
  behind?: Buffer;
}

const file = 0o100_644;

/** A zip archive of these entries. @param ends What its end says instead. */
export function zipOf(
  entries: readonly ZipFileEntry[],
  ends: { before?: Buffer; entryCount?: number; zip64?: boolean; comment?: string } = {},
): Buffer {
  const before = ends.before ?? Buffer.alloc(0);
  const written: Buffer[] = [before];
  const directory: Buffer[] = [];
  let at = before.length;
  for (const entry of entries) {
    const { local, listed } = zipEntry(entry, at);
    written.push(local);
    directory.push(listed);
    at += local.length;
  }
  const listing = Buffer.concat(directory);
  const count = ends.entryCount ?? entries.length;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(ends.zip64 ? 0xffff : count, 8);
  end.writeUInt16LE(ends.zip64 ? 0xffff : count, 10);
  end.writeUInt32LE(ends.zip64 ? 0xffff_ffff : listing.length, 12);
  end.writeUInt32LE(ends.zip64 ? 0xffff_ffff : at, 16);
  const comment = Buffer.from(ends.comment ?? "");
  end.writeUInt16LE(comment.length, 20);
  const wide = ends.zip64 ? wideEnd(count, listing.length, at) : Buffer.alloc(0);
  return Buffer.concat([...written, listing, wide, end, comment]);
}

function wideEnd(count: number, directoryBytes: number, offset: number): Buffer {
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(directoryBytes), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(offset + directoryBytes), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator]);
}

function zipEntry(entry: ZipFileEntry, at: number): { local: Buffer; listed: Buffer } {
  const content = Buffer.from(entry.content ?? "");
  const method = entry.method ?? (content.length > 0 ? 8 : 0);
  const packed = method === 8 ? deflateRawSync(content) : content;
  const said = {
    crc32: crc32(content),
    packedBytes: packed.length,
    bytes: content.length,
    offset: at,
    ...entry.listed,
  };
  const local = localPart(entry, method, packed, { ...said, ...entry.local });
  return { local, listed: listedPart(entry, method, said) };
}

interface Said {
  crc32: number;
  packedBytes: number;
  bytes: number;
}

function localPart(entry: ZipFileEntry, method: number, packed: Buffer, said: Said): Buffer {
  const name = Buffer.from(entry.local?.name ?? entry.name);
  const later = entry.descriptor !== undefined;
  const sizes = later ? { crc32: 0, packedBytes: 0, bytes: 0 } : said;
  const extra = entry.zip64 && !later ? zip64Extra([sizes.bytes, sizes.packedBytes]) : Buffer.alloc(0);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(entry.local?.flags ?? flagsOf(entry), 6);
  header.writeUInt16LE(entry.local?.method ?? method, 8);
  header.writeUInt32LE(0x5a21_0000, 10);
  header.writeUInt32LE(sizes.crc32, 14);
  header.writeUInt32LE(extra.length > 0 ? 0xffff_ffff : sizes.packedBytes, 18);
  header.writeUInt32LE(extra.length > 0 ? 0xffff_ffff : sizes.bytes, 22);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(extra.length, 28);
  return Buffer.concat([header, name, extra, packed, descriptorOf(entry, said), entry.behind ?? Buffer.alloc(0)]);
}

function flagsOf({ flags = 0x0800, descriptor }: ZipFileEntry): number {
  return descriptor === undefined ? flags : flags | 0x0008;
}

function descriptorOf({ descriptor }: ZipFileEntry, said: Said): Buffer {
  if (descriptor === undefined) return Buffer.alloc(0);
  const record = Buffer.alloc(descriptor === "zip64" ? 24 : 16);
  record.writeUInt32LE(0x08074b50, 0);
  record.writeUInt32LE(said.crc32, 4);
  if (descriptor === "zip64") {
    record.writeBigUInt64LE(BigInt(said.packedBytes), 8);
    record.writeBigUInt64LE(BigInt(said.bytes), 16);
  } else {
    record.writeUInt32LE(said.packedBytes, 8);
    record.writeUInt32LE(said.bytes, 12);
  }
  return descriptor === "unsigned" ? record.subarray(4) : record;
}

function listedPart(entry: ZipFileEntry, method: number, said: Said & { offset: number }): Buffer {
  const name = Buffer.from(entry.name);
  const mode = entry.mode ?? file;
  const wide = entry.zip64 ? zip64Extra([said.bytes, said.packedBytes, said.offset]) : Buffer.alloc(0);
  const extra = Buffer.concat([wide, entry.extra ?? Buffer.alloc(0)]);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE((mode === 0 ? 0 : 3 << 8) | 20, 4);
  header.writeUInt16LE(20, 6);
  header.writeUInt16LE(flagsOf(entry), 8);
  header.writeUInt16LE(method, 10);
  header.writeUInt32LE(0x5a21_0000, 12);
  header.writeUInt32LE(said.crc32, 16);
  header.writeUInt32LE(entry.zip64 ? 0xffff_ffff : said.packedBytes, 20);
  header.writeUInt32LE(entry.zip64 ? 0xffff_ffff : said.bytes, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE((mode << 16) >>> 0, 38);
  header.writeUInt32LE(entry.zip64 ? 0xffff_ffff : said.offset, 42);
  return Buffer.concat([header, name, extra]);
}

function zip64Extra(values: readonly number[]): Buffer {
  const field = Buffer.alloc(4 + values.length * 8);
  field.writeUInt16LE(1, 0);
  field.writeUInt16LE(values.length * 8, 2);
  for (const [index, value] of values.entries()) field.writeBigUInt64LE(BigInt(value), 4 + index * 8);
  return field;
}

/** Reads ranges of bytes in memory. */
export function rangesOf(bytes: Buffer, chunkBytes = 1000) {
  return async (first: number, last: number) =>
    (async function* () {
      for (let at = first; at <= last; at += chunkBytes) yield bytes.subarray(at, Math.min(last + 1, at + chunkBytes));
    })();
}

/** What most artifacts hold. */
export const zippedProcfile: ZipFileEntry = { name: "Procfile", content: "web: node server.js\n" };
