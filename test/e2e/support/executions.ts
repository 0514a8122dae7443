import { type ExecutionStatus, ListExecutionsCommand, SFNClient } from "@aws-sdk/client-sfn";
import { type Connection, clientConfiguration } from "../../../cli/aws/connection.ts";
import type { Stage } from "../../../cli/aws/stage.ts";
import { type Ending, ExecutionFold, type Phase } from "../../../cli/execution/fold.ts";
import { type Patience, until } from "./until.ts";

/** How an execution ended. */
export interface Ended {
  execution: string;
  status: Ending["status"];
  error: string | undefined;
  cause: string | undefined;
  output: unknown;
  /** Tasks and the end state in the order they were entered; a task that was turned back to is there once. */
  path: string[];
  phases: Phase[];
}

/** An execution as far as it has come. */
export async function readExecution(stage: Stage, execution: string): Promise<ExecutionFold> {
  const fold = new ExecutionFold();
  fold.add(await stage.runs.events(execution, 0));
  return fold;
}

/** Executions of a state machine, oldest first; the newest hundred at most. */
export async function listExecutions(
  connection: Connection,
  stateMachineArn: string,
  statusFilter?: ExecutionStatus,
): Promise<string[]> {
  const sfn = new SFNClient(clientConfiguration(connection));
  try {
    const page = await sfn.send(new ListExecutionsCommand({ stateMachineArn, statusFilter, maxResults: 100 }));
    return (page.executions ?? []).flatMap(({ executionArn }) => executionArn ?? []).reverse();
  } finally {
    sfn.destroy();
  }
}

/** Waits for the end of an execution, as long as its history still grows. */
export async function waitForEnd(stage: Stage, execution: string, patience: Patience): Promise<Ended> {
  const fold = new ExecutionFold();
  const name = execution.split(":").slice(-2).join(" ");
  try {
    while (!fold.ending) {
      const from = fold.lastEventId;
      const further = async () => {
        fold.add(await stage.runs.events(execution, from));
        return fold.lastEventId > from;
      };
      await until(`the end of ${name}`, further, { everyMs: 200, ...patience });
    }
  } catch (error) {
    throw new Error(`${(error as Error).message}; it went through ${pathOf(fold).join(", ")}`, { cause: error });
  }
  const { status, error, cause, output } = fold.ending;
  return { execution, status, error, cause, output, path: pathOf(fold), phases: fold.phases };
}

function pathOf({ phases }: ExecutionFold): string[] {
  return phases.map(({ state }) => state);
}
