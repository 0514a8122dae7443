/** How often each outcome came; a fuzz run tells them, so that one that tries nothing shows. */
export class Outcomes {
  readonly counts = new Map<string, number>();
  /** Of a single input. Unit: milliseconds. */
  slowestMs = 0;

  count(outcome: string): void {
    this.counts.set(outcome, (this.counts.get(outcome) ?? 0) + 1);
  }

  /** Runs one input and remembers how long it took. */
  async timed(run: () => Promise<string> | string): Promise<void> {
    const startedMs = performance.now();
    this.count(await run());
    this.slowestMs = Math.max(this.slowestMs, performance.now() - startedMs);
  }

  total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }
}
