import { TimerQueue } from "./timer-queue.ts";

/**
 * The cloud's clock. Everything modelled (boots, propagation, waits, schedules) reads time here and nowhere else,
 * so one declared factor compresses all of it, and a simulation can replace it with a virtual clock.
 */
export interface Clock {
  /** Modelled time. Unit: milliseconds since the Unix epoch. */
  now(): number;
  /** Runs `run` once modelled time has reached `atMs`; at once when it already has. Returns a function that cancels. */
  at(atMs: number, run: () => void): () => void;
}

/** The longest delay Node's timers take, in milliseconds; a longer one fires at once instead of late. */
const longestTimerMs = 2_147_483_647;

/**
 * A clock that runs `factor` times as fast as the wall clock, and as fast as the wall clock while real work is going on
 * (`holdPace`): a handler or a boot does not compute faster because waits are compressed, and every time-out around it
 * (a state's, a validation's, the wait for a zombie's last call) would come too early. The factor may change while it
 * runs: modelled time never jumps or goes back, only its pace changes.
 */
export class PacedClock implements Clock {
  #factor: number;
  #holds = 0;
  #realAnchorMs: number;
  #modelAnchorMs: number;
  readonly #waiting = new Set<{ atMs: number; run: () => void; timer: NodeJS.Timeout | undefined }>();

  constructor(factor: number, startMs: number = Date.now()) {
    this.#factor = factor;
    this.#realAnchorMs = performance.now();
    this.#modelAnchorMs = startMs;
  }

  /** How many modelled seconds pass in a real one while nothing real is waited for. */
  get factor(): number {
    return this.#factor;
  }

  /** How many pass in a real one now. */
  get pace(): number {
    return this.#holds > 0 ? Math.min(1, this.#factor) : this.#factor;
  }

  now(): number {
    return Math.floor(this.#exactNow());
  }

  /**
   * Makes sure that modelled time is not before `ms`: after a restart it goes on from where it was, for a cloud that ran
   * faster than the wall clock is ahead of it. Call it before any timer is set.
   */
  notBefore(ms: number): void {
    this.#modelAnchorMs += Math.max(0, ms - this.now());
  }

  /** Changes the pace from now on; waiting timers are set again. */
  setFactor(factor: number): void {
    this.#changePace(() => {
      this.#factor = factor;
    });
  }

  /** Real work begins. Returns a function that ends it; calling that again changes nothing. */
  holdPace(): () => void {
    const change = (by: number) =>
      this.#changePace(() => {
        this.#holds += by;
      });
    change(1);
    let isHeld = true;
    return () => {
      if (isHeld) change(-1);
      isHeld = false;
    };
  }

  at(atMs: number, run: () => void): () => void {
    const entry = { atMs, run, timer: undefined as NodeJS.Timeout | undefined };
    this.#waiting.add(entry);
    this.#arm(entry);
    return () => {
      clearTimeout(entry.timer);
      this.#waiting.delete(entry);
    };
  }

  #exactNow(): number {
    return this.#modelAnchorMs + (performance.now() - this.#realAnchorMs) * this.pace;
  }

  #changePace(change: () => void): void {
    const before = this.pace;
    const nowMs = this.#exactNow();
    change();
    if (this.pace === before) return;
    this.#modelAnchorMs = nowMs;
    this.#realAnchorMs = performance.now();
    for (const entry of this.#waiting) this.#arm(entry);
  }

  #arm(entry: { atMs: number; run: () => void; timer: NodeJS.Timeout | undefined }): void {
    clearTimeout(entry.timer);
    const realMs = Math.max(0, (entry.atMs - this.now()) / this.pace);
    entry.timer = setTimeout(
      () => {
        if (this.now() < entry.atMs) return this.#arm(entry);
        this.#waiting.delete(entry);
        entry.run();
      },
      Math.min(Math.ceil(realMs), longestTimerMs),
    );
  }
}

/** Does real work while modelled time passes no faster than real time; a clock without a pace of its own has none to hold. */
export async function atRealPace<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  const release = clock instanceof PacedClock ? clock.holdPace() : undefined;
  try {
    return await work();
  } finally {
    release?.();
  }
}

/** A clock that moves only when told to: for tests and simulation. Timers of one instant run in the order they were set. */
export class VirtualClock implements Clock {
  #nowMs: number;
  readonly #timers = new TimerQueue();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  at(atMs: number, run: () => void): () => void {
    return this.#timers.add(atMs, run);
  }

  /** The instant of the next timer, or undefined when none is set. */
  next(): number | undefined {
    return this.#timers.first()?.atMs;
  }

  /** Moves to the next timer and runs it. Returns false when there is none at or before `untilMs`. */
  step(untilMs = Number.POSITIVE_INFINITY): boolean {
    const timer = this.#timers.first();
    if (timer === undefined || timer.atMs > untilMs) return false;
    this.#timers.takeFirst();
    this.#nowMs = Math.max(this.#nowMs, timer.atMs);
    timer.run();
    return true;
  }

  /**
   * Runs every timer up to `ms` from now, letting pending promises settle after each, and ends exactly there.
   */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settle();
    while (this.step(untilMs)) await settle();
    this.#nowMs = untilMs;
  }
}

/** Lets promise chains that are ready run to their next real wait. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Waits modelled time. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.at(clock.now() + ms, resolve);
  });
}
