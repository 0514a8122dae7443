import type { HistoryEvent } from "@aws-sdk/client-sfn";

/**
 * One stretch of an execution that a person thinks of as one step: a task with the choices, waits and further turns that
 * follow it until another task begins.
 */
export interface Phase {
  /** Name of the task, or of the end state. */
  state: string;
  /** Modelled time. Unit: milliseconds since the Unix epoch. */
  enteredMs: number;
  /** Undefined while it lasts. */
  leftMs: number | undefined;
  /** How often the task was entered: more than one means that it was waited for. */
  turns: number;
  /** Attempts that failed, retried or not. */
  failures: number;
  lastError: string | undefined;
}

/** How an execution ended, in Step Functions' words. */
export interface Ending {
  status: "SUCCEEDED" | "FAILED" | "ABORTED" | "TIMED_OUT";
  /** The last state it was in: `Live`, `FailedClean`, … */
  state: string;
  atMs: number;
  error: string | undefined;
  cause: string | undefined;
  /** The execution's output, when it has one. */
  output: unknown;
}

const belongToTheirTask = new Set(["ChoiceStateEntered", "WaitStateEntered"]);

/** Tasks that run within another one's wait, each with the task whose phase they are part of. */
export const withinPhase: Readonly<Record<string, string>> = { PreFlight: "BakeImage" };

const endings: Record<string, Ending["status"]> = {
  ExecutionSucceeded: "SUCCEEDED",
  ExecutionFailed: "FAILED",
  ExecutionAborted: "ABORTED",
  ExecutionTimedOut: "TIMED_OUT",
};

/** Folds the events of an execution, as they come, into phases and an ending. */
export class ExecutionFold {
  readonly phases: Phase[] = [];
  lastEventId = 0;
  startedMs: number | undefined;
  ending: Ending | undefined;
  #lastState = "";
  #isInMap = false;

  /** Takes further events, oldest first. Returns the phases that began with them. */
  add(events: readonly HistoryEvent[]): Phase[] {
    const before = this.phases.length;
    for (const event of events) this.#take(event);
    return this.phases.slice(before);
  }

  #take(event: HistoryEvent): void {
    const { id = 0, type = "", timestamp } = event;
    const atMs = timestamp?.getTime() ?? 0;
    this.lastEventId = Math.max(this.lastEventId, id);
    this.startedMs ??= atMs;
    const entered = event.stateEnteredEventDetails?.name;
    if (type === "MapStateEntered") this.#isInMap = true;
    if (type === "MapStateExited" || type === "MapStateFailed") this.#isInMap = false;
    if (entered !== undefined) this.#enter(type, entered, atMs);
    else if (endings[type]) this.#end(event, endings[type], atMs);
    else this.#noteFailure(event);
  }

  #enter(type: string, state: string, atMs: number): void {
    this.#lastState = state;
    // Inside a Map it is one of many iterations that ends, not the execution.
    if (belongToTheirTask.has(type) || (this.#isInMap && type === "SucceedStateEntered")) return;
    const current = this.phases.at(-1);
    if (current && withinPhase[state] === current.state) return;
    if (current?.state === state) {
      current.turns += 1;
      return;
    }
    if (current) current.leftMs = atMs;
    this.phases.push({ state, enteredMs: atMs, leftMs: undefined, turns: 1, failures: 0, lastError: undefined });
  }

  #noteFailure(event: HistoryEvent): void {
    const details =
      event.taskFailedEventDetails ??
      event.taskTimedOutEventDetails ??
      event.taskSubmitFailedEventDetails ??
      event.taskStartFailedEventDetails ??
      event.lambdaFunctionFailedEventDetails ??
      event.lambdaFunctionTimedOutEventDetails;
    const current = this.phases.at(-1);
    if (!details || !current) return;
    current.failures += 1;
    current.lastError = details.error ?? "unknown";
  }

  #end(event: HistoryEvent, status: Ending["status"], atMs: number): void {
    const current = this.phases.at(-1);
    if (current) current.leftMs = atMs;
    const why =
      event.executionFailedEventDetails ?? event.executionAbortedEventDetails ?? event.executionTimedOutEventDetails;
    this.ending = {
      status,
      state: this.#lastState,
      atMs,
      error: why?.error,
      cause: why?.cause,
      output: parsed(event.executionSucceededEventDetails?.output),
    };
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}

/** Modelled seconds between two instants, to a tenth. */
export function secondsBetween(fromMs: number, toMs: number): number {
  return Math.round((toMs - fromMs) / 100) / 10;
}
