import type { Json } from "./json.ts";

/** An error of the language: the name that Retry and Catch match, and the cause for people. */
export interface StateError {
  error?: string;
  cause?: string;
  /** Another name the same error answers to in ErrorEquals: a missed heartbeat is recorded as `States.Timeout`. */
  alias?: string;
}

/** `$states.errorOutput`, and the output of a Catch without its own Output. AWS leaves neither member out. */
export function errorOutput(error: StateError): Json {
  return { Error: error.error ?? "", Cause: error.cause ?? "" };
}

/**
 * A JSONata expression that did not give what its field needs: `States.QueryEvaluationError`.
 * The message is AWS's, without the sentence that names the state.
 */
export class QueryEvaluationError extends Error {
  override readonly name = "QueryEvaluationError";
  readonly location: string | undefined;
  /** Found out after the state was entered, not while: the event is recorded as following the entry. */
  readonly afterEntry: boolean;
  constructor(message: string, location?: string, afterEntry = false) {
    super(message);
    this.location = location;
    this.afterEntry = afterEntry;
  }
}

/** A failure of the state itself that is no evaluation: `States.Runtime` or `States.DataLimitExceeded`. */
export class StateFailure extends Error {
  override readonly name = "StateFailure";
  readonly error: string;
  constructor(error: string, message: string) {
    super(message);
    this.error = error;
  }
}

/**
 * Whether an error is meant by one ErrorEquals list. `States.ALL` does not cover `States.Runtime`, `States.TaskFailed`
 * covers everything but timeouts. Source: Step Functions guide, "Handling errors in Step Functions workflows".
 * AWS's recordings show `States.ALL` catching `States.DataLimitExceeded` of a task's result, so it does here.
 */
export function errorMatches(names: readonly string[], error: StateError): boolean {
  const runtime = error.error === "States.Runtime";
  return names.some((name) => {
    if (name === "States.ALL") return !runtime;
    if (name === "States.TaskFailed") return error.error !== "States.Timeout" && !runtime;
    return name === error.error || name === error.alias;
  });
}
