import type { Clock } from "../core/clock.ts";

/**
 * A rate limit as AWS has them: `perSecond` requests, saved up to one second's worth. It lives in memory only: after a
 * restart of the cloud it is full, which no client can tell from a quiet second.
 */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #perSecond: number;
  #tokens: number;
  #atMs: number;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#atMs = clock.now();
  }

  /** Takes one token; false when there is none. */
  take(): boolean {
    const nowMs = this.#clock.now();
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((nowMs - this.#atMs) / 1000) * this.#perSecond);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
