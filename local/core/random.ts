/** By how much the generator's state grows with each number: its position in its one cycle of 2^32. */
const step = 0x6d2b79f5;

/**
 * Added to a seed for each start of a cloud: the starts' sequences then lie far apart in that cycle (2^32 divided by the
 * golden ratio spreads any number of points evenly), so that none gives out the ids of another.
 */
export const seedStride = Math.imul(step, 0x9e3779b1) >>> 0;

/** Seeded randomness: the same seed gives the same names, delays and faults. Source of the generator: mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state + step) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A number in [min, max). */
  between(min: number, max: number): number {
    return min + this.next() * (max - min);
  }

  /** `length` lower-case hexadecimal digits, as in `i-0123456789abcdef0`. */
  hex(length: number): string {
    return this.#letters(length, "0123456789abcdef");
  }

  /** `length` upper-case letters and digits, as in access keys. */
  code(length: number): string {
    return this.#letters(length, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
  }

  uuid(): string {
    return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-8${this.hex(3)}-${this.hex(12)}`;
  }

  #letters(length: number, alphabet: string): string {
    let text = "";
    for (let index = 0; index < length; index++) text += alphabet[Math.floor(this.next() * alphabet.length)];
    return text;
  }
}
