import { describe, expect, it } from "vitest";
import { AwsError } from "../../../local/core/aws-error.ts";
import { settle } from "../../../local/core/clock.ts";
import { FunctionFailure, invoke, machine, roleArn, startCloud, types } from "./cloud.ts";

const boom = { errorType: "BoomError", errorMessage: "boom", trace: [] };

/** A promise a test settles itself. */
function pending<T>() {
  let settled: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    settled = resolve;
  });
  return { promise, resolve: settled };
}

describe("a task", () => {
  it("gives a function its payload and shapes the result with Output", async () => {
    const cloud = await startCloud({
      functions: { double: (payload) => ({ twice: (payload as { n: number }).n * 2 }) },
    });
    const execution = await cloud.run(machine({ Double: invoke("double") }), { n: 21 });
    expect(execution).toMatchObject({ status: "SUCCEEDED", output: { twice: 42 } });
    expect(types(await cloud.history(execution.executionArn))).toEqual([
      "ExecutionStarted",
      "TaskStateEntered",
      "TaskScheduled",
      "TaskStarted",
      "TaskSucceeded",
      "TaskStateExited",
      "ExecutionSucceeded",
    ]);
  });

  it("acts as the state machine's role", async () => {
    const cloud = await startCloud({ functions: { f: () => 1 } });
    await cloud.run(machine({ F: invoke("f") }));
    const invocation = cloud.judged.find(({ requirement }) => requirement.action === "lambda:Invoke");
    expect(invocation?.caller).toMatchObject({
      kind: "role",
      name: "engine",
      arn: "arn:aws:sts::123456789012:assumed-role/engine/session",
    });
  });

  it("fails with the function's error type as the error and its payload as the cause", async () => {
    const cloud = await startCloud({
      functions: {
        f: () => {
          throw new FunctionFailure(boom);
        },
      },
    });
    const execution = await cloud.run(machine({ F: invoke("f") }));
    expect(execution).toMatchObject({ status: "FAILED", error: "BoomError", cause: JSON.stringify(boom) });
  });

  it("names a failure without an error type Lambda.Unknown", async () => {
    const cloud = await startCloud({
      functions: {
        f: () => {
          throw new FunctionFailure({ errorMessage: "2026-01-01T00:00:00Z Task timed out after 3.00 seconds" });
        },
      },
    });
    expect(await cloud.run(machine({ F: invoke("f") }))).toMatchObject({ status: "FAILED", error: "Lambda.Unknown" });
  });

  it("names a refused call after the SDK's exception, or the service when there is none", async () => {
    const refusals = [
      new AwsError("ResourceNotFoundException", "Function not found: f", 404),
      new AwsError("AccessDeniedException", "not authorized", 403),
      new AwsError("TooManyRequestsException", "Rate Exceeded.", 429),
    ];
    const cloud = await startCloud({
      functions: {
        f: () => {
          throw refusals.shift();
        },
      },
    });
    const definition = machine({ F: invoke("f") });
    const errors = [await cloud.run(definition), await cloud.run(definition), await cloud.run(definition)];
    expect(errors.map(({ error }) => error)).toEqual([
      "Lambda.ResourceNotFoundException",
      "Lambda.AWSLambdaException",
      "Lambda.TooManyRequestsException",
    ]);
    expect(errors[0]?.cause).toMatch(
      /^Function not found: f \(Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: [0-9a-f-]{36}; Proxy: null\)$/,
    );
  });

  it("records a Lambda ARN as its Resource with the older events", async () => {
    const cloud = await startCloud({ functions: { f: (payload) => payload } });
    const execution = await cloud.run(
      machine({ F: { Type: "Task", Resource: "arn:aws:lambda:us-east-1:123456789012:function:f", End: true } }),
      { a: 1 },
    );
    expect(execution.output).toEqual({ a: 1 });
    const events = await cloud.history(execution.executionArn);
    expect(types(events).slice(2, 5)).toEqual([
      "LambdaFunctionScheduled",
      "LambdaFunctionStarted",
      "LambdaFunctionSucceeded",
    ]);
    expect(events[3]).not.toHaveProperty("lambdaFunctionStartedEventDetails");
  });

  it("refuses a result beyond 262,144 bytes, which States.ALL can catch", async () => {
    const cloud = await startCloud({ functions: { f: () => "x".repeat(262_144) } });
    const states = {
      F: invoke("f", { Next: "Never", Catch: [{ ErrorEquals: ["States.ALL"], Next: "Caught" }] }),
      Never: { Type: "Fail" },
      Caught: { Type: "Pass", End: true },
    };
    const execution = await cloud.run(machine(states));
    expect(execution.output).toEqual({
      Error: "States.DataLimitExceeded",
      Cause:
        "The state/task 'lambda' returned a result with a size exceeding the maximum number of bytes service limit.",
    });
  });
});

describe("Retry", () => {
  const flaky = (failures: number) => {
    let calls = 0;
    return () => {
      calls += 1;
      if (calls <= failures) throw new FunctionFailure(boom);
      return calls;
    };
  };

  it("waits longer each time and stops at its number of attempts", async () => {
    const cloud = await startCloud({ functions: { f: flaky(99) } });
    const retry = [
      { ErrorEquals: ["BoomError"], IntervalSeconds: 2, MaxAttempts: 3, BackoffRate: 3, MaxDelaySeconds: 10 },
    ];
    const execution = await cloud.run(machine({ F: invoke("f", { End: true, Retry: retry }) }));
    expect(execution).toMatchObject({ status: "FAILED", error: "BoomError" });
    expect(cloud.invocations).toHaveLength(4);
    const started = (await cloud.history(execution.executionArn)).filter(({ type }) => type === "TaskStarted");
    const seconds = started.map(
      ({ timestamp }) => ((timestamp?.getTime() ?? 0) - execution.startDate.getTime()) / 1000,
    );
    expect(seconds).toEqual([0, 2, 8, 18]);
  });

  it("enters the state once and counts the attempts in the context", async () => {
    const cloud = await startCloud({ functions: { f: flaky(2) } });
    const fields = {
      End: true,
      Arguments: { FunctionName: "f", Payload: "{% $states.context.State.RetryCount %}" },
      Retry: [{ ErrorEquals: ["States.TaskFailed"] }],
    };
    const execution = await cloud.run(machine({ F: invoke("f", fields) }));
    expect(execution).toMatchObject({ status: "SUCCEEDED", output: 3 });
    expect(cloud.invocations.map(({ payload }) => payload)).toEqual([0, 1, 2]);
    expect(
      types(await cloud.history(execution.executionArn)).filter((type) => type === "TaskStateEntered"),
    ).toHaveLength(1);
  });

  it("does not retry errors no retrier names", async () => {
    const cloud = await startCloud({ functions: { f: flaky(1) } });
    const execution = await cloud.run(
      machine({ F: invoke("f", { End: true, Retry: [{ ErrorEquals: ["OtherError", "States.Timeout"] }] }) }),
    );
    expect(execution.status).toBe("FAILED");
    expect(cloud.invocations).toHaveLength(1);
  });
});

describe("Catch", () => {
  it("assigns from the error and goes where the first matching catcher says", async () => {
    const cloud = await startCloud({
      functions: {
        f: () => {
          throw new FunctionFailure(boom);
        },
      },
    });
    const execution = await cloud.run(
      machine({
        F: invoke("f", {
          Next: "Never",
          Catch: [
            { ErrorEquals: ["OtherError"], Next: "Never" },
            {
              ErrorEquals: ["BoomError"],
              Assign: { failed: "{% $states.errorOutput.Error %}" },
              Output: { kept: "{% $states.input.a %}" },
              Next: "After",
            },
          ],
        }),
        After: { Type: "Pass", Output: { kept: "{% $states.input.kept %}", failed: "{% $failed %}" }, End: true },
        Never: { Type: "Fail" },
      }),
      { a: 7 },
    );
    expect(execution).toMatchObject({ status: "SUCCEEDED", output: { kept: 7, failed: "BoomError" } });
  });

  it("catches an expression that cannot be evaluated", async () => {
    const cloud = await startCloud({ functions: { f: () => 1 } });
    const execution = await cloud.run(
      machine({
        F: invoke("f", {
          Next: "Never",
          Output: "{% $states.result.missing %}",
          Catch: [{ ErrorEquals: ["States.QueryEvaluationError"], Next: "Caught" }],
        }),
        Caught: { Type: "Pass", Output: "{% $states.input.Error %}", End: true },
        Never: { Type: "Fail" },
      }),
    );
    expect(execution).toMatchObject({ status: "SUCCEEDED", output: "States.QueryEvaluationError" });
  });
});

describe("a time-out", () => {
  // Semantic: Lambda: a zombie runs on after its state timed out. Source: Step Functions developer guide, "Error
  // handling": a timed-out state does not stop the function.
  it("ends the wait for a function; what it answers later is ignored", async () => {
    const slow = pending<unknown>();
    const cloud = await startCloud({ functions: { slow: () => slow.promise, next: (payload) => payload } });
    const executionArn = await cloud.start(
      machine({
        Slow: invoke("slow", {
          TimeoutSeconds: "{% 3 + 2 %}",
          Next: "Never",
          Catch: [{ ErrorEquals: ["States.Timeout"], Next: "Wait" }],
        }),
        Wait: { Type: "Wait", Seconds: 60, Next: "Next" },
        Next: invoke("next"),
        Never: { Type: "Fail" },
      }),
    );
    await cloud.clock.advance(6_000);
    slow.resolve("too late");
    await settle();
    const described = await cloud.finish(executionArn);
    expect(described).toMatchObject({ status: "SUCCEEDED", output: '{"Error":"States.Timeout","Cause":""}' });
    const events = types(await cloud.history(executionArn));
    expect(events).toContain("TaskTimedOut");
    expect(events.filter((type) => type === "TaskSucceeded")).toHaveLength(1);
  });

  it("of the machine ends the execution with an event of its own and no error in its description", async () => {
    const cloud = await startCloud();
    const execution = await cloud.run(machine({ W: { Type: "Wait", Seconds: 25, End: true } }, { TimeoutSeconds: 3 }));
    expect(execution).toMatchObject({ status: "TIMED_OUT" });
    expect(execution).not.toHaveProperty("error");
    expect((execution.stopDate?.getTime() ?? 0) - execution.startDate.getTime()).toBe(3000);
    const events = await cloud.history(execution.executionArn);
    expect(types(events)).toEqual(["ExecutionStarted", "WaitStateEntered", "ExecutionTimedOut"]);
    expect(events[2]).toMatchObject({ previousEventId: 0, executionTimedOutEventDetails: { error: "States.Timeout" } });
  });
});

describe("a task token", () => {
  const waiting = machine({
    Ask: {
      Type: "Task",
      Resource: "arn:aws:states:::lambda:invoke.waitForTaskToken",
      Arguments: { FunctionName: "ask", Payload: { token: "{% $states.context.Task.Token %}" } },
      HeartbeatSeconds: 10,
      End: true,
      Retry: [{ ErrorEquals: ["States.HeartbeatTimeout"], MaxAttempts: 1 }],
    },
  });
  const tokenOf = (invocation: { payload: unknown } | undefined) => String(Object(invocation?.payload).token);

  it("completes the task with what its holder sends", async () => {
    const cloud = await startCloud({ functions: { ask: () => null } });
    const executionArn = await cloud.start(waiting);
    await cloud.clock.advance(5_000);
    await cloud.call("SendTaskSuccess", { taskToken: tokenOf(cloud.invocations[0]), output: '{"approved":true}' });
    expect(await cloud.finish(executionArn)).toMatchObject({ status: "SUCCEEDED", output: '{"approved":true}' });
    expect(types(await cloud.history(executionArn))).toContain("TaskSubmitted");
  });

  it("fails the task with the holder's error", async () => {
    const cloud = await startCloud({ functions: { ask: () => null } });
    const executionArn = await cloud.start(waiting);
    await cloud.clock.advance(1_000);
    await cloud.call("SendTaskFailure", {
      taskToken: tokenOf(cloud.invocations[0]),
      error: "Rejected",
      cause: "by a person",
    });
    expect(await cloud.finish(executionArn)).toMatchObject({
      status: "FAILED",
      error: "Rejected",
      cause: "by a person",
    });
  });

  it("is a new one for each attempt, and a missed heartbeat ends the old one", async () => {
    const cloud = await startCloud({ functions: { ask: () => null } });
    const executionArn = await cloud.start(waiting);
    await cloud.clock.advance(8_000);
    await cloud.call("SendTaskHeartbeat", { taskToken: tokenOf(cloud.invocations[0]) });
    await cloud.clock.advance(8_000);
    expect(types(await cloud.history(executionArn))).not.toContain("TaskTimedOut");
    await cloud.clock.advance(4_000);
    const [first, second] = cloud.invocations.map(tokenOf);
    expect(second).not.toBe(first);
    await expect(cloud.call("SendTaskSuccess", { taskToken: first, output: "1" })).rejects.toMatchObject({
      code: "TaskTimedOut",
    });
    await cloud.call("SendTaskSuccess", { taskToken: second, output: "2" });
    expect(await cloud.finish(executionArn)).toMatchObject({ status: "SUCCEEDED", output: "2" });
  });

  it("is refused when nobody ever gave it out", async () => {
    const cloud = await startCloud();
    await expect(cloud.call("SendTaskSuccess", { taskToken: "made up", output: "1" })).rejects.toMatchObject({
      code: "InvalidToken",
    });
  });
});

describe("the credentials of a task", () => {
  // Source: Step Functions guide, "Accessing resources in other AWS accounts"; TaskCredentials API reference.
  it("name the role its call is made in, which the machine's own role is let into", async () => {
    const asked: { by: string; role: string }[] = [];
    const cloud = await startCloud({ functions: { f: () => "done" } });
    const sts = cloud.kernel.services().find(({ id }) => id === "sts")?.operations["AssumeRole"];
    if (!sts) throw new Error("no AssumeRole");
    sts.run = ({ RoleArn }: { RoleArn: string }, { caller }) => {
      asked.push({ by: caller.name, role: RoleArn });
      return { AssumedRoleUser: { Arn: `arn:aws:sts::123456789012:assumed-role/${RoleArn.split("/").at(-1)}/s` } };
    };
    const taskRole = "arn:aws:iam::123456789012:role/other";
    const { executionArn } = await cloud.run(
      machine({ F: invoke("f", { Credentials: { RoleArn: "{% $states.input.role %}" }, End: true }) }),
      { role: taskRole },
    );
    expect(asked.slice(-2)).toEqual([
      { by: "states.amazonaws.com", role: roleArn },
      { by: "engine", role: taskRole },
    ]);
    const invoked = cloud.judged.find(({ requirement }) => requirement.action === "lambda:Invoke");
    expect(invoked?.caller.arn).toContain("assumed-role/other/");
    const scheduled = (await cloud.history(executionArn)).find(({ type }) => type === "TaskScheduled");
    expect(scheduled?.taskScheduledEventDetails?.taskCredentials).toEqual({ roleArn: taskRole });
  });
});

describe("numbers that expressions make", () => {
  it.each([
    ["TimeoutSeconds", 0, "1 and 99999999"],
    ["HeartbeatSeconds", 1.5, "1 and 99999999"],
  ])("fail the state when %s becomes %s", async (field, value, bounds) => {
    const cloud = await startCloud({ functions: { f: () => "done" } });
    const execution = await cloud.run(machine({ F: invoke("f", { [field]: `{% ${value} %}`, End: true }) }));
    expect(execution).toMatchObject({ status: "FAILED", error: "States.QueryEvaluationError" });
    expect(execution.cause).toContain(`the field '${field}' returned ${value}, which is not within ${bounds}.`);
    expect(cloud.invocations).toEqual([]);
  });
});
