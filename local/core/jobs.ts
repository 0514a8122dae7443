import type { Clock } from "./clock.ts";
import type { Collection, Store } from "./store.ts";

interface Job {
  key: string;
  kind: string;
  atMs: number;
  order: number;
  payload: unknown;
}

/**
 * Work that is due later, kept in the store: every asynchronous behaviour of the cloud (a snapshot completing, an
 * instance booting, a rule change propagating, a state machine's next step) is a job, so it survives a restart and runs
 * on whatever clock the cloud has. A job is removed after it ran: after a kill it may run twice, so `run` must be
 * repeatable.
 */
export class Jobs {
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #jobs: Collection<Job>;
  readonly #kinds = new Map<string, (payload: never) => void | Promise<void>>();
  readonly #timers = new Map<string, () => void>();
  readonly #onFailure: (kind: string, error: unknown) => void;
  #order = 0;
  #started = false;

  constructor(clock: Clock, store: Store, onFailure: (kind: string, error: unknown) => void) {
    this.#clock = clock;
    this.#store = store;
    this.#jobs = store.collection<Job>("core.jobs");
    this.#onFailure = onFailure;
  }

  /** Says what runs when a job of `kind` is due. Call it in the service's constructor, before `start`. */
  on<P>(kind: string, run: (payload: P) => void | Promise<void>): void {
    if (this.#kinds.has(kind)) throw new Error(`job kind ${kind} is registered twice`);
    this.#kinds.set(kind, run as (payload: never) => void | Promise<void>);
  }

  /**
   * Plans a job. A job of the same `key` replaces the one planned before; without a key each call is a job of its own.
   * @param atMs Modelled time; at or before now means as soon as the present turn ends.
   */
  schedule<P>(kind: string, atMs: number, payload: P, key?: string): void {
    const order = this.#nextOrder();
    const job: Job = { key: key ?? `${kind}#${order}`, kind, atMs, order, payload };
    this.#jobs.put(job.key, job);
    if (this.#started) this.#arm(job);
  }

  /** Forgets the job of this key; harmless when there is none. */
  cancel(key: string): void {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
    this.#jobs.delete(key);
  }

  /** When the job of this key is due, or undefined. */
  dueAt(key: string): number | undefined {
    return this.#jobs.get(key)?.atMs;
  }

  /** Arms every job in the store; called once, when all services have registered. */
  start(): void {
    this.#started = true;
    const planned = [...this.#jobs.list()].sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    for (const job of planned) this.#arm(job);
  }

  stop(): void {
    this.#started = false;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #arm(job: Job): void {
    this.#timers.get(job.key)?.();
    this.#timers.set(
      job.key,
      this.#clock.at(job.atMs, () => void this.#run(job)),
    );
  }

  async #run(job: Job): Promise<void> {
    this.#timers.delete(job.key);
    const run = this.#kinds.get(job.kind);
    try {
      if (!run) throw new Error(`no service handles jobs of kind ${job.kind}`);
      await run(job.payload as never);
    } catch (error) {
      this.#onFailure(job.kind, error);
    }
    // The job may have planned its own successor under the same key; only the one that ran is removed.
    if (this.#jobs.get(job.key)?.order === job.order) this.#jobs.delete(job.key);
    if (this.#started) this.#store.flush();
  }

  #nextOrder(): number {
    if (this.#order === 0) {
      for (const job of this.#jobs.list()) this.#order = Math.max(this.#order, job.order);
    }
    this.#order += 1;
    return this.#order;
  }
}
