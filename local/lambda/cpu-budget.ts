/**
 * Memory that goes with one vCPU; less memory, a part of one. Unit: MiB.
 * Source: Lambda developer guide, "Configure Lambda function memory": one vCPU at 1,769 MB.
 */
const memoryOfOneCpuMiB = 1769;

/** The part of one vCPU that a function of this size has; more than 1 for larger ones. */
export function cpuShareOf(memoryMiB: number): number {
  return memoryMiB / memoryOfOneCpuMiB;
}

/**
 * How much processor time a program may still use: it earns its share of the time that passes, cannot save up more than
 * one look's worth, and what it used too much it waits for afterwards.
 */
export class CpuBudget {
  readonly #share: number;
  readonly #mostMs: number;
  #creditMs: number;

  /** @param periodMs Between two looks. Unit: milliseconds. */
  constructor(share: number, periodMs: number) {
    this.#share = share;
    this.#mostMs = share * periodMs;
    this.#creditMs = this.#mostMs;
  }

  /** Accounts for what passed and was used since the last look. Returns whether the program may run on. */
  mayRun(passedMs: number, usedMs: number): boolean {
    this.#creditMs = Math.min(this.#mostMs, this.#creditMs + passedMs * this.#share - usedMs);
    return this.#creditMs >= 0;
  }
}
