import type { HistoryEvent } from "@aws-sdk/client-sfn";
import type { LogLine } from "./line.ts";

/**
 * What an execution did, in lines: each task and end it entered, each attempt that failed, how it ended. Choices and
 * waits only say that it goes on.
 */
export function machineLines(execution: string, events: readonly HistoryEvent[]): LogLine[] {
  const from = execution.split(":").slice(-2).join("/");
  let before = "";
  return events.flatMap((event): LogLine[] => {
    const text = textOf(event);
    if (text === undefined || text === before) return [];
    before = text;
    return [{ at: event.timestamp?.toISOString() ?? null, source: "machine", from, text }];
  });
}

const quiet = new Set(["ChoiceStateEntered", "WaitStateEntered"]);

function textOf(event: HistoryEvent): string | undefined {
  const entered = event.stateEnteredEventDetails?.name;
  if (entered !== undefined) return quiet.has(event.type ?? "") ? undefined : `entered ${entered}`;
  const failure = failureOf(event);
  if (failure) return failure;
  if (event.type === "ExecutionStarted") return "started";
  if (event.type === "ExecutionSucceeded") return "succeeded";
  return undefined;
}

function failureOf(event: HistoryEvent): string | undefined {
  const ends = {
    failed: event.executionFailedEventDetails,
    "was stopped": event.executionAbortedEventDetails,
    "timed out": event.executionTimedOutEventDetails,
    "task failed": event.taskFailedEventDetails ?? event.lambdaFunctionFailedEventDetails,
    "task timed out": event.taskTimedOutEventDetails ?? event.lambdaFunctionTimedOutEventDetails,
    "task could not start": event.taskStartFailedEventDetails ?? event.taskSubmitFailedEventDetails,
  };
  for (const [what, details] of Object.entries(ends)) {
    if (details) return [what, details.error, causeText(details.cause)].filter(Boolean).join(": ");
  }
  return undefined;
}

/** A failing Lambda's cause is JSON whose message is the only part for a person. */
function causeText(cause: string | undefined): string | undefined {
  try {
    return (JSON.parse(cause ?? "") as { errorMessage?: string }).errorMessage ?? cause;
  } catch {
    return cause;
  }
}
