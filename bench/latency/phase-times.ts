import type { HistoryEvent } from "@aws-sdk/client-sfn";
import { withinPhase } from "../../cli/execution/fold.ts";

/** One stretch of an execution: a task with its choices, waits and further turns. Unit: modelled milliseconds. */
export interface PhaseTime {
  state: string;
  enteredMs: number;
  leftMs: number;
  /** Of that, with a handler at work. */
  handlersMs: number;
}

/** When each phase began and ended, and how long its handler worked. The last one that has begun is left out. */
export function phaseTimes(events: readonly HistoryEvent[]): PhaseTime[] {
  const phases: PhaseTime[] = [];
  let scheduledMs = 0;
  for (const { type = "", timestamp, stateEnteredEventDetails } of events) {
    const atMs = timestamp?.getTime() ?? 0;
    const current = phases.at(-1);
    if (current) current.leftMs = atMs;
    if (type === "TaskScheduled") scheduledMs = atMs;
    if (/^Task(Succeeded|Failed|TimedOut)$/.test(type) && current) current.handlersMs += atMs - scheduledMs;
    const state = stateEnteredEventDetails?.name;
    if (state === undefined || /^(Choice|Wait)StateEntered$/.test(type) || current?.state === state) continue;
    if (current && withinPhase[state] === current.state) continue;
    phases.push({ state, enteredMs: atMs, leftMs: atMs, handlersMs: 0 });
  }
  return phases.slice(0, -1);
}
