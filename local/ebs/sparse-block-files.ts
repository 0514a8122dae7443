import { mkdirSync } from "node:fs";
import { type FileHandle, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BlockFiles, fillVolume, type VolumeBytes } from "./block-files.ts";
import { blockBytes } from "./block-size.ts";

const zeros = Buffer.alloc(blockBytes);
/** How many blocks one read of a scan takes: large enough that reading holes is not all overhead. */
const scanBlocks = 16;

/** Which blocks of a volume hold something, as of a moment of its file. */
interface Hint {
  mtimeMs: number;
  indexes: number[];
}

/** Blocks as sparse files of one directory: a 8 GiB volume takes only the space of what was written to it. */
export class SparseBlockFiles implements BlockFiles {
  readonly #directory: string;

  /** @param directory Made when missing. */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  /** Where the bytes of this id are, for a machine that uses them as its disk. */
  pathOf(id: string): string {
    return join(this.#directory, id);
  }

  async makeVolume(volume: VolumeBytes): Promise<void> {
    await this.remove(volume.id);
    await this.#using(volume.id, "w", (file) => file.truncate(volume.sizeBytes));
    await this.#writeHint(volume.id, await fillVolume(this, volume));
  }

  async write(id: string, index: number, bytes: Uint8Array): Promise<void> {
    await this.#using(id, "r+", async (file) => {
      await file.write(bytes, 0, bytes.length, index * blockBytes);
    });
  }

  async read(id: string, index: number): Promise<Uint8Array> {
    const block = Buffer.alloc(blockBytes);
    await this.#using(id, "r", (file) => readFully(file, block, index * blockBytes));
    return block;
  }

  async occupied(id: string): Promise<number[]> {
    const { size, mtimeMs } = await stat(this.pathOf(id));
    const hint = await this.#hint(id);
    if (hint?.mtimeMs === mtimeMs) return hint.indexes;
    const found: number[] = [];
    await this.#using(id, "r", async (file) => {
      const chunk = Buffer.alloc(scanBlocks * blockBytes);
      for (let first = 0; first * blockBytes < size; first += scanBlocks) {
        const length = await readFully(file, chunk, first * blockBytes);
        chunk.fill(0, length);
        for (let at = 0; at < scanBlocks; at++) {
          const block = chunk.subarray(at * blockBytes, (at + 1) * blockBytes);
          if (!block.equals(zeros)) found.push(first + at);
        }
      }
    });
    return found;
  }

  async remove(id: string): Promise<void> {
    await rm(this.pathOf(id), { force: true });
    await rm(this.#hintPath(id), { force: true });
  }

  /** What a new volume holds is known; as long as nobody writes to it, gigabytes of holes need no reading. */
  async #writeHint(id: string, indexes: number[]): Promise<void> {
    const { mtimeMs } = await stat(this.pathOf(id));
    await writeFile(this.#hintPath(id), JSON.stringify({ mtimeMs, indexes } satisfies Hint));
  }

  async #hint(id: string): Promise<Hint | undefined> {
    try {
      return JSON.parse(await readFile(this.#hintPath(id), "utf8")) as Hint;
    } catch {
      return undefined;
    }
  }

  #hintPath(id: string): string {
    return `${this.pathOf(id)}.occupied`;
  }

  async #using<T>(id: string, flags: "r" | "r+" | "w", use: (file: FileHandle) => Promise<T>): Promise<T> {
    const file = await this.#open(id, flags);
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  }

  async #open(id: string, flags: "r" | "r+" | "w"): Promise<FileHandle> {
    try {
      return await open(this.pathOf(id), flags);
    } catch (error) {
      if (flags !== "r+" || (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return await open(this.pathOf(id), "w+");
    }
  }
}

/** Reads until the buffer is full or the file ends; returns how much there was. */
async function readFully(file: FileHandle, into: Buffer, position: number): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await file.read(into, filled, into.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
