import { type BlockFiles, fillVolume, type VolumeBytes } from "./block-files.ts";
import { blockBytes } from "./block-size.ts";

/** A file's blocks, and the volume it was made for until somebody looks into it. */
interface MemoryFile {
  blocks: Map<number, Uint8Array>;
  unfilled?: VolumeBytes;
}

/** Blocks in memory, for tests and simulation. */
export class MemoryBlockFiles implements BlockFiles {
  readonly #files: Map<string, MemoryFile>;

  /** @param from Begins with the same blocks; a written block is never changed, so their bytes are shared. */
  constructor(from?: MemoryBlockFiles) {
    this.#files = new Map(
      [...(from ? from.#files : [])].map(([id, file]) => [id, { ...file, blocks: new Map(file.blocks) }]),
    );
  }

  /** What a volume is made from may be gone by the time somebody looks, so its blocks are taken now, and its noise then. */
  async makeVolume(volume: VolumeBytes): Promise<void> {
    const blocks = new Map<number, Uint8Array>();
    const source = this.#files.get(volume.source?.id ?? "")?.blocks;
    for (const index of volume.source?.indexes ?? []) {
      const bytes = source?.get(index);
      if (bytes) blocks.set(index, bytes);
    }
    this.#files.set(volume.id, { blocks, unfilled: volume });
  }

  async write(id: string, index: number, bytes: Uint8Array): Promise<void> {
    const file = await this.#filled(id);
    const blocks = file?.blocks ?? new Map<number, Uint8Array>();
    blocks.set(index, Uint8Array.from(bytes));
    if (!file) this.#files.set(id, { blocks });
  }

  async read(id: string, index: number): Promise<Uint8Array> {
    return (await this.#filled(id))?.blocks.get(index)?.slice() ?? new Uint8Array(blockBytes);
  }

  async occupied(id: string): Promise<number[]> {
    const file = await this.#filled(id);
    const blocks = [...(file?.blocks ?? [])].filter(([, bytes]) => bytes.some((byte) => byte !== 0));
    return blocks.map(([index]) => index).sort((a, b) => a - b);
  }

  async remove(id: string): Promise<void> {
    this.#files.delete(id);
  }

  /** Ids that have bytes: for tests that assert nothing is left. */
  ids(): string[] {
    return [...this.#files.keys()].sort();
  }

  /** Fills a volume once somebody looks into it: a simulated machine never does, and noise takes long to make. */
  async #filled(id: string): Promise<MemoryFile | undefined> {
    const file = this.#files.get(id);
    const volume = file?.unfilled;
    if (!file || !volume) return file;
    delete file.unfilled;
    const own = {
      read: async (_: string, index: number) => file.blocks.get(index) ?? new Uint8Array(blockBytes),
      write: async (_: string, index: number, bytes: Uint8Array) => void file.blocks.set(index, bytes),
    };
    await fillVolume(own, volume);
    return file;
  }
}
