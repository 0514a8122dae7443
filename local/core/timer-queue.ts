interface Timer {
  atMs: number;
  order: number;
  run: () => void;
  cancelled: boolean;
}

/** Timers by their instants, those of one instant in the order they were added: a binary heap. */
export class TimerQueue {
  readonly #heap: Timer[] = [];
  #added = 0;

  /** Returns a function that takes the timer out again. */
  add(atMs: number, run: () => void): () => void {
    const timer = { atMs, order: this.#added++, run, cancelled: false };
    this.#heap.push(timer);
    this.#rise(this.#heap.length - 1);
    return () => {
      timer.cancelled = true;
    };
  }

  /** The one that is due next; undefined when there is none. */
  first(): Readonly<Timer> | undefined {
    // A cancelled timer stays in the heap until it is the first: finding it there would cost more than waiting for it.
    while (this.#heap[0]?.cancelled) this.takeFirst();
    return this.#heap[0];
  }

  takeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink();
  }

  #rise(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  #sink(): void {
    let index = 0;
    for (;;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const [leftTimer, rightTimer] = [this.#heap[left], this.#heap[right]];
      if (!leftTimer) return;
      const child = rightTimer && isBefore(rightTimer, leftTimer) ? right : left;
      if (!this.#swapIfBefore(child, index)) return;
      index = child;
    }
  }

  #swapIfBefore(lower: number, upper: number): boolean {
    const [below, above] = [this.#heap[lower], this.#heap[upper]];
    if (!below || !above || !isBefore(below, above)) return false;
    this.#heap[lower] = above;
    this.#heap[upper] = below;
    return true;
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
