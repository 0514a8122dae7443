import { exhaustiveSeed } from "../simulate/exhaustive.ts";
import { noFaults, placedFaults } from "../simulate/faults.ts";
import type { Begins } from "../simulate/jobs.ts";
import type { PlacedFault } from "../simulate/mix-plan.ts";
import { runPlan } from "../simulate/run-plan.ts";
import type { Scenario } from "../simulate/scenarios.ts";
import type { SimulatedStage } from "../simulate/simulated-stage.ts";
import { RunRecord } from "./run-record.ts";

/** One run whose record is kept. */
export interface Reference extends Scenario {
  /** Calls that go wrong in it. */
  faults?: readonly PlacedFault[];
}

/** What a reference run came to. */
export interface ReferenceRun {
  /** Promises that were broken. */
  problems: string[];
  lines: string[];
}

const enoughSeen = "nothing more is asked of this run";

/** Ends a run early. */
class EnoughSeenError extends Error {
  override readonly name = "EnoughSeenError";
}

/**
 * Makes a reference run, judged by every promise of the simulation.
 * @param isEnough Asked after each line; true ends the run.
 */
export async function runReference(
  reference: Reference,
  begins: Begins,
  isEnough: (line: string, index: number) => boolean = () => false,
): Promise<ReferenceRun> {
  let record: RunRecord | undefined;
  let ends = false;
  // What the sweeps do that follow every run is judged by the promises alone.
  const act = async (stage: SimulatedStage) => {
    record = await RunRecord.follow(stage, (line, index) => {
      ends ||= isEnough(line, index);
    });
    const { afterEvent } = stage.cloud;
    stage.cloud.afterEvent = () => {
      if (ends) throw new EnoughSeenError(enoughSeen);
      afterEvent();
    };
    const execution = await reference.act(stage);
    await stage.idle();
    record.end();
    return execution;
  };
  const plan = reference.faults ? placedFaults(reference.faults) : noFaults;
  const { problems } = await runPlan({ ...reference, act }, begins[reference.begins], exhaustiveSeed, plan);
  return { problems: problems.filter((problem) => !problem.includes(enoughSeen)), lines: record?.lines ?? [] };
}
