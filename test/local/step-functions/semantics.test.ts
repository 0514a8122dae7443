import { describe, expect, it } from "vitest";
import { FunctionFailure, invoke, machine, startCloud } from "./cloud.ts";

/** Fails with the error type its payload names, or returns the payload. */
const picky = (payload: unknown) => {
  if (typeof payload === "string") throw new FunctionFailure({ errorType: payload });
  return payload;
};

/** Seconds after the start at which a function was called. */
async function calledAt(cloud: Awaited<ReturnType<typeof startCloud>>, executionArn: string): Promise<number[]> {
  const [first, ...events] = await cloud.history(executionArn);
  const startMs = first?.timestamp?.getTime() ?? 0;
  return events
    .filter(({ type }) => type === "TaskStarted")
    .map(({ timestamp }) => ((timestamp?.getTime() ?? 0) - startMs) / 1000);
}

describe("Choice", () => {
  // Source: Step Functions guide, "Choice workflow state": rules in order, the first that holds; each has its own Assign
  // and Output, and those of the state itself are for the Default.
  const choice = {
    Type: "Choice",
    Choices: [
      { Condition: "{% $states.input > 10 %}", Next: "Done", Assign: { size: "large" }, Output: "first" },
      { Condition: "{% $states.input > 5 %}", Next: "Done", Assign: { size: "{% 'middle of ' & $states.input %}" } },
    ],
    Default: "Done",
    Assign: { size: "small" },
    Output: "default",
  };
  const definition = machine({
    Pick: choice,
    Done: { Type: "Succeed", Output: { in: "{% $states.input %}", size: "{% $size %}" } },
  });

  it.each([
    [20, "first", "large"],
    [7, 7, "middle of 7"],
    [1, "default", "small"],
  ])("takes the first rule that holds, with its own Assign and Output: %i", async (input, output, size) => {
    const cloud = await startCloud();
    expect((await cloud.run(definition, input)).output).toEqual({ in: output, size });
  });
});

describe("Fail", () => {
  // Source: states-language.net/spec.html, "Fail State": both are optional; in JSONata both may be expressions.
  it("ends with what its expressions make, or with nothing at all", async () => {
    const cloud = await startCloud();
    const fail = { Type: "Fail", Error: "{% 'Bad' & $states.input %}", Cause: "{% $string($states.input + 1) %}" };
    expect(await cloud.run(machine({ F: fail }), 41)).toMatchObject({ status: "FAILED", error: "Bad41", cause: "42" });
    const silent = await (await startCloud()).run(machine({ F: { Type: "Fail" } }));
    expect(silent.status).toBe("FAILED");
    expect(silent).not.toHaveProperty("error");
    expect(silent).not.toHaveProperty("cause");
  });
});

describe("Retry", () => {
  // Source: Step Functions guide, "Handling errors in Step Functions workflows": each retrier counts its own attempts.
  it("counts the attempts of each retrier by itself", async () => {
    const errors = ["A", "B", "A", "B", "A"];
    const cloud = await startCloud({ functions: { f: () => picky(errors.shift() ?? 1) } });
    const Retry = [
      { ErrorEquals: ["A"], MaxAttempts: 2, IntervalSeconds: 1, BackoffRate: 3 },
      { ErrorEquals: ["B"], MaxAttempts: 2, IntervalSeconds: 10 },
    ];
    const execution = await cloud.run(machine({ F: invoke("f", { End: true, Retry }) }));
    expect(execution).toMatchObject({ status: "FAILED", error: "A" });
    expect(await calledAt(cloud, execution.executionArn)).toEqual([0, 1, 11, 14, 34]);
  });

  // Source: the same page: defaults of 1 second, 3 attempts, a rate of 2; 0 attempts never retry.
  it("has AWS's defaults, and never tries again with no attempts", async () => {
    const retrying = async (retrier: object) => {
      const cloud = await startCloud({ functions: { f: () => picky("A") } });
      const fields = { End: true, Retry: [{ ErrorEquals: ["A"], ...retrier }] };
      const { executionArn } = await cloud.run(machine({ F: invoke("f", fields) }));
      return calledAt(cloud, executionArn);
    };
    expect(await retrying({})).toEqual([0, 1, 3, 7]);
    expect(await retrying({ MaxAttempts: 0 })).toEqual([0]);
    expect(await retrying({ IntervalSeconds: 0 })).toEqual([0, 0, 0, 0]);
  });

  // Source: the same page: FULL picks a delay between 0 and what it would be, which MaxDelaySeconds bounds.
  it("waits between nothing and the bounded delay when it jitters", async () => {
    const cloud = await startCloud({ functions: { f: () => picky("A") } });
    const retrier = { IntervalSeconds: 8, MaxAttempts: 6, MaxDelaySeconds: 20, JitterStrategy: "FULL" };
    const fields = { End: true, Retry: [{ ErrorEquals: ["A"], ...retrier }] };
    const { executionArn } = await cloud.run(machine({ F: invoke("f", fields) }));
    const at = await calledAt(cloud, executionArn);
    const waits = at.slice(1).map((seconds, index) => seconds - (at[index] ?? 0));
    expect(waits).toHaveLength(6);
    for (const [index, wait] of waits.entries()) expect(wait).toBeLessThanOrEqual(Math.min(8 * 2 ** index, 20));
    expect(new Set(waits).size).toBeGreaterThan(3);
  });
});

describe("the names of errors", () => {
  // Source: the same page, "Error names": States.TaskFailed covers all but States.Timeout, States.ALL not States.Runtime.
  it("States.TaskFailed leaves time-outs out", async () => {
    const cloud = await startCloud({ functions: { f: () => new Promise(() => {}) } });
    const Catch = [
      { ErrorEquals: ["States.TaskFailed"], Next: "Wrong" },
      { ErrorEquals: ["States.Timeout"], Next: "Right" },
    ];
    const states = {
      F: invoke("f", { TimeoutSeconds: "{% 2 + 3 %}", Catch, Next: "Wrong" }),
      Wrong: { Type: "Fail" },
      Right: { Type: "Succeed" },
    };
    expect((await cloud.run(machine(states))).status).toBe("SUCCEEDED");
  });

  it("States.ALL leaves States.Runtime out, which a catcher may still name", async () => {
    const cloud = await startCloud();
    const inner = { Type: "Choice", Choices: [{ Condition: false, Next: "Never" }] };
    const parallel = (name: string) =>
      machine({
        P: {
          Type: "Parallel",
          Branches: [machine({ C: inner, Never: { Type: "Succeed" } })],
          Catch: [{ ErrorEquals: [name], Next: "Caught" }],
          Next: "Caught",
        },
        Caught: { Type: "Succeed" },
      });
    expect(await cloud.run(parallel("States.ALL"))).toMatchObject({ status: "FAILED", error: "States.Runtime" });
    const other = await startCloud();
    expect(await other.run(parallel("States.Runtime"))).toMatchObject({ status: "SUCCEEDED" });
  });
});

describe("Map", () => {
  const each = (fields: object, state: object = invoke("f")) =>
    machine({ Each: { Type: "Map", ItemProcessor: machine({ Inner: state }), End: true, ...fields } });

  // Source: Step Functions guide, "Using Map state in Inline mode" and "Setting failure thresholds": a percentage is that
  // of all items, reaching it is tolerated, and both it and the count may be expressions.
  it.each<[object, unknown[], string]>([
    [{ ToleratedFailurePercentage: "{% 25 * 2 %}" }, ["X", 1, "X", 2], "SUCCEEDED"],
    [{ ToleratedFailurePercentage: 49.9 }, ["X", 1, "X", 2], "FAILED"],
    [{ ToleratedFailureCount: "{% $count($states.input) - 1 %}" }, ["X", 1, "X"], "SUCCEEDED"],
    [{ ToleratedFailureCount: 2, ToleratedFailurePercentage: 10 }, ["X", 1, "X"], "FAILED"],
    [{ ToleratedFailurePercentage: 100 }, ["X"], "SUCCEEDED"],
  ])("tolerates %j of %j: %s", async (fields, input, status) => {
    const cloud = await startCloud({ functions: { f: picky } });
    expect((await cloud.run(each(fields), input)).status).toBe(status);
  });

  // Source: the first of those pages: MaxConcurrency may be an expression; 0 sets no bound.
  it.each([
    ["{% $count($states.input) - 2 %}", 3],
    [0, 5],
  ])("runs as many at once as MaxConcurrency %s says", async (MaxConcurrency, expected) => {
    let running = 0;
    let most = 0;
    const cloud = await startCloud();
    const definition = each({ MaxConcurrency }, { Type: "Wait", Seconds: "{% $states.input %}", End: true });
    const { executionArn } = await cloud.run(definition, [1, 2, 3, 4, 5]);
    for (const { type } of await cloud.history(executionArn)) {
      if (type === "WaitStateEntered") running += 1;
      if (type === "WaitStateExited") running -= 1;
      most = Math.max(most, running);
    }
    expect(most).toBe(expected);
  });

  it("gives nothing for no items, and enters no iteration", async () => {
    const cloud = await startCloud();
    const execution = await cloud.run(each({}, { Type: "Pass", End: true }), []);
    expect(execution).toMatchObject({ status: "SUCCEEDED", output: [] });
    expect((await cloud.history(execution.executionArn)).some(({ type }) => type === "MapIterationStarted")).toBe(
      false,
    );
  });

  // Source: Step Functions guide, "Context object" and "Passing data between states with variables", on scope.
  it("shows a nested iteration its own item, and keeps what iterations assign to themselves", async () => {
    const cloud = await startCloud();
    const inner = {
      Type: "Pass",
      Assign: { mine: "{% $states.input %}" },
      Output: ["{% $states.context.Map.Item.Index %}", "{% $states.context.Map.Item.Value %}", "{% $outer %}"],
      End: true,
    };
    const states = {
      Set: { Type: "Pass", Assign: { outer: "o" }, Next: "Each" },
      Each: {
        Type: "Map",
        ItemProcessor: machine({
          Nested: { Type: "Map", ItemProcessor: machine({ In: inner }), End: true },
        }),
        Output: { result: "{% $states.result %}", mine: "{% $exists($mine) %}" },
        End: true,
      },
    };
    expect((await cloud.run(machine(states), [["a"], ["b", "c"]])).output).toEqual({
      result: [
        [[0, "a", "o"]],
        [
          [0, "b", "o"],
          [1, "c", "o"],
        ],
      ],
      mine: false,
    });
  });
});

describe("Parallel", () => {
  // Source: Step Functions guide, "Passing data between states with variables": only the state's own Assign reaches out.
  it("brings what branches assigned out through its own Assign alone", async () => {
    const cloud = await startCloud();
    const branch = (name: string, value: number) =>
      machine({ [name]: { Type: "Pass", Assign: { x: value }, Output: "{% $states.input * 10 %}", End: true } });
    const parallel = {
      Type: "Parallel",
      Arguments: "{% $states.input + 1 %}",
      Branches: [branch("A", 1), branch("B", 2)],
      Assign: { total: "{% $sum($states.result) %}" },
      Output: "{% $states.input %}",
      Next: "Done",
    };
    const Output = { total: "{% $total %}", input: "{% $states.input %}", x: "{% $exists($x) %}" };
    const execution = await cloud.run(machine({ P: parallel, Done: { Type: "Succeed", Output } }), 4);
    expect(execution.output).toEqual({ total: 100, input: 4, x: false });
  });
});
