/** One handler that runs. While `waiting` is above zero it waits for the virtual clock, else it computes. */
export interface Run {
  waiting: number;
}

/** Unit: milliseconds. A handler that computes for so long without a call or an end hangs. */
const quietMaxMs = 60_000;

/** Unit: event-loop turns. What still computes after them waits for a thread of Node's, and turning on would only keep that from the processor. */
const busyTurns = 16;

/**
 * Knows which handlers compute at present, so that the virtual clock stands still meanwhile: unzipping happens on a
 * thread of its own, and how long that takes must not decide what the simulation does next.
 */
export class Activity {
  readonly #runs = new Set<Run>();

  begin(): Run {
    const run = { waiting: 0 };
    this.#runs.add(run);
    return run;
  }

  end(run: Run): void {
    this.#runs.delete(run);
  }

  /** Resolves once everything that can go on without the clock has gone on. */
  async quiet(): Promise<void> {
    for (let turn = 0; turn < busyTurns; turn++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#isWaiting()) return;
    }
    for (let waitedMs = 0; waitedMs < quietMaxMs; waitedMs++) {
      await new Promise<void>((resolve) => setTimeout(resolve, 1));
      if (this.#isWaiting()) return;
    }
    throw new Error("a handler neither calls AWS nor ends");
  }

  #isWaiting(): boolean {
    for (const { waiting } of this.#runs) if (waiting === 0) return false;
    return true;
  }
}
