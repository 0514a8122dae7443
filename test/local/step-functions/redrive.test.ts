import type { DescribeExecutionCommandOutput, ListExecutionsCommandOutput } from "@aws-sdk/client-sfn";
import { describe, expect, it } from "vitest";
import type { AwsEvent } from "../../../local/core/kernel.ts";
import { FunctionFailure, invoke, machine, startCloud, types } from "./cloud.ts";

/** A function that fails the first `times` calls with the same payload. */
function failing(times: number) {
  const calls = new Map<string, number>();
  return (payload: unknown) => {
    const key = JSON.stringify(payload);
    const count = (calls.get(key) ?? 0) + 1;
    calls.set(key, count);
    if (count <= times) throw new FunctionFailure({ errorType: "Unready", errorMessage: `try ${count}` });
    return { count };
  };
}

/** Source of all of these: Step Functions guide, "Restarting state machine executions with redrive"; RedriveExecution API reference. */
describe("RedriveExecution", () => {
  it("goes on with the task that failed, without repeating what succeeded", async () => {
    const cloud = await startCloud({ functions: { before: () => "done", f: failing(1) } });
    const { executionArn, status } = await cloud.run(
      machine({
        Before: invoke("before", { Assign: { kept: "{% $states.result.Payload %}" }, Next: "F" }),
        F: invoke("f", {
          Output: { kept: "{% $kept %}", redrives: "{% $states.context.Execution.RedriveCount %}" },
          End: true,
        }),
      }),
    );
    expect(status).toBe("FAILED");
    await cloud.clock.advance(60_000);
    const nowMs = cloud.clock.now();
    expect(await cloud.call("RedriveExecution", { executionArn })).toEqual({ redriveDate: new Date(nowMs) });
    const again = await cloud.finish(executionArn);
    expect(again).toMatchObject({ status: "SUCCEEDED", redriveCount: 1, redriveDate: new Date(nowMs) });
    expect(JSON.parse(again.output ?? "")).toEqual({ kept: "done", redrives: 1 });
    expect(again).not.toHaveProperty("error");
    expect(cloud.invocations.map(({ functionName }) => functionName)).toEqual(["before", "f", "f"]);
    const events = await cloud.history(executionArn);
    const at = types(events).indexOf("ExecutionRedriven");
    expect(types(events).slice(at - 1)).toEqual([
      "ExecutionFailed",
      "ExecutionRedriven",
      "TaskScheduled",
      "TaskStarted",
      "TaskSucceeded",
      "TaskStateExited",
      "ExecutionSucceeded",
    ]);
    expect(events[at]).toMatchObject({ previousEventId: at, executionRedrivenEventDetails: { redriveCount: 1 } });
  });

  it("gives the failed state all its retries again", async () => {
    const cloud = await startCloud({ functions: { f: failing(3) } });
    const Retry = [{ ErrorEquals: ["States.ALL"], MaxAttempts: 1 }];
    const { executionArn } = await cloud.run(machine({ F: invoke("f", { Retry, End: true }) }));
    expect(cloud.invocations).toHaveLength(2);
    await cloud.call("RedriveExecution", { executionArn });
    expect(await cloud.finish(executionArn)).toMatchObject({ status: "SUCCEEDED" });
    expect(cloud.invocations).toHaveLength(4);
  });

  it("repeats only the iterations of a Map that failed or were aborted", async () => {
    const cloud = await startCloud({
      functions: {
        f: (() => {
          let broken = true;
          return (item: unknown) => {
            if (item === 3 && broken) {
              broken = false;
              throw new FunctionFailure({ errorType: "Unready" });
            }
            return item;
          };
        })(),
      },
    });
    const ItemProcessor = machine({ F: invoke("f") });
    const { executionArn } = await cloud.run(
      machine({ M: { Type: "Map", Items: [1, 2, 3, 4], MaxConcurrency: 1, ItemProcessor, End: true } }),
    );
    await cloud.call("RedriveExecution", { executionArn });
    expect(await cloud.finish(executionArn)).toMatchObject({ status: "SUCCEEDED", output: "[1,2,3,4]" });
    expect(cloud.invocations.map(({ payload }) => payload)).toEqual([1, 2, 3, 3, 4]);
    expect(types(await cloud.history(executionArn)).filter((type) => type === "MapStateEntered")).toHaveLength(1);
  });

  it("repeats only the branches of a Parallel that did not succeed", async () => {
    const cloud = await startCloud({ functions: { good: () => "good", bad: failing(1) } });
    const Branches = [
      machine({ G: invoke("good") }),
      machine({ W: { Type: "Wait", Seconds: 5, Next: "B" }, B: invoke("bad") }),
    ];
    const { executionArn } = await cloud.run(machine({ P: { Type: "Parallel", Branches, End: true } }));
    await cloud.call("RedriveExecution", { executionArn });
    expect(await cloud.finish(executionArn)).toMatchObject({ status: "SUCCEEDED", output: '["good",{"count":2}]' });
    expect(cloud.invocations.map(({ functionName }) => functionName)).toEqual(["good", "bad", "bad"]);
  });

  it("begins the machine's time-out anew, and a stopped Wait too", async () => {
    const cloud = await startCloud();
    const executionArn = await cloud.start(
      machine({ W: { Type: "Wait", Seconds: 50, End: true } }, { TimeoutSeconds: 60 }),
    );
    await cloud.clock.advance(40_000);
    await cloud.call("StopExecution", { executionArn });
    await cloud.clock.advance(1_000);
    await cloud.call("RedriveExecution", { executionArn });
    await cloud.clock.advance(49_000);
    expect(await cloud.describe(executionArn)).toMatchObject({ status: "RUNNING" });
    expect(await cloud.finish(executionArn)).toMatchObject({ status: "SUCCEEDED" });
  });

  it("answers a client token as it did before, and refuses what runs or succeeded", async () => {
    const cloud = await startCloud({ functions: { f: failing(1) } });
    const { executionArn } = await cloud.run(
      machine({ F: invoke("f", { Next: "W" }), W: { Type: "Wait", Seconds: 60, End: true } }),
    );
    const redrive = (clientToken: string) => cloud.call("RedriveExecution", { executionArn, clientToken });
    const first = await redrive("one");
    await cloud.clock.advance(1000);
    expect(await redrive("one")).toEqual(first);
    await expect(redrive("two")).rejects.toMatchObject({
      code: "ExecutionNotRedrivable",
      message: expect.stringContaining("Execution is RUNNING and cannot be redriven"),
    });
    await cloud.finish(executionArn);
    await expect(redrive("three")).rejects.toMatchObject({ code: "ExecutionNotRedrivable" });
    expect(await cloud.describe(executionArn)).toMatchObject({
      redriveStatus: "NOT_REDRIVABLE",
      redriveStatusReason: "Execution is SUCCEEDED and cannot be redriven",
    });
  });

  it("is refused when fourteen days have passed, or the execution was never there", async () => {
    const cloud = await startCloud({ functions: { f: failing(1) } });
    const { executionArn } = await cloud.run(machine({ F: invoke("f") }));
    expect(await cloud.call<DescribeExecutionCommandOutput>("DescribeExecution", { executionArn })).toMatchObject({
      redriveCount: 0,
      redriveStatus: "REDRIVABLE",
    });
    await cloud.clock.advance(14 * 24 * 3600 * 1000 + 1);
    await expect(cloud.call("RedriveExecution", { executionArn })).rejects.toMatchObject({
      code: "ExecutionNotRedrivable",
      message: expect.stringContaining("Execution redrivable period exceeded"),
    });
    await expect(cloud.call("RedriveExecution", { executionArn: `${executionArn}x` })).rejects.toMatchObject({
      code: "ExecutionDoesNotExist",
    });
  });

  it("is told to EventBridge and found by ListExecutions", async () => {
    const cloud = await startCloud({ functions: { f: failing(1) } });
    const { executionArn } = await cloud.run(machine({ F: invoke("f") }));
    const told: Record<string, unknown>[] = [];
    cloud.kernel.on("aws.event", ({ detail }: AwsEvent) => told.push(detail));
    await cloud.call("RedriveExecution", { executionArn });
    await cloud.finish(executionArn);
    expect(told.map(({ status, redriveCount }) => [status, redriveCount])).toEqual([
      ["RUNNING", 1],
      ["SUCCEEDED", 1],
    ]);
    const stateMachineArn = "arn:aws:states:us-east-1:123456789012:stateMachine:machine";
    const list = (redriveFilter: string) =>
      cloud.call<ListExecutionsCommandOutput>("ListExecutions", { stateMachineArn, redriveFilter });
    expect((await list("REDRIVEN")).executions).toHaveLength(1);
    expect((await list("NOT_REDRIVEN")).executions).toEqual([]);
  });
});
