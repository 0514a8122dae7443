import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Where deployment packages are kept, by the hexadecimal SHA-256 of their bytes. */
export interface CodeFiles {
  write(digest: string, bytes: Uint8Array): Promise<void>;
  /** @throws {Error} When there is no package of this digest. */
  read(digest: string): Promise<Uint8Array>;
  /** Harmless when it is gone. */
  remove(digest: string): Promise<void>;
}

/** Packages as files of one directory; a package appears whole or not at all. */
export class DiskCodeFiles implements CodeFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async write(digest: string, bytes: Uint8Array): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const file = this.#file(digest);
    await writeFile(`${file}.partial`, bytes, { flush: true });
    await rename(`${file}.partial`, file);
  }

  async read(digest: string): Promise<Uint8Array> {
    return readFile(this.#file(digest));
  }

  async remove(digest: string): Promise<void> {
    await rm(this.#file(digest), { force: true });
  }

  #file(digest: string): string {
    return join(this.#directory, `${digest}.zip`);
  }
}

/** Packages in memory, for tests and simulation. */
export class MemoryCodeFiles implements CodeFiles {
  readonly #packages = new Map<string, Uint8Array>();

  async write(digest: string, bytes: Uint8Array): Promise<void> {
    this.#packages.set(digest, bytes);
  }

  async read(digest: string): Promise<Uint8Array> {
    const bytes = this.#packages.get(digest);
    if (!bytes) throw new Error(`no package ${digest}`);
    return bytes;
  }

  async remove(digest: string): Promise<void> {
    this.#packages.delete(digest);
  }
}
