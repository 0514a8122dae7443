import type { Stage } from "../aws/stage.ts";
import type { Output } from "../output.ts";
import { type Followed, follow, phaseLine } from "./follow.ts";

/** A name that reads well in the console and is not used twice: AWS keeps names for 90 days. */
export function executionName(service: string, now: Date = new Date()): string {
  return `${service}-${now.toISOString().replaceAll(/[:.]/g, "-")}`;
}

/** Follows an execution, with a line of progress for each state as it is entered. */
export function followAloud(stage: Stage, execution: string, label: string, output: Output): Promise<Followed> {
  return follow(stage.runs, execution, {
    pollMs: stage.pollMs,
    entered: (phase, atSeconds) => output.progress(phaseLine(label, phase, atSeconds)),
  });
}
