import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Job, Outcome } from "./jobs.ts";
import type { WorkerMessage } from "./worker.ts";

/** Each worker holds a prepared cloud and its own heap of about 300 MB; more than this gains little on usual machines. */
const workersMax = 8;

/**
 * Expected errors are made by the thousand and nobody reads where: without their traces a tenth of the time is saved. Nearly
 * all that a simulation makes is garbage when it ends: with room for it (unit: MB), a twentieth.
 */
const workerFlags = ["--stack-trace-limit=1", "--max-semi-space-size=64"];

/** What came of one job. */
export interface Done {
  outcome: Outcome;
  /** Unit: seconds of processor time. */
  cpuSeconds: number;
}

/** Processes that make simulations side by side, one for each processor. */
export class Pool {
  readonly #workers: ChildProcess[] = [];
  readonly #idle: ChildProcess[] = [];
  readonly #waiting: { job: Job; done: (done: Done) => void; failed: (error: Error) => void }[] = [];
  readonly #running = new Map<number, { done: (done: Done) => void; failed: (error: Error) => void }>();
  #next = 0;
  #closed = false;

  /** @param size How many processes; one for each processor when left out. */
  constructor(size = Math.min(workersMax, availableParallelism())) {
    for (let index = 0; index < size; index++) this.#start();
  }

  get size(): number {
    return this.#workers.length;
  }

  run(job: Job): Promise<Done> {
    return new Promise((done, failed) => {
      this.#waiting.push({ job, done, failed });
      this.#assign();
    });
  }

  /** Lets the processes go. */
  close(): void {
    this.#closed = true;
    for (const worker of this.#workers) if (worker.connected) worker.disconnect();
  }

  #start(): void {
    const worker = fork(join(import.meta.dirname, "worker.ts"), { execArgv: [...process.execArgv, ...workerFlags] });
    this.#workers.push(worker);
    worker.on("message", (message: WorkerMessage) => this.#heard(worker, message));
    worker.on("exit", (code) => {
      if (!this.#closed) this.#fail(new Error(`a worker of the simulation ended with exit code ${code}`));
    });
  }

  #heard(worker: ChildProcess, message: WorkerMessage): void {
    if (message.kind === "done") {
      const { id, outcome, cpuSeconds } = message;
      this.#running.get(id)?.done({ outcome, cpuSeconds });
      this.#running.delete(id);
    }
    this.#idle.push(worker);
    this.#assign();
  }

  #assign(): void {
    while (this.#idle.length > 0 && this.#waiting.length > 0) {
      const worker = this.#idle.pop();
      const { job, done, failed } = this.#waiting.shift() ?? {};
      if (!worker || !job || !done || !failed) return;
      const id = this.#next++;
      this.#running.set(id, { done, failed });
      worker.send({ id, job });
    }
  }

  /** A worker that is gone takes its simulation along, so nothing that still waits can be trusted to come. */
  #fail(error: Error): void {
    for (const { failed } of [...this.#running.values(), ...this.#waiting]) failed(error);
    this.#running.clear();
    this.#waiting.length = 0;
  }
}
