import { mkdirSync } from "node:fs";
import { type FileHandle, open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type BlockFiles, fillVolume, type VolumeBytes } from "./block-files.ts";
import { blockBytes } from "./block-size.ts";

const zeros = Buffer.alloc(blockBytes);

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
    await fillVolume(this, volume);
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
    const found: number[] = [];
    const { size, blocks } = await stat(this.pathOf(id));
    // A file without any allocated space is all hole; reading gigabytes of zeros would only cost time.
    if (blocks === 0) return found;
    await this.#using(id, "r", async (file) => {
      const block = Buffer.alloc(blockBytes);
      for (let index = 0; index * blockBytes < size; index++) {
        block.fill(0);
        await readFully(file, block, index * blockBytes);
        if (!block.equals(zeros)) found.push(index);
      }
    });
    return found;
  }

  async remove(id: string): Promise<void> {
    await rm(this.pathOf(id), { force: true });
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

async function readFully(file: FileHandle, into: Buffer, position: number): Promise<void> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await file.read(into, filled, into.length - filled, position + filled);
    if (bytesRead === 0) return;
    filled += bytesRead;
  }
}
