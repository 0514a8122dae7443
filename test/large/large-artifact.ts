import { createWriteStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { ZipFile } from "yazl";
import { projectDirectory } from "../../cli/kiln-directory.ts";
import { noiseStream } from "./seeded-noise.ts";

const program = join(projectDirectory, "examples", "large");
const files = ["Procfile", "server.js"];

/** Writes the example with so many bytes of noise beside it as a `.tar.gz`, streaming. Nothing is compressed: noise cannot be. */
export async function writeLargeTar(file: string, seed: number, bytes: number): Promise<void> {
  const tar = pack();
  const written = pipeline(tar, createGzip({ level: 0, chunkSize: 1024 * 1024 }), createWriteStream(file));
  for (const name of files) tar.entry({ name, mtime: new Date(0) }, readFileSync(join(program, name)));
  await pipeline(noiseStream(seed, bytes), tar.entry({ name: "data", size: bytes, mtime: new Date(0) }));
  tar.finalize();
  await written;
}

/** The same as a `.zip`, its noise stored. */
export async function writeLargeZip(file: string, seed: number, bytes: number): Promise<void> {
  const zip = new ZipFile();
  for (const name of files) zip.addFile(join(program, name), name);
  zip.addReadStream(noiseStream(seed, bytes), "data", { compress: false, size: bytes });
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(file));
}
