/** By how much the generator's state grows with each number: its position in its one cycle of 2^32. */
const step = 0x6d2b79f5;

/**
 * Added to a seed for each start of a cloud: the starts' sequences then lie far apart in that cycle (2^32 divided by the
 * golden ratio spreads any number of points evenly), so that none gives out the ids of another.
 */
export const seedStride = Math.imul(step, 0x9e3779b1) >>> 0;

/** Each byte as two hexadecimal digits: identifiers are drawn for every call. */
const byteTexts = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Seeded randomness: the same seed gives the same names, delays and faults. Source of the generator: mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number in [0, 1). */
  next(): number {
    return this.#bits() / 4_294_967_296;
  }

  /** 32 random bits. */
  #bits(): number {
    this.#state = (this.#state + step) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A number in [min, max). */
  between(min: number, max: number): number {
    return min + this.next() * (max - min);
  }

  /** `length` lower-case hexadecimal digits, as in `i-0123456789abcdef0`. */
  hex(length: number): string {
    let text = "";
    while (text.length < length) {
      const bits = this.#bits();
      text += (byteTexts[bits >>> 24] ?? "") + (byteTexts[(bits >>> 16) & 255] ?? "");
      text += (byteTexts[(bits >>> 8) & 255] ?? "") + (byteTexts[bits & 255] ?? "");
    }
    return text.slice(0, length);
  }

  /** `length` upper-case letters and digits, as in access keys. */
  code(length: number): string {
    return this.#letters(length, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
  }

  uuid(): string {
    const hex = this.hex(32);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
  }

  #letters(length: number, alphabet: string): string {
    let text = "";
    for (let index = 0; index < length; index++) text += alphabet[Math.floor(this.next() * alphabet.length)];
    return text;
  }
}
