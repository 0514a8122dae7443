import { describe, expect, it } from "vitest";
import { validateDefinition } from "../../../local/step-functions/validation/validate.ts";
import { machine, roleArn, startCloud } from "./cloud.ts";

function complaints(definition: unknown): string[] {
  const text =
    typeof definition === "string"
      ? definition
      : JSON.stringify({ QueryLanguage: "JSONata", ...(definition as object) });
  return validateDefinition(text).diagnostics.map(
    ({ code, message, location }) => `${code}: ${message} at ${location ?? null}`,
  );
}

const end = { Type: "Pass", End: true };

describe("a definition", () => {
  it("is fine when every state is reached and one ends", () => {
    expect(complaints(machine({ A: { Type: "Pass", Next: "B" }, B: end }))).toEqual([]);
  });

  it.each<[string, unknown, string[]]>([
    ["is empty text", "", ["SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object at null"]],
    ["has nothing in it", "{}", ["SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /"]],
    [
      "never ends",
      machine({ A: { Type: "Pass", Next: "B" }, B: { Type: "Pass", Next: "A" } }),
      ["MISSING_END_STATE: Workflow has no terminal state at null"],
    ],
    [
      "goes nowhere",
      machine({ A: { Type: "Pass", Next: "Nope" } }),
      [
        "MISSING_TRANSITION_TARGET: Missing 'Next' target: Nope at /States/A/Next",
        "MISSING_END_STATE: Workflow has no terminal state at null",
      ],
    ],
    [
      "has a state nothing leads to",
      machine({ A: end, C: end }),
      ['MISSING_TRANSITION_TARGET: State "C" is not reachable. at /States/C'],
    ],
    [
      "has a field where it does not belong",
      machine({ A: { Type: "Pass", Catch: [], End: true } }),
      ["SCHEMA_VALIDATION_FAILED: Field 'Catch' is not supported at /States/A"],
    ],
    [
      "goes back to JSONPath",
      machine({ A: { ...end, QueryLanguage: "JSONPath" } }),
      [
        "SCHEMA_VALIDATION_FAILED: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/A",
      ],
    ],
    [
      "uses a JSONPath field",
      machine({ A: { ...end, ResultPath: "$.x" } }),
      [
        "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONata', but field 'ResultPath' is only supported for the 'JSONPath' QueryLanguage at /States/A",
      ],
    ],
    [
      "has an expression that does not parse",
      machine({ A: { ...end, Output: { v: "{% 1 + %}" } } }),
      ["INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/A/Output/v"],
    ],
    [
      "reads a bare name",
      machine({ A: { ...end, Output: { v: "{% phone[type = 'home'] %}" } } }),
      ["UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported. at /States/A/Output/v"],
    ],
    [
      "tries a Resource that is none",
      machine({ A: { Type: "Task", Resource: "lambda", End: true } }),
      [
        "SCHEMA_VALIDATION_FAILED: The resource provided lambda is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. at /States/A/Resource",
      ],
    ],
  ])("is refused when it %s", (_name, definition, expected) => {
    expect(complaints(definition)).toEqual(expected);
  });

  it("may read a context inside a path and an error inside a Catch", () => {
    const task = {
      Type: "Task",
      Resource: "arn:aws:states:::lambda:invoke",
      Output: "{% $states.result.Payload[ok = true].{'id': id} %}",
      Catch: [{ ErrorEquals: ["States.ALL"], Next: "B", Output: "{% $states.errorOutput.Error %}" }],
      Next: "B",
    };
    expect(complaints(machine({ A: task, B: end }))).toEqual([]);
    const [complaint] = complaints(machine({ A: { ...end, Output: "{% $states.errorOutput.Error %}" } }));
    expect(complaint).toContain("UNSUPPORTED_JSONATA_EXPRESSION");
  });
});

describe("CreateStateMachine", () => {
  it("puts AWS's complaints into InvalidDefinition", async () => {
    const cloud = await startCloud();
    await expect(cloud.create(machine({ A: { Type: "Pass", Next: "A" } }))).rejects.toMatchObject({
      code: "InvalidDefinition",
      message: "Invalid State Machine Definition: 'MISSING_END_STATE: Workflow has no terminal state at null'",
    });
  });

  it("names the part of the language this cloud lacks", async () => {
    const cloud = await startCloud();
    const map = {
      Type: "Map",
      ItemProcessor: { ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" }, ...machine({ P: end }) },
      End: true,
    };
    await expect(cloud.create(machine({ M: map }))).rejects.toMatchObject({ code: "NotImplemented", status: 501 });
  });

  it("refuses an SDK action that does not exist", async () => {
    const cloud = await startCloud();
    const task = { Type: "Task", Resource: "arn:aws:states:::aws-sdk:ec2:describeNothing", Arguments: {}, End: true };
    await expect(cloud.create(machine({ T: task }))).rejects.toMatchObject({ code: "InvalidDefinition" });
  });

  it("refuses a role that does not trust Step Functions", async () => {
    const cloud = await startCloud();
    const { AwsError } = await import("../../../local/core/aws-error.ts");
    const sts = cloud.kernel.services().find(({ id }) => id === "sts");
    const operation = sts?.operations["AssumeRole"];
    if (!operation) throw new Error("no AssumeRole");
    operation.run = () => {
      throw new AwsError("AccessDenied", "not trusted", 403);
    };
    await expect(
      cloud.call("CreateStateMachine", { name: "m", definition: JSON.stringify(machine({ A: end })), roleArn }),
    ).rejects.toMatchObject({
      code: "AccessDeniedException",
      message: expect.stringContaining("states.amazonaws.com"),
    });
  });
});
