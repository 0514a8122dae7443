/** The machine in an execution's ARN: `deploy` of `…:execution:kiln-dev-deploy:5f0c…`. */
const machineOf = /:execution:[^:]*-([a-z]+):/;

/** Names each call by whom it is made for and which one of its kind it is. */
export class CallPlaces {
  readonly #actors = new Map<string, string>();
  readonly #executions = new Map<string, number>();
  readonly #made = new Map<string, number>();

  /**
   * @param execution ARN of the execution that the handler works for; empty when it works for none.
   * @param call Such as `cutover elasticloadbalancing:ModifyRule`.
   * @returns Such as `deploy 2 cutover elasticloadbalancing:ModifyRule 1`.
   */
  next(execution: string, call: string): string {
    const kind = `${this.#actorOf(execution)} ${call}`;
    const count = (this.#made.get(kind) ?? 0) + 1;
    this.#made.set(kind, count);
    return `${kind} ${count}`;
  }

  #actorOf(execution: string): string {
    const known = this.#actors.get(execution);
    if (known !== undefined) return known;
    const machine = machineOf.exec(execution)?.[1] ?? "nobody";
    const count = (this.#executions.get(machine) ?? 0) + 1;
    this.#executions.set(machine, count);
    const actor = `${machine} ${count}`;
    this.#actors.set(execution, actor);
    return actor;
  }
}
