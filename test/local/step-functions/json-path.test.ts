import { describe, expect, it } from "vitest";
import { validateDefinition } from "../../../local/step-functions/validation/validate.ts";
import { machine, startCloud } from "./cloud.ts";

/** A machine whose states speak JSONPath unless they say otherwise; the test cloud's own default is JSONata. */
const paths = (states: Record<string, unknown>) => machine(states, { QueryLanguage: "JSONPath" });

describe("a Task in JSONPath mode", () => {
  // Source: Step Functions guide, "Processing input and output": without paths a task gets its input, and its result is
  // the output; a caught error is the whole output.
  const task = (resource: string, fields: object) => ({ Type: "Task", Resource: resource, ...fields });
  const invocation = "arn:aws:states:::lambda:invoke";

  it("calls with its Parameters or its input, and hands on the whole result", async () => {
    const cloud = await startCloud({ functions: { f: (payload) => ({ got: payload }) } });
    const Parameters = { "FunctionName.$": "$.name", Payload: { "n.$": "$.n", of: "$$.n" } };
    const { output } = await cloud.run(
      paths({
        One: task(invocation, { Parameters, Next: "Two" }),
        Two: {
          QueryLanguage: "JSONata",
          Type: "Pass",
          Output: "{% $states.input.Payload %}",
          Next: "Three",
        },
        Three: task("arn:aws:lambda:us-east-1:123456789012:function:f", { End: true }),
      }),
      { name: "f", n: 7 },
    );
    expect(output).toEqual({ got: { got: { n: 7, of: "$$.n" } } });
  });

  it("gives its token away by a path, and hands a caught error on", async () => {
    let token = "";
    const cloud = await startCloud({ functions: { ask: (payload) => (token = String(payload)) } });
    const Parameters = { FunctionName: "ask", "Payload.$": "$$.Task.Token" };
    const Catch = [{ ErrorEquals: ["Sad"], Next: "Done" }];
    const executionArn = await cloud.start(
      paths({
        Ask: task(`${invocation}.waitForTaskToken`, { Parameters, Catch, Next: "Done" }),
        Done: { Type: "Succeed" },
      }),
    );
    await cloud.clock.advance(1000);
    await cloud.call("SendTaskFailure", { taskToken: token, error: "Sad", cause: "so" });
    expect((await cloud.finish(executionArn)).output).toBe('{"Error":"Sad","Cause":"so"}');
  });

  it.each<[object, string[], string[]]>([
    [{}, [`Parameters field is required for resource ARN: ${invocation}`], []],
    [
      { Parameters: {}, Catch: [{ ErrorEquals: ["A"], Next: "Done", Output: 1 }] },
      [
        "The field 'FunctionName' is required but was missing",
        "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage",
      ],
      [],
    ],
    [
      { Parameters: { FunctionName: "f" }, Catch: [{ ErrorEquals: ["A"], Next: "Done", ResultPath: "$.e" }] },
      [],
      ["the JSONPath field 'ResultPath' at /States/T/Catch[0]"],
    ],
    [
      { Parameters: { FunctionName: "f" }, Assign: { "a.$": "$" }, ResultSelector: {} },
      [],
      ["the JSONPath field 'ResultSelector' at /States/T", "an Assign of a Task that reads a path at /States/T"],
    ],
  ])("is checked, and refused by name, with %j", (fields, messages, missing) => {
    const text = JSON.stringify(paths({ T: task(invocation, { ...fields, Next: "Done" }), Done: { Type: "Succeed" } }));
    const found = validateDefinition(text);
    expect(found.diagnostics.map(({ message }) => message)).toEqual(messages);
    expect(found.missing).toEqual(missing);
  });
});

describe("a Pass in JSONPath mode", () => {
  // Source: states-language.net/spec.html, "Payload Template", "Reference Paths" and "Variables".
  it("fills its Parameters and variables with what plain paths lead to", async () => {
    const cloud = await startCloud();
    const Parameters = {
      "id.$": "$$.StateMachine.Name",
      "first.$": "$.list[0]['a b']",
      list: [{ "all.$": "$" }, "$.list"],
      "x.$": "$x.y",
    };
    const { output } = await cloud.run(
      paths({
        Set: { Type: "Pass", Assign: { x: { y: 1 }, "z.$": "$.list[0]" }, Next: "Again" },
        Again: { Type: "Pass", Assign: { x: { y: 2 }, "old.$": "$x.y" }, Next: "Shape" },
        Shape: { Type: "Pass", Parameters, Next: "Show" },
        Show: {
          QueryLanguage: "JSONata",
          Type: "Pass",
          Output: { in: "{% $states.input %}", old: "{% $old %}", z: "{% $z %}" },
          End: true,
        },
      }),
      { list: [{ "a b": 3 }] },
    );
    expect(output).toEqual({
      in: { id: "machine", first: 3, list: [{ all: { list: [{ "a b": 3 }] } }, "$.list"], x: 2 },
      old: 1,
      z: { "a b": 3 },
    });
  });

  it("hands on its Result as it is", async () => {
    const cloud = await startCloud();
    const definition = paths({ R: { Type: "Pass", Result: { "a.$": "$.b" }, Next: "S" }, S: { Type: "Succeed" } });
    expect((await cloud.run(definition)).output).toEqual({ "a.$": "$.b" });
  });

  it.each(["$.missing", "$.list[1]", "$.list.length", "$none", "$$.Task.Token", "$.toString"])(
    "fails with States.Runtime where %s leads nowhere",
    async (path) => {
      const cloud = await startCloud();
      const definition = paths({ P: { Type: "Pass", Parameters: { "a.$": path }, End: true } });
      const execution = await cloud.run(definition, { list: [1] });
      expect(execution).toMatchObject({ status: "FAILED", error: "States.Runtime" });
      expect(execution.cause).toContain(`The JSONPath '${path}' specified for the field 'a.$' could not be found`);
    },
  );

  it.each([
    [{ Parameters: { "a.$": "$.list[*]" } }, "the path $.list[*] at /States/P/Parameters/a.$"],
    [{ Parameters: { "a.$": "States.UUID()" } }, "the path States.UUID() at /States/P/Parameters/a.$"],
    [{ Assign: { "a.$": "$..x" } }, "the path $..x at /States/P/Assign/a.$"],
    [{ ResultPath: "$.x" }, "the JSONPath field 'ResultPath' at /States/P"],
    [{ Result: 1, Parameters: {} }, "a Pass with both Parameters and Result at /States/P"],
    [{ Result: 1, Assign: { "a.$": "$" } }, "an Assign that reads a path beside Parameters or Result at /States/P"],
  ])("is refused by name with %j", (fields, missing) => {
    const text = JSON.stringify(paths({ P: { Type: "Pass", ...fields, End: true } }));
    expect(validateDefinition(text)).toMatchObject({ diagnostics: [], missing: [missing] });
  });
});
