import { setTimeout as delay } from "node:timers/promises";
import type { HistoryEvent } from "@aws-sdk/client-sfn";
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

/** Real time without an answer, or without a single event of a new execution, until it counts as lost. Unit: milliseconds. */
const silenceMs = 60_000;

/**
 * Follows an execution to its end, telling each phase as it begins. It runs on by itself, so a connection that breaks
 * is tried again for a while.
 * @throws {CommandFailure} Exit code 3 when it cannot be seen any more: nobody knows what becomes of it.
 */
export async function follow(runs: Runs, execution: string, options: FollowOptions): Promise<Followed> {
  const fold = new ExecutionFold();
  let heardAt = performance.now();
  while (!fold.ending) {
    const events = await newEvents(runs, execution, fold.lastEventId);
    if (Array.isArray(events)) {
      for (const phase of fold.add(events)) {
        options.entered(phase, secondsBetween(fold.startedMs ?? phase.enteredMs, phase.enteredMs));
      }
      if (fold.lastEventId > 0) heardAt = performance.now();
    }
    if (fold.ending) break;
    if (performance.now() - heardAt > silenceMs) throw lost(execution, Array.isArray(events) ? undefined : events);
    await delay(options.pollMs);
  }
  return summary(execution, fold, fold.ending);
}

/** What came since, or why nobody answered. */
async function newEvents(runs: Runs, execution: string, afterId: number): Promise<HistoryEvent[] | Error> {
  try {
    return await runs.events(execution, afterId);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (/^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)$/.test(code) && error instanceof Error) return error;
    throw error;
  }
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

function lost(execution: string, cause: Error | undefined): CommandFailure {
  return new CommandFailure(
    {
      name: "ExecutionLost",
      what: cause ? `Nobody has answered for a minute: ${cause.message}.` : `Execution ${execution} has no history.`,
      left: `Execution ${execution} may still run.`,
      fix: "See what became of it: npm run kiln -- status.",
      exitCode: 3,
    },
    { cause },
  );
}
