import { createReadStream } from "node:fs";
import { link, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * Where the bytes of objects live: write-once files by name. The service keeps everything else in the store, so a file
 * the store does not mention is what a crash left, and is removed when the cloud starts again.
 */
export interface ObjectFiles {
  /** Writes a new file and resolves once it is durable; when `chunks` fails, nothing is left and its error is thrown. */
  write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** Bytes from `start` up to, not including, `end`. */
  read(name: string, start: number, end: number): AsyncIterable<Uint8Array>;
  /** Gives the same bytes a second name, without copying them. */
  share(name: string, secondName: string): Promise<void>;
  /** Harmless when there is no such file. */
  remove(name: string): Promise<void>;
  names(): Promise<string[]>;
}

/** How many bytes a read holds at once. */
const readChunkBytes = 1024 * 1024;

/** Files in a directory, spread over subdirectories by the first two letters of their names. */
export class DiskObjectFiles implements ObjectFiles {
  readonly #directory: string;

  /** @param directory It is made when it does not exist. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  async write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    await mkdir(this.#folder(name), { recursive: true });
    const unfinished = `${this.#path(name)}.part`;
    try {
      const file = await open(unfinished, "w");
      try {
        for await (const chunk of chunks) await writeAll(file, chunk);
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(unfinished, this.#path(name));
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  }

  read(name: string, start: number, end: number): AsyncIterable<Uint8Array> {
    if (start >= end) return noBytes;
    return createReadStream(this.#path(name), { start, end: end - 1, highWaterMark: readChunkBytes });
  }

  async share(name: string, secondName: string): Promise<void> {
    await mkdir(this.#folder(secondName), { recursive: true });
    await link(this.#path(name), this.#path(secondName));
  }

  async remove(name: string): Promise<void> {
    await rm(this.#path(name), { force: true });
  }

  async names(): Promise<string[]> {
    const entries = await readdir(this.#directory, { recursive: true, withFileTypes: true }).catch((error) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  }

  #folder(name: string): string {
    return join(this.#directory, name.slice(0, 2));
  }

  #path(name: string): string {
    return join(this.#folder(name), name);
  }
}

/** A write may take fewer bytes than it was given. */
async function writeAll(file: Awaited<ReturnType<typeof open>>, chunk: Uint8Array): Promise<void> {
  let written = 0;
  while (written < chunk.byteLength) {
    const { bytesWritten } = await file.write(chunk, written);
    written += bytesWritten;
  }
}

const noBytes: AsyncIterable<Uint8Array> = {
  async *[Symbol.asyncIterator]() {
    // An empty range has no chunks.
  },
};

/** Files in memory, for simulation and tests: nothing here waits for anything outside the process. */
export class MemoryObjectFiles implements ObjectFiles {
  readonly #files: Map<string, Uint8Array>;

  /** @param from Begins with the same files; files never change, so their bytes are shared. */
  constructor(from?: MemoryObjectFiles) {
    this.#files = new Map(from ? from.#files : []);
  }

  async write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(Uint8Array.from(chunk));
    this.#files.set(name, parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts));
  }

  async *read(name: string, start: number, end: number): AsyncIterable<Uint8Array> {
    const file = this.#files.get(name);
    if (file === undefined) throw new Error(`object file ${name} is missing`);
    if (start < end) yield file.subarray(start, end);
  }

  async share(name: string, secondName: string): Promise<void> {
    const file = this.#files.get(name);
    if (file === undefined) throw new Error(`object file ${name} is missing`);
    this.#files.set(secondName, file);
  }

  async remove(name: string): Promise<void> {
    this.#files.delete(name);
  }

  async names(): Promise<string[]> {
    return [...this.#files.keys()];
  }
}
