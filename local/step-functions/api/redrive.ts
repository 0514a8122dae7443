import type { RedriveExecutionCommandInput } from "@aws-sdk/client-sfn";
import { AwsError } from "../../core/aws-error.ts";
import type { Kernel, Operation } from "../../core/kernel.ts";
import type { ExecutionDocument, ExecutionStore } from "../machine/documents.ts";
import type { Interpreter } from "../machine/interpreter.ts";
import { notRedrivable } from "../machine/redrive.ts";
import { assertExecutionArn } from "./arns.ts";
import type { Permissions } from "./permissions.ts";
import type { StateMachines } from "./state-machines.ts";

/** A client token answers as it did before for so long, and only the last ten do. Source: RedriveExecution API reference. */
const tokenLifeMs = 15 * 60_000;
const tokensMax = 10;

/** What the describing and listing operations say about redrives. */
export function redriveMembers(execution: Readonly<ExecutionDocument>, store: ExecutionStore, nowMs: number) {
  const lastEventId = store.cursors.get(execution.arn)?.lastEventId ?? 0;
  const reason = notRedrivable(execution, lastEventId, nowMs);
  return {
    ...redriveCountMembers(execution),
    redriveStatus: reason === undefined ? ("REDRIVABLE" as const) : ("NOT_REDRIVABLE" as const),
    ...(reason === undefined ? {} : { redriveStatusReason: reason }),
  };
}

export function redriveCountMembers({ redriveCount = 0, redrivenMs }: Readonly<ExecutionDocument>) {
  return { redriveCount, ...(redrivenMs === undefined ? {} : { redriveDate: new Date(redrivenMs) }) };
}

export function redriveOperation(
  kernel: Kernel,
  interpreter: Interpreter,
  machines: StateMachines,
  permissions: Permissions,
): Operation {
  const { store } = interpreter;
  return {
    permissions: (input: RedriveExecutionCommandInput, call) => permissions.onExecution(call, input.executionArn),
    run: async (input: RedriveExecutionCommandInput) => {
      const arn = assertExecutionArn(input.executionArn);
      const execution = store.executions.get(arn);
      if (!execution) throw new AwsError("ExecutionDoesNotExist", `Execution Does Not Exist: '${arn}'`);
      const nowMs = kernel.clock.now();
      const known = (execution.redrives ?? []).filter(({ atMs }) => nowMs - atMs <= tokenLifeMs);
      const before = known.find(({ clientToken }) => clientToken === input.clientToken);
      if (before) return { redriveDate: new Date(before.atMs) };
      refuseDeleting(machines, execution);
      const redrives = [...known, { clientToken: input.clientToken ?? kernel.random.uuid(), atMs: nowMs }];
      const refused = await interpreter.redrive(arn, redrives.slice(-tokensMax));
      if (refused !== undefined) throw refusal(arn, refused);
      return { redriveDate: new Date(nowMs) };
    },
  };
}

function refuseDeleting(machines: StateMachines, { arn, stateMachineArn }: Readonly<ExecutionDocument>): void {
  try {
    machines.active(stateMachineArn);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw refusal(arn, "State machine is in DELETING status");
  }
}

function refusal(arn: string, reason: string): AwsError {
  return new AwsError("ExecutionNotRedrivable", `Execution Not Redrivable: '${arn}'. ${reason}`);
}
