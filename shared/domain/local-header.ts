import { shown } from "./archive-rules.ts";
import { type ZipEntry, ZipProblem, zipFlags } from "./zip-entry.ts";

/** Unit: bytes of a local header before its name and extra field. Source: APPNOTE.TXT 4.3.7. */
export const localHeaderBytes = 30;

/** Sizes of the record behind an entry's content: with or without signature, with sizes of 4 or 8 bytes. */
const descriptorSizes: readonly number[] = [12, 16, 20, 24];
const descriptorSignature = 0x08074b50;
const localSignature = 0x04034b50;

/** Unit: bytes of name and extra field that follow. */
export interface LocalLengths {
  nameBytes: number;
  extraBytes: number;
}

/** @throws {ZipProblem} when there is no local header where the directory says one is. */
export function readLocalLengths(entry: ZipEntry, header: Buffer): LocalLengths {
  if (header.length < localHeaderBytes || header.readUInt32LE(0) !== localSignature) {
    throw new ZipProblem(`entry ${shown(entry.path)}: there is no header where the directory says it begins`);
  }
  return { nameBytes: header.readUInt16LE(26), extraBytes: header.readUInt16LE(28) };
}

/**
 * Compares an entry's own header with what the directory says of it: of two programs that unpack, one may believe the
 * one and one the other.
 * @throws {ZipProblem} naming what differs.
 */
export function refuseOtherHeader(entry: ZipEntry, header: Buffer, name: Buffer, extra: Buffer): void {
  const flags = header.readUInt16LE(6);
  const method = header.readUInt16LE(8);
  const differs = (what: string) =>
    new ZipProblem(`entry ${shown(entry.path)}: its own header and the archive's directory say different ${what}`);
  if (!name.equals(Buffer.from(entry.path, "utf8"))) throw differs(`names (${shown(name.toString("utf8"))})`);
  if (flags & (zipFlags.encrypted | zipFlags.hiddenHeaders)) throw differs("things about encryption");
  if (((flags & zipFlags.descriptor) !== 0) !== entry.hasDescriptor) throw differs("places of its sizes");
  if (method !== (entry.packing === "stored" ? 0 : 8)) throw differs("compression methods");
  const said = [header.readUInt32LE(14), ...sizesOf(header, extra)];
  const expected = [entry.crc32, entry.packedBytes, entry.bytes];
  // With the sizes behind the content the header may leave them out; what it does say must be right.
  const leftOut = (value: number) => entry.hasDescriptor && value === 0;
  if (said.some((value, index) => value !== expected[index] && !leftOut(value))) throw differs("sizes or checksums");
}

/** Packed and unpacked size; those that do not fit stand in the ZIP64 field, unpacked first (APPNOTE.TXT 4.5.3). */
function sizesOf(header: Buffer, extra: Buffer): [number, number] {
  let packed = header.readUInt32LE(18);
  let unpacked = header.readUInt32LE(22);
  const wide = zip64Field(extra);
  if (!wide) return [packed, unpacked];
  let at = 0;
  const next = () => {
    const value = at + 8 <= wide.length ? Number(wide.readBigUInt64LE(at)) : Number.NaN;
    at += 8;
    return value;
  };
  if (unpacked === 0xffff_ffff) unpacked = next();
  if (packed === 0xffff_ffff) packed = next();
  return [packed, unpacked];
}

function zip64Field(extra: Buffer): Buffer | undefined {
  for (let at = 0; at + 4 <= extra.length; ) {
    const bytes = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1) return extra.subarray(at + 4, at + 4 + bytes);
    at += 4 + bytes;
  }
  return undefined;
}

/**
 * Checks what stands between an entry's content and the next entry: nothing, or the record that repeats checksum and
 * sizes. Its length is known from where the next entry begins, so it can be read in one way only.
 * @throws {ZipProblem}
 */
export function refuseOtherDescriptor(entry: ZipEntry, between: Buffer): void {
  const at = `entry ${shown(entry.path)}`;
  if (!entry.hasDescriptor) {
    if (between.length === 0) return;
    throw new ZipProblem(`${at}: ${between.length} bytes behind it belong to no entry`);
  }
  if (!descriptorSizes.includes(between.length)) {
    throw new ZipProblem(`${at}: the record behind its content has ${between.length} bytes, which none can have`);
  }
  const signed = between.length === 16 || between.length === 24;
  if (signed && between.readUInt32LE(0) !== descriptorSignature) {
    throw new ZipProblem(`${at}: the record behind its content has no signature`);
  }
  const record = between.subarray(signed ? 4 : 0);
  const [packed, unpacked] =
    record.length === 20
      ? [Number(record.readBigUInt64LE(4)), Number(record.readBigUInt64LE(12))]
      : [record.readUInt32LE(4), record.readUInt32LE(8)];
  const agrees = record.readUInt32LE(0) === entry.crc32 && packed === entry.packedBytes && unpacked === entry.bytes;
  if (!agrees) throw new ZipProblem(`${at}: the record behind its content disagrees with the archive's directory`);
}
