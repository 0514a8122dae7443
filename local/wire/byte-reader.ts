/** Reads lines and runs of bytes from a stream of chunks without ever holding more than one chunk and one line. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /**
   * The next line without its line end; undefined at the end of the stream.
   * @param lengthMax The longest line taken, in bytes; a longer one counts as no line.
   */
  async line(lengthMax: number): Promise<string | undefined> {
    let text = "";
    for (;;) {
      const end = this.#rest.indexOf(0x0a);
      const part = end === -1 ? this.#rest : this.#rest.subarray(0, end);
      text += Buffer.from(part).toString("latin1");
      if (text.length > lengthMax) return undefined;
      if (end !== -1) {
        this.#rest = this.#rest.subarray(end + 1);
        return text.replace(/\r$/, "");
      }
      if (!(await this.#fill())) return text === "" ? undefined : text;
    }
  }

  /** At least one and at most `max` bytes; undefined at the end of the stream. */
  async bytes(max: number): Promise<Uint8Array | undefined> {
    if (this.#rest.length === 0 && !(await this.#fill())) return undefined;
    const part = this.#rest.subarray(0, max);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }

  async #fill(): Promise<boolean> {
    for (;;) {
      const next = await this.#source.next();
      if (next.done) {
        this.#rest = new Uint8Array();
        return false;
      }
      this.#rest = next.value;
      if (this.#rest.length > 0) return true;
    }
  }
}
