/** What one 512-byte header of a tar archive says. */
export interface TarHeader {
  name: string;
  /** One character: what kind of entry follows. NUL of old archives reads as "0", a regular file. */
  type: string;
  /** Where a link points; empty otherwise. */
  linkName: string;
  mode: number;
  /** Unit: bytes of content that follow, without padding. */
  bytes: number;
}

/** Thrown for bytes that are no tar archive, or one that programs would read in different ways. */
export class TarProblem extends Error {
  override readonly name = "TarProblem";
}

/** Unit: bytes. Everything in a tar archive stands in blocks of this. */
export const tarBlockBytes = 512;

/**
 * Reads a header; undefined for a block of zeros, which ends an archive. Only ustar (POSIX) and GNU headers are read:
 * everything that writes archives today writes one of the two.
 * Source: POSIX pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
 * @throws {TarProblem}
 */
export function readTarHeader(block: Uint8Array): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  if (number(block, 148, 8) !== checksum(block)) throw new TarProblem("a header's checksum is wrong");
  const magic = Buffer.from(block.subarray(257, 263)).toString("latin1");
  if (magic !== "ustar\0" && magic !== "ustar ") throw new TarProblem("a header is in a format older than ustar");
  // The prefix is POSIX's; GNU tar keeps times in its place.
  const prefix = magic === "ustar\0" ? text(block, 345, 155) : "";
  const name = text(block, 0, 100);
  const type = String.fromCharCode(block[156] ?? 0);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    type: type === "\0" ? "0" : type,
    linkName: text(block, 157, 100),
    mode: number(block, 100, 8),
    bytes: number(block, 124, 12),
  };
}

/**
 * Reads the records of an extended header, `<length> <key>=<value>\n` each.
 * @throws {TarProblem} when a length does not fit, so that no two programs can read different records.
 */
export function readPaxRecords(bytes: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  let rest = Buffer.from(bytes);
  while (rest.length > 0) {
    const space = rest.indexOf(0x20);
    const digits = rest.subarray(0, Math.max(0, space)).toString("latin1");
    const length = /^[1-9][0-9]{0,8}$/.test(digits) ? Number(digits) : 0;
    const record = rest.subarray(space + 1, length);
    const equals = record.indexOf(0x3d);
    if (length > rest.length || equals < 1 || record.at(-1) !== 0x0a) {
      throw new TarProblem("an extended header is malformed");
    }
    records.set(record.subarray(0, equals).toString("utf8"), record.subarray(equals + 1, -1).toString("utf8"));
    rest = rest.subarray(length);
  }
  return records;
}

function checksum(block: Uint8Array): number {
  let sum = 8 * 0x20;
  for (const [index, byte] of block.entries()) if (index < 148 || index >= 156) sum += byte;
  return sum;
}

function text(block: Uint8Array, start: number, length: number): string {
  const field = Buffer.from(block.subarray(start, start + length));
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? length : end).toString("utf8");
}

/** A number in octal digits, or, with the first bit set, in binary (GNU, for files of 8 GiB and more). */
function number(block: Uint8Array, start: number, length: number): number {
  const field = Buffer.from(block.subarray(start, start + length));
  if (field[0] === 0x80) {
    const value = BigInt(`0x${field.subarray(1).toString("hex")}`);
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw new TarProblem("a header holds a number that is too large");
  }
  const digits = field.toString("latin1").replace(/^[ \0]+|[ \0]+$/g, "");
  if (!/^[0-7]*$/.test(digits)) throw new TarProblem("a header holds something that is no number");
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}
