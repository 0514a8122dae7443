import { createWriteStream, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { ZipFile } from "yazl";

/** Zips a directory as people's tools do, with permissions and links. */
export async function zipDirectory(directory: string, file: string, exclude: readonly string[] = []): Promise<void> {
  const zip = new ZipFile();
  const found = readdirSync(directory, { recursive: true, withFileTypes: true });
  for (const entry of found) {
    const from = join(entry.parentPath, entry.name);
    const path = relative(directory, from).split(sep).join("/");
    if (exclude.includes(path) || entry.isDirectory()) continue;
    const { mode, mtime } = lstatSync(from);
    if (entry.isSymbolicLink()) zip.addBuffer(Buffer.from(readlinkSync(from)), path, { mode, mtime });
    else zip.addFile(from, path, { mode, mtime, compressionLevel: 1 });
  }
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(file));
}
