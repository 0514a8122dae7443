/** Reads a stream in the pieces that a format asks for, holding no more than one chunk and one piece. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();
  #consumed = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** Unit: bytes read until now. */
  get consumed(): number {
    return this.#consumed;
  }

  /** What is there next, at most `bytes` of it; empty at the end of the stream. */
  async some(bytes: number): Promise<Uint8Array> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return new Uint8Array();
      this.#rest = next.value;
    }
    const piece = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(piece.length);
    this.#consumed += piece.length;
    return piece;
  }

  /** Exactly `bytes` bytes, or fewer when the stream ends before. */
  async take(bytes: number): Promise<Uint8Array> {
    const first = await this.some(bytes);
    if (first.length === bytes || first.length === 0) return first;
    const pieces = [first];
    let missing = bytes - first.length;
    while (missing > 0) {
      const piece = await this.some(missing);
      if (piece.length === 0) break;
      pieces.push(piece);
      missing -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  /** Lets the stream go, read or not: a connection that nobody reads would stay open. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
