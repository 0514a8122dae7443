import { ByteReader } from "./byte-reader.ts";

/** Reads bytes of an object, first and last included. */
export type ReadRange = (first: number, last: number) => Promise<AsyncIterable<Uint8Array>>;

/**
 * Unit: bytes asked for at once. Large, so that an archive of 4 GiB is 64 requests; not endless, so that what is left
 * unread when only a part of it is wanted is little.
 */
const windowBytes = 64 * 1024 * 1024;

/** Unit: bytes that are sooner read over than asked for anew. */
const gapBytes = 256 * 1024;

/** Reads pieces of an object in the order in which they stand in it, holding no more than one chunk. */
export class RangeReader {
  readonly #read: ReadRange;
  readonly #totalBytes: number;
  readonly #seen: (chunk: Uint8Array) => void;
  #stream: ByteReader | undefined;
  /** Place of the next byte of the stream, and of the first one behind it. */
  #at = 0;
  #end = 0;

  /** @param seen Gets every byte that is read over or returned, in order. */
  constructor(read: ReadRange, totalBytes: number, seen: (chunk: Uint8Array) => void = () => undefined) {
    this.#read = read;
    this.#totalBytes = totalBytes;
    this.#seen = seen;
  }

  /** The bytes from `offset` on, in chunks; fewer than asked for only where the object ends. */
  async *piece(offset: number, bytes: number): AsyncGenerator<Uint8Array> {
    await this.#moveTo(offset);
    let missing = bytes;
    while (missing > 0) {
      const chunk = await this.#some(missing);
      if (chunk.length === 0) return;
      missing -= chunk.length;
      yield chunk;
    }
  }

  /** The same at once, for what is small. */
  async take(offset: number, bytes: number): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.piece(offset, bytes)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async close(): Promise<void> {
    await this.#stream?.close();
    this.#stream = undefined;
  }

  async #moveTo(offset: number): Promise<void> {
    const gap = offset - this.#at;
    if (gap < 0 || gap > gapBytes) {
      await this.close();
      this.#at = offset;
      this.#end = offset;
    }
    while (this.#at < offset) if ((await this.#some(offset - this.#at)).length === 0) return;
  }

  async #some(atMost: number): Promise<Uint8Array> {
    if (this.#at === this.#end) {
      await this.close();
      if (this.#at >= this.#totalBytes) return new Uint8Array();
      this.#end = Math.min(this.#totalBytes, this.#at + windowBytes);
      this.#stream = new ByteReader(await this.#read(this.#at, this.#end - 1));
    }
    const chunk = (await this.#stream?.some(Math.min(atMost, this.#end - this.#at))) ?? new Uint8Array();
    if (chunk.length === 0) throw new Error(`the object ended at ${this.#at} of ${this.#totalBytes} bytes`);
    this.#at += chunk.length;
    this.#seen(chunk);
    return chunk;
  }
}
