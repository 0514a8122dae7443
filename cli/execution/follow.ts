import { setTimeout as delay } from "node:timers/promises";
import type { Runs } from "../aws/runs.ts";
import { CommandFailure } from "../failure.ts";
import { type Ending, ExecutionFold, type Phase, secondsBetween } from "./fold.ts";

/** A phase as a summary has it. Unit: modelled seconds. */
export interface TimedPhase {
  state: string;
  /** Since the execution started. */
  atSeconds: number;
  seconds: number;
  turns: number;
  failures: number;
}

/** An execution that has ended. */
export interface Followed {
  execution: string;
  ending: Ending;
  /** Unit: modelled seconds from start to end. */
  seconds: number;
  phases: TimedPhase[];
}

export interface FollowOptions {
  /** Unit: milliseconds of real time. */
  pollMs: number;
  /** Called once for each phase as it begins, with the modelled seconds since the execution started. */
  entered: (phase: Phase, atSeconds: number) => void;
}

/** Real time without a single event after which an execution that was started counts as lost. Unit: milliseconds. */
const silenceMs = 60_000;

/** Follows an execution to its end, telling each phase as it begins. */
export async function follow(runs: Runs, execution: string, options: FollowOptions): Promise<Followed> {
  const fold = new ExecutionFold();
  const giveUpAt = performance.now() + silenceMs;
  while (!fold.ending) {
    for (const phase of fold.add(await runs.events(execution, fold.lastEventId))) {
      options.entered(phase, secondsBetween(fold.startedMs ?? phase.enteredMs, phase.enteredMs));
    }
    if (fold.ending) break;
    if (fold.lastEventId === 0 && performance.now() > giveUpAt) throw lost(execution);
    await delay(options.pollMs);
  }
  return summary(execution, fold, fold.ending);
}

function summary(execution: string, fold: ExecutionFold, ending: Ending): Followed {
  const startedMs = fold.startedMs ?? ending.atMs;
  return {
    execution,
    ending,
    seconds: secondsBetween(startedMs, ending.atMs),
    phases: fold.phases.map(({ state, enteredMs, leftMs, turns, failures }) => ({
      state,
      atSeconds: secondsBetween(startedMs, enteredMs),
      seconds: secondsBetween(enteredMs, leftMs ?? ending.atMs),
      turns,
      failures,
    })),
  };
}

/** One line for a phase that begins. */
export function phaseLine(label: string, phase: Phase, atSeconds: number): string {
  return `${label}  ${atSeconds.toFixed(1).padStart(7)} s  ${phase.state}`;
}

function lost(execution: string): CommandFailure {
  return new CommandFailure({
    name: "ExecutionLost",
    what: `Execution ${execution} has no history.`,
    left: "It may still run.",
    fix: "Look at it in the Step Functions console, or with: aws stepfunctions describe-execution.",
    exitCode: 3,
  });
}
