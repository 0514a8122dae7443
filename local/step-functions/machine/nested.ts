import type { Outcome } from "../integrations/outcome.ts";
import type { Json } from "../language/json.ts";
import type { ExecutionDocument } from "./documents.ts";

/**
 * What `startExecution.sync` makes of the execution it waited for: its description, with input and output as text, or as
 * JSON with `.sync:2`. Source: Step Functions guide, "Start workflow executions from a task state in Step Functions".
 */
export function nestedOutcome(child: Readonly<ExecutionDocument>, asText: boolean): Outcome {
  const value = (text: string): Json => (asText ? text : (JSON.parse(text) as Json));
  const described: Record<string, Json> = {
    ExecutionArn: child.arn,
    Input: value(child.input),
    InputDetails: { Included: true },
    Name: child.name,
    StartDate: child.startMs,
    StateMachineArn: child.stateMachineArn,
    Status: child.status,
    StopDate: child.stopMs ?? null,
  };
  if (child.status === "SUCCEEDED") {
    described["Output"] = value(child.output ?? "null");
    described["OutputDetails"] = { Included: true };
    return { kind: "succeeded", output: described };
  }
  if (child.error !== undefined) described["Error"] = child.error;
  if (child.cause !== undefined) described["Cause"] = child.cause;
  return { kind: "failed", error: "States.TaskFailed", cause: JSON.stringify(described) };
}
