import { maxUnderWay } from "./put-pace.ts";

/** Blocks after which what is written is recorded: 16 MiB, for which a record costs a fortieth of what the blocks cost. */
export const recordedEveryBlocks = 32;

/**
 * How far past the record a block may be begun, which is what a kill may cost: the blocks of one record, those under way
 * when it becomes due, and as many again, so that nobody waits while it is written.
 */
export const windowBlocks = recordedEveryBlocks + 2 * maxUnderWay;

/**
 * Which blocks of a range are written, and how far the ledger knows it. Blocks finish in any order; what counts is the
 * end of those without a gap.
 *
 * No block is begun further than a fixed distance past the record, so a process that is killed leaves at most so many
 * blocks to be written again.
 */
export class BlockWindow {
  /** The first block that is not begun. */
  #next: number;
  /** Every block before this one is written. */
  #written: number;
  /** The ledger says that every block before this one is written. */
  #recorded: number;
  readonly #ahead = new Set<number>();
  readonly #end: number;

  /**
   * @param from Every block before this one is written and recorded.
   * @param end The range's end.
   */
  constructor(from: number, end: number) {
    this.#end = end;
    this.#next = from;
    this.#written = from;
    this.#recorded = from;
  }

  get next(): number {
    return this.#next;
  }

  get written(): number {
    return this.#written;
  }

  /** Whether the next block may be begun, as far as a kill is concerned. */
  get mayBegin(): boolean {
    return this.#next < this.#recorded + windowBlocks;
  }

  /** Whether enough is written since the last record; not once every block is begun, for the end is near. */
  get isRecordDue(): boolean {
    return this.#next < this.#end && this.#written >= this.#recorded + recordedEveryBlocks;
  }

  begin(): number {
    return this.#next++;
  }

  finished(index: number): void {
    this.#ahead.add(index);
    while (this.#ahead.delete(this.#written)) this.#written += 1;
  }

  recorded(written: number): void {
    this.#recorded = Math.max(this.#recorded, written);
  }
}
