import { DescribeExecutionCommand, type SFNClient, StopExecutionCommand } from "@aws-sdk/client-sfn";
import type { OwnerStatus } from "../domain/lease.ts";
import { isNamed } from "../errors.ts";

/** Executions of Kiln's own state machines: what became of a lease's owner. */
export class Executions {
  readonly #sfn: SFNClient;

  constructor(sfn: SFNClient) {
    this.#sfn = sfn;
  }

  /**
   * Whether an execution still runs. One that Step Functions no longer knows ended at least 90 days ago; anything else
   * that cannot be answered counts as unknown, which callers treat as running.
   */
  async status(executionArn: string): Promise<OwnerStatus> {
    const described = await this.describe(executionArn);
    if (described === "gone") return "ended";
    if (described === undefined) return "unknown";
    return described === "RUNNING" || described === "PENDING_REDRIVE" ? "running" : "ended";
  }

  /** Step Functions' own word for the state of an execution. */
  async describe(executionArn: string): Promise<string | undefined> {
    try {
      return (await this.#sfn.send(new DescribeExecutionCommand({ executionArn, includedData: "METADATA_ONLY" })))
        .status;
    } catch (error) {
      if (isNamed(error, "ExecutionDoesNotExist")) return "gone";
      throw error;
    }
  }

  /** Stops an execution; harmless when it has ended. Its Lambdas run on: the fence and the wait deal with them. */
  async stop(executionArn: string, error: string, cause: string): Promise<void> {
    try {
      await this.#sfn.send(new StopExecutionCommand({ executionArn, error, cause }));
    } catch (failure) {
      if (!isNamed(failure, "ExecutionDoesNotExist")) throw failure;
    }
  }
}
