/** Blocks under way at first: enough to seal 50 MB in a second where a call takes 100 ms. */
const initialUnderWay = 16;

/** Blocks under way at most: 12 MiB of memory, and more than a Lambda's network carries where a call takes 100 ms. */
export const maxUnderWay = 24;

/**
 * How many blocks may be under way at once: one more for each round of answers, half of it as soon as AWS asks for
 * patience. Several writers that share an account's quota find their shares of it in this way, as TCP's flows do.
 *
 * Answers to blocks that were sent before the last halving say nothing about the new pace, so one burst of refusals
 * halves once.
 */
export class PutPace {
  #limit = initialUnderWay;
  #sent = 0;
  #heedFrom = 0;

  /** Blocks that may be under way now; at least 1. */
  get underWay(): number {
    return Math.floor(this.#limit);
  }

  /** Notes that a block is sent. Returns its number, to be given back with its answer. */
  send(): number {
    return this.#sent++;
  }

  /**
   * Notes a block's answer.
   * @param attempts How often it was sent until it was written; more than once means that AWS refused or was overloaded.
   */
  answered(number: number, attempts: number): void {
    if (attempts <= 1) {
      this.#limit = Math.min(maxUnderWay, this.#limit + 1 / this.#limit);
    } else if (number >= this.#heedFrom) {
      this.#limit = Math.max(1, this.#limit / 2);
      this.#heedFrom = this.#sent;
    }
  }
}
