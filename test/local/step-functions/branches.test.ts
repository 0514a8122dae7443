import { describe, expect, it } from "vitest";
import { FunctionFailure, invoke, machine, startCloud, types } from "./cloud.ts";

const inner = (state: unknown) => machine({ Inner: state });

describe("Map", () => {
  it("never runs more iterations at once than MaxConcurrency and keeps the items' order", async () => {
    let running = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const slow = async (payload: unknown) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => waiting.push(resolve));
      running -= 1;
      return (payload as number) * 10;
    };
    const cloud = await startCloud({ functions: { slow } });
    const executionArn = await cloud.start(
      machine({
        Each: { Type: "Map", MaxConcurrency: 2, ItemProcessor: inner(invoke("slow")), End: true },
      }),
      [1, 2, 3, 4, 5],
    );
    for (let turn = 0; turn < 20; turn++) {
      await cloud.clock.advance(10);
      waiting.pop()?.();
    }
    expect(await cloud.finish(executionArn)).toMatchObject({ status: "SUCCEEDED", output: "[10,20,30,40,50]" });
    expect(most).toBe(2);
  });

  it("gives each iteration what ItemSelector makes of its item", async () => {
    const cloud = await startCloud();
    const execution = await cloud.run(
      machine({
        Each: {
          Type: "Map",
          Items: "{% $states.input.names %}",
          ItemSelector: { index: "{% $states.context.Map.Item.Index %}", name: "{% $states.context.Map.Item.Value %}" },
          ItemProcessor: inner({ Type: "Pass", End: true }),
          End: true,
        },
      }),
      { names: ["a", "b"] },
    );
    expect(execution.output).toEqual([
      { index: 0, name: "a" },
      { index: 1, name: "b" },
    ]);
  });

  it("fails with the iteration's error and ends the others, recorded as AWS does", async () => {
    const functions = {
      f: (payload: unknown) => {
        if (payload === 1) throw new FunctionFailure({ errorType: "BoomError" });
        return new Promise(() => {});
      },
    };
    const cloud = await startCloud({ functions });
    const execution = await cloud.run(
      machine({ Each: { Type: "Map", ItemProcessor: inner(invoke("f")), End: true } }),
      [1, 2],
    );
    expect(execution).toMatchObject({ status: "FAILED", error: "BoomError" });
    const events = await cloud.history(execution.executionArn);
    const failed = events.findIndex(({ type }) => type === "TaskFailed");
    expect(types(events).slice(failed)).toEqual([
      "TaskFailed",
      "MapIterationFailed",
      "TaskStateAborted",
      "MapIterationAborted",
      "TaskStateAborted",
      "MapStateFailed",
      "ExecutionFailed",
    ]);
    const failedId = events[failed]?.id;
    expect(events.slice(failed + 1, -1).map(({ previousEventId }) => previousEventId)).toEqual(Array(5).fill(failedId));
  });

  it("goes on while failures stay within what it tolerates, and names the threshold when they do not", async () => {
    const functions = {
      f: (payload: unknown) => {
        if ((payload as number) < 0) throw new FunctionFailure({ errorType: "NegativeError" });
        return payload;
      },
    };
    const cloud = await startCloud({ functions });
    const definition = machine({
      Each: { Type: "Map", ToleratedFailureCount: 1, ItemProcessor: inner(invoke("f")), End: true },
    });
    expect(await cloud.run(definition, [1, -2, 3])).toMatchObject({ status: "SUCCEEDED", output: [1, 3] });
    expect(await cloud.run(definition, [-1, -2, 3])).toMatchObject({
      status: "FAILED",
      error: "States.ExceedToleratedFailureThreshold",
    });
  });

  it("can be retried as a whole", async () => {
    let calls = 0;
    const functions = {
      f: () => {
        calls += 1;
        if (calls === 1) throw new FunctionFailure({ errorType: "BoomError" });
        return calls;
      },
    };
    const cloud = await startCloud({ functions });
    const each = {
      Type: "Map",
      MaxConcurrency: 1,
      ItemProcessor: inner(invoke("f")),
      Retry: [{ ErrorEquals: ["States.ALL"] }],
      End: true,
    };
    expect(await cloud.run(machine({ Each: each }), ["a", "b"])).toMatchObject({ status: "SUCCEEDED", output: [2, 3] });
  });
});

describe("Parallel", () => {
  it("gives every branch its arguments and returns their outputs in order", async () => {
    const cloud = await startCloud();
    const execution = await cloud.run(
      machine({
        Both: {
          Type: "Parallel",
          Arguments: { n: "{% $states.input.n + 1 %}" },
          Branches: [
            machine({ Late: { Type: "Wait", Seconds: 30, Next: "LateEnd" }, LateEnd: { Type: "Pass", End: true } }),
            machine({ Soon: { Type: "Pass", Output: "{% $states.input.n * 2 %}", End: true } }),
          ],
          Output: { both: "{% $states.result %}" },
          End: true,
        },
      }),
      { n: 1 },
    );
    expect(execution.output).toEqual({ both: [{ n: 2 }, 4] });
    const events = await cloud.history(execution.executionArn);
    expect(types(events).slice(-3)).toEqual(["ParallelStateSucceeded", "ParallelStateExited", "ExecutionSucceeded"]);
  });

  it("fails with the first branch that fails; its Catch hears of it and the other branch stops", async () => {
    const cloud = await startCloud();
    const execution = await cloud.run(
      machine({
        Both: {
          Type: "Parallel",
          Branches: [
            machine({ Wait: { Type: "Wait", Seconds: 600, End: true } }),
            machine({ Fail: { Type: "Fail", Error: "Broken", Cause: "on purpose" } }),
          ],
          Catch: [{ ErrorEquals: ["Broken"], Next: "Caught" }],
          Next: "Never",
        },
        Caught: { Type: "Pass", End: true },
        Never: { Type: "Fail" },
      }),
    );
    expect(execution.output).toEqual({ Error: "Broken", Cause: "on purpose" });
    expect((execution.stopDate?.getTime() ?? 0) - execution.startDate.getTime()).toBeLessThan(1000);
    expect(types(await cloud.history(execution.executionArn))).toContain("WaitStateAborted");
  });

  it("lets branches read outer variables and keeps their own to themselves", async () => {
    const cloud = await startCloud();
    const execution = await cloud.run(
      machine({
        Set: { Type: "Pass", Assign: { outer: 1 }, Next: "Both" },
        Both: {
          Type: "Parallel",
          Branches: [
            machine({
              A: { Type: "Pass", Assign: { mine: "{% $outer + 1 %}" }, Next: "B" },
              B: { Type: "Pass", Output: "{% $mine %}", End: true },
            }),
          ],
          Next: "After",
        },
        After: { Type: "Pass", Output: { result: "{% $states.input %}", leaked: "{% $exists($mine) %}" }, End: true },
      }),
    );
    expect(execution.output).toEqual({ result: [2], leaked: false });
  });
});
