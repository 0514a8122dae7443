import { type BlockFiles, fillVolume, type VolumeBytes } from "./block-files.ts";
import { blockBytes } from "./block-size.ts";

/** Blocks in memory, for tests and simulation. */
export class MemoryBlockFiles implements BlockFiles {
  readonly #files: Map<string, Map<number, Uint8Array>>;

  /** @param from Begins with the same blocks; a written block is always a new array, so their bytes are shared. */
  constructor(from?: MemoryBlockFiles) {
    this.#files = new Map([...(from ? from.#files : [])].map(([id, blocks]) => [id, new Map(blocks)]));
  }

  async makeVolume(volume: VolumeBytes): Promise<void> {
    this.#files.set(volume.id, new Map());
    await fillVolume(this, volume);
  }

  async write(id: string, index: number, bytes: Uint8Array): Promise<void> {
    const file = this.#files.get(id) ?? new Map<number, Uint8Array>();
    file.set(index, Uint8Array.from(bytes));
    this.#files.set(id, file);
  }

  async read(id: string, index: number): Promise<Uint8Array> {
    return this.#files.get(id)?.get(index)?.slice() ?? new Uint8Array(blockBytes);
  }

  async occupied(id: string): Promise<number[]> {
    const blocks = [...(this.#files.get(id) ?? [])].filter(([, bytes]) => bytes.some((byte) => byte !== 0));
    return blocks.map(([index]) => index).sort((a, b) => a - b);
  }

  async remove(id: string): Promise<void> {
    this.#files.delete(id);
  }

  /** Ids that have bytes: for tests that assert nothing is left. */
  ids(): string[] {
    return [...this.#files.keys()].sort();
  }
}
