import { inflateRawSync } from "node:zlib";

/** One file of a deployment package. */
export interface ZipFile {
  path: string;
  bytes: Uint8Array;
}

/** Lambda's limit for the unpacked files. Source: "Lambda quotas", deployment package (.zip file archive) size. */
export const maxUnpackedBytes = 262_144_000;

const endSignature = 0x06054b50;
const centralSignature = 0x02014b50;
const localSignature = 0x04034b50;
/** A comment after the end record has at most 65,535 bytes. */
const longestEndBytes = 22 + 65_535;

/**
 * Unpacks a zip archive by its central directory (APPNOTE.TXT 6.3). Directories are left out.
 * @throws {Error} When it is not a zip archive Lambda would take: damaged, encrypted, ZIP64, another method than stored
 * or deflated, a path that leaves the package, or larger than `maxUnpackedBytes`.
 */
export function unzip(archive: Uint8Array): ZipFile[] {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const end = findEnd(view);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  let unpackedBytes = 0;
  const files: ZipFile[] = [];
  for (let index = 0; index < count; index++) {
    if (view.getUint32(at, true) !== centralSignature) throw new Error("the central directory is damaged");
    const nameBytes = view.getUint16(at + 28, true);
    const path = new TextDecoder().decode(archive.subarray(at + 46, at + 46 + nameBytes));
    if (!path.endsWith("/")) {
      unpackedBytes += view.getUint32(at + 24, true);
      if (unpackedBytes > maxUnpackedBytes) throw new Error(`more than ${maxUnpackedBytes} bytes unpacked`);
      files.push({ path: safePath(path), bytes: readEntry(archive, view, at) });
    }
    at += 46 + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return files;
}

function findEnd(view: DataView): number {
  const lowest = Math.max(0, view.byteLength - longestEndBytes);
  for (let at = view.byteLength - 22; at >= lowest; at--) {
    if (view.getUint32(at, true) === endSignature) return at;
  }
  throw new Error("no end of central directory");
}

function readEntry(archive: Uint8Array, view: DataView, central: number): Uint8Array {
  const flags = view.getUint16(central + 8, true);
  const method = view.getUint16(central + 10, true);
  const packedBytes = view.getUint32(central + 20, true);
  const unpackedBytes = view.getUint32(central + 24, true);
  const local = view.getUint32(central + 42, true);
  if (flags & 1) throw new Error("an entry is encrypted");
  if (packedBytes === 0xffffffff || local === 0xffffffff) throw new Error("ZIP64 archives are not supported");
  if (view.getUint32(local, true) !== localSignature) throw new Error("an entry's header is damaged");
  const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const packed = archive.subarray(start, start + packedBytes);
  if (method === 0) return packed.slice();
  if (method !== 8) throw new Error(`compression method ${method} is not supported`);
  const bytes = inflateRawSync(packed, { maxOutputLength: Math.max(1, unpackedBytes) });
  if (bytes.byteLength !== unpackedBytes) throw new Error("an entry's length does not match its header");
  return bytes;
}

function safePath(path: string): string {
  if (path.startsWith("/") || path.includes("\\") || path.split("/").includes("..")) {
    throw new Error(`the path ${path} leaves the package`);
  }
  return path;
}
