import type { Kernel } from "../core/kernel.ts";
import { type ChecksumName, DigestingStream, type Digests } from "./checksums.ts";
import type { Piece } from "./documents.ts";
import type { ObjectFiles } from "./object-files.ts";

/**
 * The bytes of objects: names new files, digests what is written and keeps a file until the last reader is done with it,
 * so that a download goes on when its object is overwritten, as it does on S3.
 */
export class Blobs {
  readonly #kernel: Kernel;
  readonly #files: ObjectFiles;
  readonly #readers = new Map<string, number>();
  readonly #doomed = new Set<string>();

  constructor(kernel: Kernel, files: ObjectFiles) {
    this.#kernel = kernel;
    this.#files = files;
    kernel.jobs.on<{ files: string[] }>("s3.discard", (discarded) => this.#remove(discarded.files));
  }

  /** Writes a new file. Nothing is left of it when the source fails or is larger than `maximumBytes`. */
  async write(
    source: AsyncIterable<Uint8Array>,
    checksum: ChecksumName,
    maximumBytes: number,
    tooLarge: () => Error,
  ): Promise<{ file: string; digests: Digests }> {
    const file = this.#kernel.random.hex(32);
    const stream = new DigestingStream(source, checksum, maximumBytes, tooLarge);
    await this.#files.write(file, stream);
    return { file, digests: stream.finish() };
  }

  /** A second file with the same bytes, which lives as long as its own object. */
  async share(file: string): Promise<string> {
    const secondName = this.#kernel.random.hex(32);
    this.#retain(file);
    try {
      await this.#files.share(file, secondName);
    } finally {
      await this.#release(file);
    }
    return secondName;
  }

  /**
   * Bytes `start` up to, not including, `end` of pieces laid end to end. The files are kept until the iteration ends;
   * when it never begins, until the cloud starts again.
   */
  read(pieces: readonly Piece[], start: number, end: number): AsyncIterable<Uint8Array> {
    for (const { file } of pieces) this.#retain(file);
    return this.#chunks(pieces, start, end);
  }

  async *#chunks(pieces: readonly Piece[], start: number, end: number): AsyncGenerator<Uint8Array> {
    try {
      let offset = 0;
      for (const piece of pieces) {
        const from = Math.max(start - offset, 0);
        const to = Math.min(end - offset, piece.bytes);
        if (from < to) yield* this.#files.read(piece.file, from, to);
        offset += piece.bytes;
      }
    } finally {
      for (const { file } of pieces) await this.#release(file);
    }
  }

  /**
   * Gives up files no object refers to any more. A job does it, after the index without them is durable: a crash must
   * never leave an object whose bytes are gone.
   */
  discard(pieces: readonly Piece[]): void {
    if (pieces.length === 0) return;
    const files = pieces.map((piece) => piece.file);
    this.#kernel.jobs.schedule("s3.discard", this.#kernel.clock.now(), { files });
  }

  async #remove(files: readonly string[]): Promise<void> {
    this.#kernel.store.flush();
    for (const file of files) {
      if (this.#readers.has(file)) this.#doomed.add(file);
      else await this.#files.remove(file);
    }
  }

  /** Removes every file that is not among `wanted`: what a crash between writing bytes and writing the index left. */
  async sweep(wanted: ReadonlySet<string>): Promise<void> {
    for (const name of await this.#files.names()) {
      if (!wanted.has(name)) await this.#files.remove(name);
    }
  }

  #retain(file: string): void {
    this.#readers.set(file, (this.#readers.get(file) ?? 0) + 1);
  }

  async #release(file: string): Promise<void> {
    const readers = (this.#readers.get(file) ?? 1) - 1;
    if (readers > 0) {
      this.#readers.set(file, readers);
      return;
    }
    this.#readers.delete(file);
    if (this.#doomed.delete(file)) await this.#files.remove(file);
  }
}
