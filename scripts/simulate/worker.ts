import { type Job, type Outcome, runJob } from "./jobs.ts";
import { packageInMemory } from "./package-files.ts";
import { situations } from "./scenarios.ts";
import { prepareStage, stageName } from "./simulated-stage.ts";

/** What a worker tells its pool. */
export type WorkerMessage =
  | { kind: "ready" }
  /** `cpuSeconds`: processor time of this simulation alone, so that a figure for one core does not depend on the machine's load. */
  | { kind: "done"; id: number; outcome: Outcome; cpuSeconds: number };

export interface WorkerOrder {
  id: number;
  job: Job;
}

/** A process that makes simulations for a pool, one at a time, until the pool lets go of it. */
async function main(): Promise<void> {
  const begins = await situations(await prepareStage(await packageInMemory(stageName)));
  process.on("message", (order: WorkerOrder) => void answer(order));
  process.on("disconnect", () => process.exit(0));
  // A terminal interrupts every process; the pool's owner decides what becomes of what is under way.
  process.on("SIGINT", () => {});
  tell({ kind: "ready" });

  async function answer({ id, job }: WorkerOrder): Promise<void> {
    const began = process.cpuUsage();
    const outcome = await runJob(job, begins);
    const { user, system } = process.cpuUsage(began);
    tell({ kind: "done", id, outcome, cpuSeconds: (user + system) / 1_000_000 });
  }
}

function tell(message: WorkerMessage): void {
  process.send?.(message);
}

await main();
