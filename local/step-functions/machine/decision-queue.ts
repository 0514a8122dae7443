/** Runs what is asked for one execution in the order it was asked; executions do not wait for each other. */
export class DecisionQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  run<T>(executionArn: string, decide: () => T | Promise<T>): Promise<T> {
    const before = this.#last.get(executionArn) ?? Promise.resolve();
    const mine = before.then(decide, decide);
    this.#last.set(executionArn, mine);
    const forget = () => {
      if (this.#last.get(executionArn) === mine) this.#last.delete(executionArn);
    };
    mine.then(forget, forget);
    return mine;
  }
}
