import type { BlockWindow } from "../domain/block-window.ts";
import { PutPace } from "../domain/put-pace.ts";
import type { VolumeBlock } from "./volume-blocks.ts";

/** How a block is written and how progress is recorded. */
export interface RangeWork {
  /** Returns how often the block was sent until it was written, or undefined while AWS does not know the snapshot yet. */
  put: (block: VolumeBlock) => Promise<number | undefined>;
  /** Makes it known that every block before this one is written. */
  record: (written: number) => Promise<void>;
}

/** The blocks of one range that are under way: as many as AWS bears, never further past the record than the window lets. */
export class RangePuts {
  readonly #work: RangeWork;
  readonly #window: BlockWindow;
  readonly #pace = new PutPace();
  readonly #underWay = new Set<Promise<void>>();
  #recording: Promise<void> | undefined;
  /** Whether AWS has taken a block: until then one at a time asks whether the snapshot is known where blocks are written. */
  #isKnown = false;
  #stopped = false;
  #failure: { error: unknown } | undefined;

  constructor(work: RangeWork, window: BlockWindow) {
    this.#work = work;
    this.#window = window;
  }

  /** Sends a block as soon as there is room. Returns false when no more may be sent: AWS does not know the snapshot, or a call failed. */
  async send(block: VolumeBlock): Promise<boolean> {
    while (!this.#isOver && !this.#hasRoom) {
      await Promise.race(this.#recording ? [...this.#underWay, this.#recording] : this.#underWay);
    }
    if (this.#isOver) return false;
    this.#window.begin();
    this.#track(this.#put(block));
    return true;
  }

  /** Waits for everything that is under way. Returns what went wrong, if anything did. */
  async settle(): Promise<{ error: unknown } | undefined> {
    await Promise.all(this.#underWay);
    await this.#recording;
    return this.#failure;
  }

  get #isOver(): boolean {
    return this.#stopped || this.#failure !== undefined;
  }

  get #hasRoom(): boolean {
    return this.#underWay.size < (this.#isKnown ? this.#pace.underWay : 1) && this.#window.mayBegin;
  }

  async #put(block: VolumeBlock): Promise<void> {
    const number = this.#pace.send();
    const attempts = await this.#work.put(block);
    if (attempts === undefined) {
      this.#stopped = true;
      return;
    }
    this.#isKnown = true;
    this.#pace.answered(number, attempts);
    this.#window.finished(block.index);
    if (this.#window.isRecordDue) this.#record();
  }

  #record(): void {
    if (this.#recording) return;
    const written = this.#window.written;
    this.#recording = this.#noting(this.#work.record(written).then(() => this.#window.recorded(written))).then(() => {
      this.#recording = undefined;
    });
  }

  #track(work: Promise<void>): void {
    const entry = this.#noting(work).then(() => void this.#underWay.delete(entry));
    this.#underWay.add(entry);
  }

  /** The first failure ends the range; the calls beside it are waited for, so that what they wrote counts. */
  #noting(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => {
      this.#failure ??= { error };
    });
  }
}
