import type { HistoryEvent } from "@aws-sdk/client-sfn";
import type { EventDocument } from "../machine/documents.ts";

/** Members that GetExecutionHistory leaves out when execution data is not wanted, each with the member that tells of it. */
const dataMembers: Readonly<Record<string, string | undefined>> = {
  input: "inputDetails",
  output: "outputDetails",
  assignedVariables: "assignedVariablesDetails",
  parameters: undefined,
};

/** An event as the API returns it. */
export function historyEvent(event: Readonly<EventDocument>, includeData: boolean): HistoryEvent {
  const { id, previousEventId, type, atMs, details, detailsName } = event;
  const base = { timestamp: new Date(atMs), type, id, previousEventId };
  if (details === undefined || detailsName === undefined) return base as HistoryEvent;
  return { ...base, [detailsName]: includeData ? details : withoutData(details) } as HistoryEvent;
}

function withoutData(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(details).filter(([name]) => !(name in dataMembers)));
}
