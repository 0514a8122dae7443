import { createHash, type Hash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { lstat, mkdir, readdir, readlink, rename, rm } from "node:fs/promises";
import { dirname, join, normalize, posix, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Pack, pack } from "tar-stream";

/** One entry of an archive, its path relative and with forward slashes. */
export type ArchiveEntry =
  | { path: string; kind: "directory" }
  | { path: string; kind: "link"; target: string }
  | { path: string; kind: "file"; executable: boolean; content: Buffer | { file: string; bytes: number } };

/** What was written. */
export interface WrittenArchive {
  file: string;
  /** Unit: bytes. */
  bytes: number;
  /** Of the archive itself, hex. */
  sha256: string;
}

export interface PackOptions {
  /** Paths inside the directory to leave out, whole directories included. `.git` is always left out. */
  exclude?: readonly string[];
  /** Files whose content is replaced or added, by path: for example a `VERSION`. */
  replace?: Readonly<Record<string, string>>;
  /** zlib level, 1 (fast) to 9 (small). Default 6. */
  level?: number;
}

/** Thrown when a directory holds something an artifact cannot carry. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
}

/**
 * Packs a directory into a `.tar.gz` that depends on nothing but its content: entries sorted, no times, no owners, only
 * the executable bit of the modes. The same directory gives the same bytes on one build of zlib, so pushing it again is recognised
 * as unchanged.
 * @throws {ArchiveError} a socket, device or pipe, or a link that leaves the directory.
 */
export async function packDirectory(
  directory: string,
  outFile: string,
  options: PackOptions = {},
): Promise<WrittenArchive> {
  const excluded = new Set([".git", ...(options.exclude ?? [])]);
  const replaced = options.replace ?? {};
  const found = await readEntries(directory, "", excluded);
  const entries = found.filter((entry) => !Object.hasOwn(replaced, entry.path));
  for (const [path, text] of Object.entries(replaced)) {
    entries.push({ path, kind: "file", executable: false, content: Buffer.from(text, "utf8") });
  }
  return writeArchive(entries, outFile, options.level);
}

/** Writes entries, sorted by path, as a `.tar.gz`; the file appears whole or not at all. */
export async function writeArchive(
  entries: readonly ArchiveEntry[],
  outFile: string,
  level = 6,
): Promise<WrittenArchive> {
  await mkdir(dirname(outFile), { recursive: true });
  const partial = `${outFile}.${process.pid}.partial`;
  const tar = pack();
  const written = { bytes: 0, hash: createHash("sha256") };
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
  try {
    await Promise.all([
      addEntries(tar, sorted).catch((error: unknown) => {
        tar.destroy(error instanceof Error ? error : new Error(String(error)));
        throw error;
      }),
      pipeline(tar, createGzip({ level }), measure(written), createWriteStream(partial)),
    ]);
    await rename(partial, outFile);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return { file: outFile, bytes: written.bytes, sha256: written.hash.digest("hex") };
}

/** Counts and hashes what passes, and makes the gzip header independent of the system that wrote it. */
function measure(written: { bytes: number; hash: Hash }) {
  return async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      // Byte 9 names the operating system (RFC 1952); 255 is "unknown".
      if (written.bytes <= 9 && written.bytes + chunk.length > 9) chunk[9 - written.bytes] = 255;
      written.bytes += chunk.length;
      written.hash.update(chunk);
      yield chunk;
    }
  };
}

async function readEntries(root: string, prefix: string, excluded: ReadonlySet<string>): Promise<ArchiveEntry[]> {
  const entries: ArchiveEntry[] = [];
  for (const name of await readdir(join(root, prefix))) {
    const path = posix.join(prefix.split(sep).join("/"), name);
    if (excluded.has(path)) continue;
    const file = join(root, path);
    const stat = await lstat(file);
    if (stat.isDirectory()) {
      entries.push({ path, kind: "directory" }, ...(await readEntries(root, path, excluded)));
    } else if (stat.isSymbolicLink()) {
      entries.push({ path, kind: "link", target: insideTarget(path, await readlink(file)) });
    } else if (stat.isFile()) {
      const executable = (stat.mode & 0o100) !== 0;
      entries.push({ path, kind: "file", executable, content: { file, bytes: stat.size } });
    } else {
      throw new ArchiveError(`${path} is a socket, pipe or device, which an artifact cannot carry`);
    }
  }
  return entries;
}

function insideTarget(path: string, target: string): string {
  const outside = normalize(join(dirname(path), target)).split(sep)[0] === "..";
  if (outside || posix.isAbsolute(target)) throw new ArchiveError(`${path} links to ${target}, outside the directory`);
  return target;
}

async function addEntries(tar: Pack, entries: readonly ArchiveEntry[]): Promise<void> {
  for (const entry of entries) {
    const common = { name: entry.path, mtime: new Date(0), uid: 0, gid: 0, uname: "", gname: "" };
    if (entry.kind === "directory") {
      tar.entry({ ...common, name: `${entry.path}/`, type: "directory", mode: 0o755 });
    } else if (entry.kind === "link") {
      tar.entry({ ...common, type: "symlink", linkname: entry.target, mode: 0o777 });
    } else {
      const header = { ...common, type: "file" as const, mode: entry.executable ? 0o755 : 0o644 };
      if (Buffer.isBuffer(entry.content)) tar.entry(header, entry.content);
      else {
        const body = tar.entry({ ...header, size: entry.content.bytes });
        await pipeline(createReadStream(entry.content.file), body);
      }
    }
  }
  tar.finalize();
}
