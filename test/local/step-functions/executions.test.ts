import { describe, expect, it } from "vitest";
import type { AwsEvent } from "../../../local/core/kernel.ts";
import { invoke, machine, roleArn, startCloud, types } from "./cloud.ts";

const pass = machine({ Done: { Type: "Pass", End: true } });
const wait = machine({ W: { Type: "Wait", Seconds: 60, End: true } });

describe("StartExecution", () => {
  // Semantic: unique names. Source: API reference of StartExecution: idempotent for the same name and input of a
  // running execution.
  it("answers the same while an execution of that name and input runs, and refuses the name otherwise", async () => {
    const cloud = await startCloud();
    const stateMachineArn = await cloud.create(wait);
    const begin = (input: string) =>
      cloud.call<{ executionArn: string; startDate: Date }>("StartExecution", { stateMachineArn, name: "once", input });
    const first = await begin('{"a":1}');
    await cloud.clock.advance(1000);
    expect(await begin('{"a":1}')).toEqual(first);
    await expect(begin('{"a":2}')).rejects.toMatchObject({ code: "ExecutionAlreadyExists" });
    await cloud.finish(first.executionArn);
    await expect(begin('{"a":1}')).rejects.toMatchObject({ code: "ExecutionAlreadyExists" });
    await cloud.clock.advance(91 * 24 * 3600 * 1000);
    expect((await begin('{"a":2}')).startDate).not.toEqual(first.startDate);
  });

  it("refuses names, inputs and machines that cannot be", async () => {
    const cloud = await startCloud();
    const stateMachineArn = await cloud.create(pass);
    const begin = (input: Record<string, unknown>) => cloud.call("StartExecution", { stateMachineArn, ...input });
    await expect(begin({ name: "a b" })).rejects.toMatchObject({ code: "InvalidName" });
    await expect(begin({ input: "{" })).rejects.toMatchObject({ code: "InvalidExecutionInput" });
    await expect(begin({ stateMachineArn: "arn:aws:s3:::x" })).rejects.toMatchObject({ code: "InvalidArn" });
    await expect(begin({ stateMachineArn: `${stateMachineArn}x` })).rejects.toMatchObject({
      code: "StateMachineDoesNotExist",
    });
  });

  it("keeps running the definition an execution started with", async () => {
    const cloud = await startCloud();
    const executionArn = await cloud.start(
      machine({ W: { Type: "Wait", Seconds: 60, Next: "Old" }, Old: { Type: "Pass", Output: "old", End: true } }),
    );
    await cloud.clock.advance(10_000);
    const stateMachineArn = "arn:aws:states:us-east-1:123456789012:stateMachine:machine";
    const definition = JSON.stringify({ QueryLanguage: "JSONata", ...pass });
    await cloud.call("UpdateStateMachine", { stateMachineArn, definition });
    expect(await cloud.finish(executionArn)).toMatchObject({ output: '"old"' });
  });
});

describe("StopExecution", () => {
  // Semantic: Lambda: a zombie runs on after its state timed out. Source: API reference of StopExecution: work under
  // way in other services is not stopped.
  it("ends the execution with the given reason while its function runs on unheard", async () => {
    let answer: (value: unknown) => void = () => {};
    const cloud = await startCloud({
      functions: {
        slow: () =>
          new Promise((resolve) => {
            answer = resolve;
          }),
      },
    });
    const executionArn = await cloud.start(machine({ Slow: invoke("slow") }));
    await cloud.clock.advance(1000);
    await cloud.call("StopExecution", { executionArn, error: "Preempted", cause: "a rollback" });
    answer("late");
    await cloud.clock.advance(10_000);
    expect(await cloud.describe(executionArn)).toMatchObject({
      status: "ABORTED",
      error: "Preempted",
      cause: "a rollback",
    });
    const events = await cloud.history(executionArn);
    expect(types(events).slice(-2)).toEqual(["TaskStarted", "ExecutionAborted"]);
    expect(events.at(-1)).toMatchObject({ previousEventId: 0 });
  });

  // Source: StopExecution API reference; what runs inside a Map or a Parallel is the execution's own and ends with it.
  it("ends the lines inside a Map and a Parallel, whose tokens nobody can answer any more", async () => {
    const tokens: string[] = [];
    const cloud = await startCloud({ functions: { ask: (token) => tokens.push(token as string) } });
    const ask = {
      Type: "Task",
      Resource: "arn:aws:states:::lambda:invoke.waitForTaskToken",
      Arguments: { FunctionName: "ask", Payload: "{% $states.context.Task.Token %}" },
      Next: "After",
    };
    const lines = machine({ Ask: ask, After: invoke("never") });
    const waiting = machine({ Late: { Type: "Wait", Seconds: 5, Next: "Never" }, Never: invoke("never") });
    const each = { Type: "Map", ItemProcessor: lines, MaxConcurrency: 2, End: true };
    const both = { Type: "Parallel", Branches: [machine({ Each: each }), waiting], End: true };
    const executionArn = await cloud.start(machine({ Both: both }), [1, 2, 3]);
    await cloud.clock.advance(1000);
    expect(tokens).toHaveLength(2);
    await cloud.call("StopExecution", { executionArn });
    await cloud.clock.advance(60_000);
    expect(await cloud.describe(executionArn)).toMatchObject({ status: "ABORTED" });
    expect(cloud.invocations.map(({ functionName }) => functionName)).toEqual(["ask", "ask"]);
    for (const taskToken of tokens) {
      await expect(cloud.call("SendTaskSuccess", { taskToken, output: "1" })).rejects.toMatchObject({
        code: "TaskTimedOut",
      });
    }
    expect((await cloud.history(executionArn)).at(-1)?.type).toBe("ExecutionAborted");
  });

  it("changes nothing about an execution that has ended", async () => {
    const cloud = await startCloud();
    const { executionArn } = await cloud.run(pass);
    await cloud.call("StopExecution", { executionArn });
    expect(await cloud.describe(executionArn)).toMatchObject({ status: "SUCCEEDED" });
  });
});

describe("METADATA_ONLY", () => {
  // Source: includedData in the API references of DescribeStateMachine and DescribeExecution.
  it("leaves the definition and the data of executions out", async () => {
    const cloud = await startCloud();
    const { executionArn } = await cloud.run(machine({ A: { Type: "Pass", End: true } }), { secret: 1 });
    const described = await cloud.call("DescribeExecution", { executionArn, includedData: "METADATA_ONLY" });
    expect(described).toMatchObject({ status: "SUCCEEDED", executionArn });
    expect(JSON.stringify(described)).not.toContain("secret");
    const stateMachineArn = described["stateMachineArn"];
    for (const [operation, input] of [
      ["DescribeStateMachine", { stateMachineArn }],
      ["DescribeStateMachineForExecution", { executionArn }],
    ] as const) {
      const options = { ...input, includedData: "METADATA_ONLY" };
      expect(await cloud.call(operation, options)).toMatchObject({ definition: "{}" });
    }
  });
});

describe("DescribeExecution", () => {
  // Semantic: Step Functions: DescribeExecution lags. Source: API reference of DescribeExecution: eventually
  // consistent.
  it("may show an execution running for a moment after it ended", async () => {
    const cloud = await startCloud({ delays: { executionReadSeconds: 2 } });
    const executionArn = await cloud.start(pass);
    await cloud.clock.advance(1000);
    expect(await cloud.describe(executionArn)).toMatchObject({ status: "RUNNING" });
    expect(await cloud.describe(executionArn)).not.toHaveProperty("output");
    await cloud.clock.advance(2000);
    expect(await cloud.describe(executionArn)).toMatchObject({ status: "SUCCEEDED", output: "{}" });
  });

  it("leaves out what an execution was given and answered when only its metadata are asked for", async () => {
    const cloud = await startCloud();
    const executionArn = await cloud.start(pass);
    await cloud.clock.advance(5000);
    const described = await cloud.call("DescribeExecution", { executionArn, includedData: "METADATA_ONLY" });
    expect(described).toMatchObject({ status: "SUCCEEDED", inputDetails: { included: false } });
    expect(described).not.toHaveProperty("input");
    expect(described).not.toHaveProperty("output");
  });
});

describe("the lists", () => {
  it("page through executions, newest first, by status", async () => {
    const cloud = await startCloud();
    const stateMachineArn = await cloud.create(pass);
    for (const name of ["one", "two", "three"]) {
      await cloud.call("StartExecution", { stateMachineArn, name });
      await cloud.clock.advance(1000);
    }
    type Page = { executions: { name: string }[]; nextToken?: string };
    const first = await cloud.call<Page>("ListExecutions", { stateMachineArn, maxResults: 2 });
    expect(first.executions.map(({ name }) => name)).toEqual(["three", "two"]);
    const second = await cloud.call<Page>("ListExecutions", {
      stateMachineArn,
      maxResults: 2,
      nextToken: first.nextToken,
    });
    expect(second.executions.map(({ name }) => name)).toEqual(["one"]);
    expect(second.nextToken).toBeUndefined();
    const running = await cloud.call<Page>("ListExecutions", { stateMachineArn, statusFilter: "RUNNING" });
    expect(running.executions).toEqual([]);
    await expect(cloud.call("ListExecutions", { stateMachineArn, nextToken: "?" })).rejects.toMatchObject({
      code: "InvalidToken",
    });
  });

  it("give a history backwards and without its data when asked", async () => {
    const cloud = await startCloud();
    const { executionArn } = await cloud.run(pass, { secret: 1 });
    type Events = { events: { id: number; stateEnteredEventDetails?: unknown }[] };
    const { events } = await cloud.call<Events>("GetExecutionHistory", {
      executionArn,
      reverseOrder: true,
      includeExecutionData: false,
    });
    expect(events.map(({ id }) => id)).toEqual([4, 3, 2, 1]);
    expect(JSON.stringify(events)).not.toContain("secret");
  });
});

describe("a history", () => {
  it("ends the execution at 25,000 events, the failure being the last", { timeout: 60_000 }, async () => {
    const cloud = await startCloud();
    const executionArn = await cloud.start(
      machine({
        Loop: { Type: "Choice", Choices: [{ Condition: true, Next: "Loop" }], Default: "End" },
        End: { Type: "Succeed" },
      }),
    );
    while ((await cloud.describe(executionArn)).status === "RUNNING") await cloud.clock.advance(0);
    expect(await cloud.describe(executionArn)).toMatchObject({
      status: "FAILED",
      error: "States.Runtime",
      cause: "The execution reached the maximum number of history events (25000).",
    });
    type Events = { events: { id: number; previousEventId: number; type: string }[] };
    const { events } = await cloud.call<Events>("GetExecutionHistory", {
      executionArn,
      reverseOrder: true,
      maxResults: 2,
    });
    expect(events).toMatchObject([
      { id: 25_000, previousEventId: 24_999, type: "ExecutionFailed" },
      { id: 24_999, previousEventId: 24_998, type: "ChoiceStateExited" },
    ]);
  });
});

describe("state machines", () => {
  it("are created once: the same again answers the same, another definition is refused", async () => {
    const cloud = await startCloud();
    const arn = await cloud.create(pass);
    expect(await cloud.create(pass)).toBe(arn);
    await expect(cloud.create(wait)).rejects.toMatchObject({ code: "StateMachineAlreadyExists" });
  });

  it("need the right to pass their role", async () => {
    const cloud = await startCloud();
    await cloud.create(pass);
    expect(cloud.judged.map(({ requirement }) => requirement)).toContainEqual({
      action: "iam:PassRole",
      resource: roleArn,
      context: { "iam:PassedToService": "states.amazonaws.com" },
    });
  });

  it("go once their last execution has ended", async () => {
    const cloud = await startCloud();
    const executionArn = await cloud.start(wait);
    const stateMachineArn = "arn:aws:states:us-east-1:123456789012:stateMachine:machine";
    await cloud.call("DeleteStateMachine", { stateMachineArn });
    expect(await cloud.call("DescribeStateMachine", { stateMachineArn })).toMatchObject({ status: "DELETING" });
    await expect(cloud.call("StartExecution", { stateMachineArn })).rejects.toMatchObject({
      code: "StateMachineDeleting",
    });
    expect(await cloud.finish(executionArn)).toMatchObject({ status: "SUCCEEDED" });
    await expect(cloud.call("DescribeStateMachine", { stateMachineArn })).rejects.toMatchObject({
      code: "StateMachineDoesNotExist",
    });
  });

  // Sentences: measured on AWS in badmintoncryer/cdk-preflight, pf-sfn-logging-destination.
  it("are refused with logging that has nowhere to go", async () => {
    const cloud = await startCloud();
    const group = "arn:aws:logs:us-east-1:123456789012:log-group:/kiln";
    const destination = (logGroupArn: string) => ({ cloudWatchLogsLogGroup: { logGroupArn } });
    for (const [destinations, sentence] of [
      [[], "Must specify exactly one Log Destination."],
      [[destination(`${group}:*`), destination(`${group}:*`)], "Must specify exactly one Log Destination."],
      [[{}], "Must set valid CloudWatch Log Group ARN."],
      [[destination("arn:aws:s3:::kiln")], "Provided ARN is not CloudWatch Logs Log Group ARN."],
      [[destination(group)], "Log Group ARN must be provided with '*' qualifier."],
    ] as const) {
      const definition = JSON.stringify(machine({ A: { Type: "Pass", End: true } }));
      const request = { name: "m", roleArn, definition, loggingConfiguration: { level: "ALL", destinations } };
      await expect(cloud.call("CreateStateMachine", request)).rejects.toMatchObject({
        code: "InvalidLoggingConfiguration",
        message: `Invalid Logging Configuration: ${sentence}`,
      });
    }
  });

  it("run the version an alias routes to", async () => {
    const cloud = await startCloud();
    const stateMachineArn = await cloud.create(machine({ A: { Type: "Pass", Output: "first", End: true } }));
    const { stateMachineVersionArn } = await cloud.call<{ stateMachineVersionArn: string }>(
      "PublishStateMachineVersion",
      {
        stateMachineArn,
      },
    );
    const { stateMachineAliasArn } = await cloud.call<{ stateMachineAliasArn: string }>("CreateStateMachineAlias", {
      name: "live",
      routingConfiguration: [{ stateMachineVersionArn, weight: 100 }],
    });
    const second = { QueryLanguage: "JSONata", ...machine({ A: { Type: "Pass", Output: "second", End: true } }) };
    await cloud.call("UpdateStateMachine", { stateMachineArn, definition: JSON.stringify(second) });
    const outputs: unknown[] = [];
    for (const arn of [stateMachineAliasArn, stateMachineArn]) {
      const { executionArn } = await cloud.call<{ executionArn: string }>("StartExecution", { stateMachineArn: arn });
      outputs.push((await cloud.finish(executionArn)).output);
    }
    expect(outputs).toEqual(['"first"', '"second"']);
    await expect(cloud.call("DeleteStateMachineVersion", { stateMachineVersionArn })).rejects.toMatchObject({
      code: "ConflictException",
    });
  });
});

describe("the outside world", () => {
  it("hears of an execution's start and end as events", async () => {
    const events: AwsEvent[] = [];
    const cloud = await startCloud();
    cloud.kernel.on("aws.event", (event) => events.push(event));
    const { executionArn } = await cloud.run(pass, { a: 1 });
    expect(events.map(({ detail }) => detail["status"])).toEqual(["RUNNING", "SUCCEEDED"]);
    expect(events[1]).toMatchObject({
      source: "aws.states",
      "detail-type": "Step Functions Execution Status Change",
      resources: [executionArn],
      detail: { input: '{"a":1}', output: '{"a":1}', error: null, redriveStatus: "NOT_REDRIVABLE" },
    });
  });

  it("finds the history in the log group of the machine, without data unless asked", async () => {
    const lines: string[] = [];
    const cloud = await startCloud({
      register: (kernel) =>
        kernel.register({
          id: "logs",
          operations: {
            CreateLogStream: { run: () => ({}) },
            PutLogEvents: {
              run: (input: { logEvents: { message: string }[] }) => {
                for (const { message } of input.logEvents) lines.push(message);
                return {};
              },
            },
          },
        }),
    });
    const { stateMachineArn } = await cloud.call<{ stateMachineArn: string }>("CreateStateMachine", {
      name: "logged",
      definition: JSON.stringify({ QueryLanguage: "JSONata", ...pass }),
      roleArn,
      loggingConfiguration: {
        level: "ALL",
        destinations: [
          { cloudWatchLogsLogGroup: { logGroupArn: "arn:aws:logs:us-east-1:123456789012:log-group:/kiln/dev:*" } },
        ],
      },
    });
    const { executionArn } = await cloud.call<{ executionArn: string }>("StartExecution", {
      stateMachineArn,
      input: '{"secret":1}',
    });
    await cloud.finish(executionArn);
    await cloud.clock.advance(2000);
    expect(lines.map((line) => JSON.parse(line).type)).toEqual([
      "ExecutionStarted",
      "PassStateEntered",
      "PassStateExited",
      "ExecutionSucceeded",
    ]);
    expect(lines.join()).not.toContain("secret");
  });
});
