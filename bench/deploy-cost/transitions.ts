import type { HistoryEvent } from "@aws-sdk/client-sfn";

/** How often a task was entered and what followed it: its choices and waits. */
export interface StateTurns {
  state: string;
  turns: number;
  /** Of the task, its retries, and the choices and waits after it. */
  transitions: number;
}

/**
 * Counts what Step Functions bills: every state entered and every retry ("including retries", its pricing page).
 * A choice or a wait belongs to the task before it.
 */
export function transitionsOf(events: readonly HistoryEvent[]): StateTurns[] {
  const counted: StateTurns[] = [];
  let attempts = 0;
  for (const { type = "", stateEnteredEventDetails } of events) {
    const current = counted.at(-1);
    if (type === "TaskScheduled" || type === "LambdaFunctionScheduled") {
      attempts += 1;
      if (attempts > 1 && current) current.transitions += 1;
    }
    const state = stateEnteredEventDetails?.name;
    if (state === undefined) continue;
    attempts = 0;
    if (current && (type === "ChoiceStateEntered" || type === "WaitStateEntered")) current.transitions += 1;
    else if (current?.state === state) {
      current.turns += 1;
      current.transitions += 1;
    } else counted.push({ state, turns: 1, transitions: 1 });
  }
  return counted;
}
