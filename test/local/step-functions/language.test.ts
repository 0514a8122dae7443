import { describe, expect, it } from "vitest";
import { machine, startCloud } from "./cloud.ts";

/** Runs one Pass state with this Output. */
async function evaluated(output: unknown, input: unknown = {}) {
  const cloud = await startCloud();
  return cloud.run(machine({ E: { Type: "Pass", Output: output, End: true } }), input);
}

describe("AWS's functions", () => {
  it.each([
    ["$partition([1,2,3,4,5], 2)", [[1, 2], [3, 4], [5]]],
    ["$range(0, 6, 2)", [0, 2, 4, 6]],
    ["$range(3, 1, -1)", [3, 2, 1]],
    ['$hash("input", "SHA-1")', "140f86aae51ab9e1cda9b4254fe98a74eb54c1a1"],
    ["$random(42)", 0.7275636800328681],
    ['$parse("{\\"a\\":1}").a', 1],
    ["$exists($uuid())", true],
    ["1/0", "Infinity"],
    ["$states.input.list.n", [1, 2]],
  ])("%s", async (expression, value) => {
    const execution = await evaluated(`{% ${expression} %}`, { list: [{ n: 1 }, { n: 2 }] });
    expect(execution.output).toEqual(value);
  });

  it("do not include $eval", async () => {
    expect((await evaluated({ r: "{% $eval('1+1') %}" })).cause).toBe(
      "An error occurred while executing the state 'E' (entered at the event id #2). The JSONata expression '$eval('1+1')' " +
        "specified for the field 'Output/r' threw an error during evaluation. T1006: Attempted to invoke a non-function",
    );
  });

  it("stop an expression that never ends", async () => {
    const execution = await evaluated("{% ($f := function($x){ $f($x + 1) }; $f(1)) %}");
    expect(execution).toMatchObject({ status: "FAILED", error: "States.QueryEvaluationError" });
  });
});

describe("a failed evaluation", () => {
  it("names where it stood, down to the element", async () => {
    const { cause } = await evaluated({ a: { b: [["{% $states.input.none %}", 1]] } });
    expect(cause).toContain("the field 'Output/a/b[0][0]' returned nothing (undefined).");
  });

  it("leaves strings that only look like expressions alone", async () => {
    expect((await evaluated([" {% 1 %}", "1 %}", "$states.input"])).output).toEqual([
      " {% 1 %}",
      "1 %}",
      "$states.input",
    ]);
  });

  it.each([
    [
      "a Choice's condition",
      { Type: "Choice", Choices: [{ Condition: "{% 1 %}", Next: "End" }] },
      "'Choices[0]/Condition'",
      "'boolean'",
    ],
    ["a Wait's seconds", { Type: "Wait", Seconds: "{% 'x' %}", Next: "End" }, "'Seconds'", "'number'"],
    ["a Fail's error", { Type: "Fail", Error: "{% 1 %}" }, "'Error'", "'string'"],
  ])("says what %s must be", async (_name, state, field, type) => {
    const cloud = await startCloud();
    const states = "Next" in state || "Choices" in state ? { S: state, End: { Type: "Succeed" } } : { S: state };
    const { cause } = await cloud.run(machine(states));
    expect(cause).toContain(`specified for the field ${field} returned an unexpected result type. Expected ${type}`);
  });
});

describe("a Choice", () => {
  it("without a match and a default fails with States.Runtime", async () => {
    const cloud = await startCloud();
    const execution = await cloud.run(
      machine({ C: { Type: "Choice", Choices: [{ Condition: false, Next: "End" }] }, End: { Type: "Succeed" } }),
    );
    expect(execution).toMatchObject({
      error: "States.Runtime",
      cause:
        "An error occurred while executing the state 'C' (entered at the event id #2). Failed to transition out of the state. The state does not point to a next state.",
    });
  });
});

describe("variables", () => {
  it("are all read as they were before the Assign", async () => {
    const cloud = await startCloud();
    const execution = await cloud.run(
      machine({
        A: { Type: "Pass", Assign: { x: 1, y: 2 }, Next: "B" },
        B: { Type: "Pass", Assign: { x: "{% $y %}", y: "{% $x %}" }, Output: "{% $x %}", Next: "C" },
        C: { Type: "Pass", Output: { before: "{% $states.input %}", x: "{% $x %}", y: "{% $y %}" }, End: true },
      }),
    );
    expect(execution.output).toEqual({ before: 1, x: 2, y: 1 });
  });
});

describe("the sizes of variables", () => {
  const text = (bytes: number) => "x".repeat(bytes);

  // Source: Step Functions guide, "Service quotas": 256 KiB for all that one Assign sets.
  it("fail a state that assigns more than 256 KiB at once", async () => {
    const cloud = await startCloud();
    const Assign = { a: text(131_000), b: text(131_200) };
    const execution = await cloud.run(machine({ A: { Type: "Pass", Assign, End: true } }));
    expect(execution).toMatchObject({ status: "FAILED", error: "States.DataLimitExceeded" });
  });

  // Source: the same page: 10 MiB for all variables of an execution.
  it("fail the state that makes an execution's variables larger than 10 MiB together", async () => {
    const cloud = await startCloud();
    const names = Array.from({ length: 42 }, (_, index) => `v${index}`);
    const states = Object.fromEntries(
      names.map((name, index) => {
        const next = names[index + 1];
        return [
          name,
          { Type: "Pass", Assign: { [name]: "{% $states.input.text %}" }, ...(next ? { Next: next } : { End: true }) },
        ];
      }),
    );
    const execution = await cloud.run(machine(states), { text: text(262_000) });
    expect(execution).toMatchObject({ status: "FAILED", error: "States.DataLimitExceeded" });
    expect(execution.cause).toContain("'v40'");
  });
});

describe("a Wait", () => {
  it("ends at the instant its timestamp names, whatever the offset", async () => {
    const cloud = await startCloud();
    const execution = await cloud.run(
      machine({ W: { Type: "Wait", Timestamp: "{% $states.input.at %}", End: true } }),
      {
        at: "2026-01-01T02:00:30+02:00",
      },
    );
    expect(execution.stopDate).toEqual(new Date("2026-01-01T00:00:30Z"));
  });
});
