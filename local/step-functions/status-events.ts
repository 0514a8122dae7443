import type { Kernel } from "../core/kernel.ts";
import type { ExecutionDocument } from "./machine/documents.ts";

/** Tells EventBridge that an execution began or ended. Source of the shape: EventBridge reference, "AWS Step Functions events". */
export function emitStatusChange(kernel: Kernel, execution: Readonly<ExecutionDocument>): void {
  const ended = execution.status !== "RUNNING";
  const redrivable = ended && execution.status !== "SUCCEEDED";
  const { redriveCount = 0, redrivenMs = null } = execution;
  kernel.emit("aws.event", {
    source: "aws.states",
    "detail-type": "Step Functions Execution Status Change",
    resources: [execution.arn],
    detail: {
      executionArn: execution.arn,
      stateMachineArn: execution.stateMachineArn,
      name: execution.name,
      status: execution.status,
      startDate: execution.startMs,
      stopDate: execution.stopMs ?? null,
      input: execution.input,
      output: execution.output ?? null,
      inputDetails: { included: true },
      outputDetails: execution.output === undefined ? null : { included: true },
      error: execution.error ?? null,
      cause: execution.cause ?? null,
      stateMachineVersionArn: execution.versionArn ?? null,
      stateMachineAliasArn: execution.aliasArn ?? null,
      redriveCount,
      redriveDate: redrivenMs,
      redriveStatus: redrivable ? "REDRIVABLE" : "NOT_REDRIVABLE",
      redriveStatusReason: redrivable ? null : `Execution is ${execution.status} and cannot be redriven`,
    },
  });
}
