import type { Outcome } from "../integrations/outcome.ts";
import type { Json } from "../language/json.ts";
import type { ExecutionDocument } from "./documents.ts";

/** What `startExecution.sync:2` makes of the execution it waited for: its description, with input and output as JSON. */
export function nestedOutcome(child: Readonly<ExecutionDocument>): Outcome {
  const described: Record<string, Json> = {
    ExecutionArn: child.arn,
    Input: JSON.parse(child.input) as Json,
    InputDetails: { Included: true },
    Name: child.name,
    StartDate: child.startMs,
    StateMachineArn: child.stateMachineArn,
    Status: child.status,
    StopDate: child.stopMs ?? null,
  };
  if (child.status === "SUCCEEDED") {
    described["Output"] = JSON.parse(child.output ?? "null") as Json;
    described["OutputDetails"] = { Included: true };
    return { kind: "succeeded", output: described };
  }
  if (child.error !== undefined) described["Error"] = child.error;
  if (child.cause !== undefined) described["Cause"] = child.cause;
  return { kind: "failed", error: "States.TaskFailed", cause: JSON.stringify(described) };
}
