import { archiveLimits, shown } from "./archive-rules.ts";

/** Thrown for bytes that are no zip archive, or one that programs would read in different ways. */
export class ZipProblem extends Error {
  override readonly name = "ZipProblem";
}

/** One entry of a zip archive as its directory lists it, in the terms of tar. */
export interface ZipEntry {
  path: string;
  /** Type flag of tar: a file, a link, a directory, or anything special. */
  type: "0" | "2" | "5" | "3";
  /** Permissions, setuid and setgid included. */
  mode: number;
  /** Last change, by the archive's clock read as UTC. Unit: seconds since 1970. */
  changedSeconds: number;
  /** How its content is packed; the two that every program writes. */
  packing: "stored" | "deflated";
  crc32: number;
  /** Unit: bytes in the archive, and unpacked. */
  packedBytes: number;
  bytes: number;
  /** Where its local header begins. Unit: bytes from the beginning of the archive. */
  headerOffset: number;
  /** Sizes and checksum follow the content instead of standing before it. */
  hasDescriptor: boolean;
}

/** A record of the directory, not yet interpreted. */
export interface ListedEntry {
  versionMadeBy: number;
  generalPurposeBitFlag: number;
  compressionMethod: number;
  crc32: number;
  compressedSize: number;
  uncompressedSize: number;
  externalFileAttributes: number;
  relativeOffsetOfLocalHeader: number;
  fileNameRaw: Buffer;
  extraFields: readonly { id: number; data: Buffer }[];
  getLastModDate(options: { timezone: "UTC" }): Date;
}

/** General purpose flags. Source: APPNOTE.TXT 6.3.10, 4.4.4. */
export const zipFlags = { encrypted: 0x0001, descriptor: 0x0008, patch: 0x0020, hiddenHeaders: 0x2000 } as const;

/** Systems whose upper half of the external attributes is a Unix mode: Unix and macOS. Source: APPNOTE.TXT 4.4.2. */
const unixSystems: readonly number[] = [3, 19];

/** File types in a Unix mode. Source: POSIX sys/stat.h, with the values of Linux. */
const unixTypes = new Map<number, ZipEntry["type"]>([
  [0, "0"],
  [0o100_000, "0"],
  [0o120_000, "2"],
  [0o040_000, "5"],
]);

/**
 * Reads what the directory says of an entry.
 * @throws {ZipProblem} for what Kiln does not unpack, or what programs do not agree on.
 */
export function readZipEntry(entry: ListedEntry): ZipEntry {
  const path = pathOf(entry);
  const at = `entry ${shown(path)}`;
  const flags = entry.generalPurposeBitFlag;
  if (flags & (zipFlags.encrypted | zipFlags.hiddenHeaders)) throw new ZipProblem(`${at}: it is encrypted`);
  if (flags & zipFlags.patch) throw new ZipProblem(`${at}: it is a patch of another file`);
  const packing = packingOf(entry.compressionMethod);
  if (packing === undefined) {
    const method = `compression method ${entry.compressionMethod}`;
    throw new ZipProblem(
      `${at}: it is packed with ${method}; let the program that packs it use Deflate, which all can`,
    );
  }
  const { type, mode } = attributesOf(entry, path);
  if (type === "5" && entry.uncompressedSize > 0) {
    throw new ZipProblem(`${at}: it is a directory that claims to have content`);
  }
  if (type === "2" && entry.uncompressedSize > archiveLimits.pathLength * 4) {
    throw new ZipProblem(`${at}: its target is longer than ${archiveLimits.pathLength} characters`);
  }
  return {
    path,
    type,
    mode,
    changedSeconds: Math.floor(entry.getLastModDate({ timezone: "UTC" }).getTime() / 1000),
    packing,
    crc32: entry.crc32,
    packedBytes: entry.compressedSize,
    bytes: entry.uncompressedSize,
    headerOffset: entry.relativeOffsetOfLocalHeader,
    hasDescriptor: (flags & zipFlags.descriptor) !== 0,
  };
}

function packingOf(method: number): ZipEntry["packing"] | undefined {
  if (method === 0) return "stored";
  return method === 8 ? "deflated" : undefined;
}

/** Names are UTF-8 whether or not the flag says so: macOS leaves it out. Other encodings cannot be told apart. */
function pathOf({ fileNameRaw, extraFields }: ListedEntry): string {
  if (fileNameRaw.length > archiveLimits.pathLength * 4) {
    throw new ZipProblem(`an entry's path is longer than ${archiveLimits.pathLength} characters`);
  }
  const path = utf8(fileNameRaw);
  if (path === undefined) {
    const name = shown(fileNameRaw.toString("latin1"));
    throw new ZipProblem(`entry ${name}: its name is not UTF-8, and which encoding it is in is not said`);
  }
  const at = `entry ${shown(path)}`;
  if (path.includes("\\")) throw new ZipProblem(`${at}: its path contains a backslash; zip separates names with /`);
  // The field repeats the name in UTF-8 behind a version and a checksum. Source: APPNOTE.TXT 4.6.9.
  const other = extraFields.find(({ id }) => id === 0x7075);
  if (other && utf8(other.data.subarray(5)) !== path) throw new ZipProblem(`${at}: it has two names`);
  return path;
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function attributesOf(
  { versionMadeBy, externalFileAttributes }: ListedEntry,
  path: string,
): Pick<ZipEntry, "type" | "mode"> {
  const unixMode = unixSystems.includes(versionMadeBy >>> 8) ? externalFileAttributes >>> 16 : 0;
  const isDirectory = path.endsWith("/");
  // Made where files have no permissions: any of them may be a program, as any is on the system it comes from.
  if (unixMode === 0) return { type: isDirectory ? "5" : "0", mode: 0o755 };
  const type = unixTypes.get(unixMode & 0o170_000) ?? "3";
  return { type: isDirectory && type === "0" ? "5" : type, mode: unixMode & 0o7777 };
}
