import type { HistoryEvent } from "@aws-sdk/client-sfn";
import type { SimulatedStage } from "../../../scripts/simulate/simulated-stage.ts";

/** One call of a Lambda function by a state machine, and how it was answered. */
export interface RecordedCall {
  function: string;
  payload: Record<string, unknown>;
  failed: boolean;
  /** The function's answer, or its error document. */
  answer: unknown;
}

/** An execution as it went: what another engine needs to go through it again, and what must come of it. */
export interface Recording {
  /** Name of the state machine. */
  name: string;
  execution: string;
  definition: string;
  input: string;
  calls: RecordedCall[];
  /** Every state that was entered, choices and waits included, in order. */
  states: string[];
  status: string;
  output: unknown;
  error: string | undefined;
  cause: string | undefined;
}

interface Described {
  name: string;
  status: string;
  input: string;
  output?: string;
  error?: string;
  cause?: string;
}

/** Reads an ended execution back from the embedded cloud's Step Functions. */
export async function recordingOf(stage: SimulatedStage, executionArn: string): Promise<Recording> {
  const { cloud } = stage;
  // DescribeExecution is eventually consistent.
  await stage.settle();
  const ask = <O>(operation: string, input: object) => cloud.complete(cloud.call<O>("states", operation, input));
  const machine = await ask<{ name: string; definition: string }>("DescribeStateMachineForExecution", { executionArn });
  const described = await ask<Described>("DescribeExecution", { executionArn });
  const events = await historyOf(ask, executionArn);
  return {
    name: machine.name,
    execution: described.name,
    definition: machine.definition,
    input: described.input,
    calls: callsIn(events),
    states: events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []),
    status: described.status,
    output: described.output === undefined ? null : JSON.parse(described.output),
    error: described.error,
    cause: described.cause,
  };
}

async function historyOf(
  ask: <O>(operation: string, input: object) => Promise<O>,
  executionArn: string,
): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await ask<{ events?: HistoryEvent[]; nextToken?: string }>("GetExecutionHistory", {
      executionArn,
      maxResults: 1000,
      ...(nextToken !== undefined && { nextToken }),
    });
    events.push(...(page.events ?? []));
    nextToken = page.nextToken;
  } while (nextToken);
  return events;
}

/** Every Lambda call of a history: each event says which one it follows. */
function callsIn(events: readonly HistoryEvent[]): RecordedCall[] {
  const byId = new Map(events.map((event) => [event.id, event]));
  const scheduledBefore = (event: HistoryEvent | undefined): HistoryEvent | undefined =>
    event === undefined || event.taskScheduledEventDetails ? event : scheduledBefore(byId.get(event.previousEventId));
  return events.flatMap((event) => {
    const { taskSucceededEventDetails: succeeded, taskFailedEventDetails: failed } = event;
    const details = scheduledBefore(succeeded || failed ? event : undefined)?.taskScheduledEventDetails;
    if (details?.resourceType !== "lambda") return [];
    const { FunctionName, Payload } = JSON.parse(details.parameters ?? "{}") as {
      FunctionName: string;
      Payload: Record<string, unknown>;
    };
    const answer = succeeded ? JSON.parse(succeeded.output ?? "{}").Payload : JSON.parse(failed?.cause ?? "{}");
    return [{ function: FunctionName, payload: Payload, failed: failed !== undefined, answer }];
  });
}
