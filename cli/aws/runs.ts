import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  GetExecutionHistoryCommand,
  type GetExecutionHistoryCommandOutput,
  type HistoryEvent,
  ListExecutionsCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from "@aws-sdk/client-sfn";
import { isNamed } from "../../shared/errors.ts";

/** Executions of the state machines, as commands start, find and follow them. */
export class Runs {
  readonly #sfn: SFNClient;

  constructor(sfn: SFNClient) {
    this.#sfn = sfn;
  }

  /** @param name Unique for 90 days; up to 80 letters, digits, dashes and underscores. */
  async start(stateMachineArn: string, name: string, input: unknown): Promise<string> {
    const started = await this.#sfn.send(
      new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }),
    );
    return started.executionArn ?? "";
  }

  /** The first execution that an upload started, looked for among the newest; undefined when there is none yet. */
  async startedByUpload(stateMachineArn: string, key: string, versionId: string): Promise<string | undefined> {
    const page = await this.#sfn.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 20 }));
    // Events come at least once: the first to start claims the upload, the others are skipped.
    const oldestFirst = (page.executions ?? []).toSorted(
      (a, b) => (a.startDate?.getTime() ?? 0) - (b.startDate?.getTime() ?? 0),
    );
    for (const { executionArn } of oldestFirst) {
      if (executionArn && (await this.#isOfUpload(executionArn, key, versionId))) return executionArn;
    }
    return undefined;
  }

  /** What Step Functions knows of an execution, its input included. */
  describe(executionArn: string): Promise<DescribeExecutionCommandOutput> {
    return this.#sfn.send(new DescribeExecutionCommand({ executionArn }));
  }

  /** Stops an execution at once; what it left is swept. */
  async stop(executionArn: string, error: string, cause: string): Promise<void> {
    await this.#sfn.send(new StopExecutionCommand({ executionArn, error, cause }));
  }

  /** Answers an execution that waits for a person. @throws TaskTimedOut when it waits no more. */
  async approve(taskToken: string, answer: object): Promise<void> {
    await this.#sfn.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(answer) }));
  }

  /** The same with a no. Unit of `cause`: at most 32768 characters (API_SendTaskFailure). */
  async reject(taskToken: string, error: string, cause: string): Promise<void> {
    await this.#sfn.send(new SendTaskFailureCommand({ taskToken, error, cause }));
  }

  /**
   * Events of an execution after the one with number `afterId`, oldest first. A fresh execution may not be found yet;
   * then there are none.
   */
  async events(executionArn: string, afterId: number): Promise<HistoryEvent[]> {
    const found: HistoryEvent[] = [];
    let nextToken: string | undefined;
    do {
      const page = await this.#page(executionArn, nextToken);
      for (const event of page.events ?? []) {
        if ((event.id ?? 0) <= afterId) return found.reverse();
        found.push(event);
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return found.reverse();
  }

  async #page(
    executionArn: string,
    nextToken: string | undefined,
  ): Promise<Pick<GetExecutionHistoryCommandOutput, "events" | "nextToken">> {
    try {
      // Newest first, so that following a long execution reads only what is new.
      const input = { executionArn, reverseOrder: true, maxResults: 100, ...(nextToken && { nextToken }) };
      return await this.#sfn.send(new GetExecutionHistoryCommand(input));
    } catch (error) {
      if (isNamed(error, "ExecutionDoesNotExist")) return { events: [] };
      throw error;
    }
  }

  async #isOfUpload(executionArn: string, key: string, versionId: string): Promise<boolean> {
    try {
      const { input = "{}" } = await this.#sfn.send(new DescribeExecutionCommand({ executionArn }));
      const { object } = JSON.parse(input).detail ?? {};
      return object?.key === key && object?.["version-id"] === versionId;
    } catch (error) {
      if (isNamed(error, "ExecutionDoesNotExist")) return false;
      throw error;
    }
  }
}
