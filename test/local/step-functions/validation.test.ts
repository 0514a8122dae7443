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
      "goes back to JSONPath with fields of JSONata, which are not complained about too",
      machine({ A: { ...end, QueryLanguage: "JSONPath", Output: 1 } }),
      [
        "SCHEMA_VALIDATION_FAILED: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/A",
      ],
    ],
    [
      "names a language there is not",
      { QueryLanguage: "jsonata", ...machine({ A: end }) },
      ["SCHEMA_VALIDATION_FAILED: Value should be one of the following: [JSONPath, JSONata] at /QueryLanguage"],
    ],
    [
      "has an empty expression",
      machine({ A: { ...end, Output: "{%%}" } }),
      ["INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/A/Output"],
    ],
    [
      "catches everything before something",
      machine({
        A: {
          Type: "Parallel",
          Branches: [machine({ X: end })],
          Retry: [{ ErrorEquals: ["States.ALL", "Other"] }, { ErrorEquals: ["States.ALL"] }],
          Catch: [
            { ErrorEquals: ["States.ALL"], Next: "B" },
            { ErrorEquals: ["Other"], Next: "B" },
          ],
          Next: "B",
        },
        B: end,
      }),
      ["Retry[0]", "Catch[0]"].map(
        (place) =>
          `SCHEMA_VALIDATION_FAILED: States.ALL must appear alone and at end of list at /States/A/${place}/ErrorEquals[0]`,
      ),
    ],
    [
      "retries in ways that cannot be",
      machine({
        A: {
          Type: "Task",
          Resource: "arn:aws:states:::lambda:invoke",
          Arguments: { FunctionName: "f" },
          TimeoutSeconds: 10,
          HeartbeatSeconds: 10,
          Retry: [
            {
              ErrorEquals: ["X"],
              IntervalSeconds: 0.5,
              MaxAttempts: -1,
              BackoffRate: 0.5,
              MaxDelaySeconds: 31_622_401,
            },
            { ErrorEquals: ["Y"], JitterStrategy: "HALF", Delay: 1 },
          ],
          End: true,
        },
      }),
      [
        "HeartbeatSeconds must be smaller than TimeoutSeconds at /States/A/HeartbeatSeconds",
        "Expected value of type [INTEGER] at /States/A/Retry[0]/IntervalSeconds",
        "Minimum value is 0 at /States/A/Retry[0]/MaxAttempts",
        "Maximum value is 31622400 at /States/A/Retry[0]/MaxDelaySeconds",
        "Minimum value is 1 at /States/A/Retry[0]/BackoffRate",
        "Field 'Delay' is not supported at /States/A/Retry[1]",
        "Value should be one of the following: [NONE, FULL] at /States/A/Retry[1]/JitterStrategy",
      ].map((complaint) => `SCHEMA_VALIDATION_FAILED: ${complaint}`),
    ],
    [
      "assigns in a branch what is assigned around it",
      machine({
        A: { Type: "Pass", Assign: { x: 1 }, Next: "P" },
        P: {
          Type: "Parallel",
          Branches: [machine({ X: { ...end, Assign: { x: 2, y: 2 } } })],
          Assign: { y: 1 },
          End: true,
        },
      }),
      ["x", "y"].map(
        (name) =>
          `SCHEMA_VALIDATION_FAILED: The variable name '${name}' was already defined in a parent scope. at /States/P/Branches[0]/States/X/Assign/${name}`,
      ),
    ],
    [
      "tries a Resource that is none",
      machine({ A: { Type: "Task", Resource: "lambda", End: true } }),
      ["SCHEMA_VALIDATION_FAILED: Value is not a valid resource ARN at /States/A/Resource"],
    ],
    [
      "waits for what cannot be waited for",
      machine({
        A: {
          Type: "Task",
          Resource: "arn:aws:states:::lambda:invoke.sync",
          Arguments: { FunctionName: "f" },
          Next: "B",
        },
        B: { Type: "Task", Resource: "arn:aws:states:::glue:startJobRun.waitForTaskToken", Arguments: {}, End: true },
      }),
      ["A: lambda:invoke.sync", "B: glue:startJobRun.waitForTaskToken"].map((entry) => {
        const [state, resource] = entry.split(": ");
        return `SCHEMA_VALIDATION_FAILED: The resource provided arn:aws:states:::${resource} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. at /States/${state}/Resource`;
      }),
    ],
    [
      "calls a service without what it asks for",
      machine({
        A: { Type: "Task", Resource: "arn:aws:states:::sqs:sendMessage", Next: "B" },
        B: {
          Type: "Task",
          Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
          Arguments: { QueueUrl: "q" },
          Credentials: {},
          End: true,
        },
      }),
      [
        "Arguments field is required for resource ARN: arn:aws:states:::sqs:sendMessage at /States/A",
        "The field 'RoleArn' is required but was missing at /States/B/Credentials",
        "The field 'MessageBody' is required but was missing at /States/B/Arguments",
      ].map((complaint) => `SCHEMA_VALIDATION_FAILED: ${complaint}`),
    ],
    [
      "leaves a state in two ways or in none",
      machine({ A: { Type: "Pass", Next: "B", End: true }, B: { Type: "Pass" } }),
      [
        "There should only be one of the following fields: [Next, End] at /States/A",
        "This object should have only one of the following fields: [Next, End] at /States/B",
      ].map((complaint) => `SCHEMA_VALIDATION_FAILED: ${complaint}`),
    ],
    [
      "waits for two things, or for a time nobody can read",
      machine({
        A: { Type: "Wait", Seconds: 1, Timestamp: "2030-01-01T00:00:00Z", Next: "B" },
        B: { Type: "Wait", Timestamp: "2030-01-01T00:00:00+01:00", End: true },
      }),
      [
        "There should only be one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp] at /States/A",
        "String does not match RFC3339 timestamp at /States/B/Timestamp",
      ].map((complaint) => `SCHEMA_VALIDATION_FAILED: ${complaint}`),
    ],
    [
      "has nothing to choose from, nothing to do for each, and no branch",
      machine({
        P: { Type: "Parallel", Branches: [], Next: "M" },
        M: { Type: "Map", Items: "$states.input", Next: "C" },
        C: { Type: "Choice", Choices: [], Default: "P", Retry: [{ ErrorEquals: [] }] },
        D: { Type: "Choice", Choices: [{ Variable: "$.x", IsNull: true, Next: "P" }], End: "yes" },
        S: { Type: "Succeed" },
      }),
      [
        "SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/P/Branches",
        "SCHEMA_VALIDATION_FAILED: This object should have only one of the following fields: [ItemProcessor, Iterator] at /States/M",
        "SCHEMA_VALIDATION_FAILED: JSONata string must start with {% and end with %} at /States/M/Items",
        "SCHEMA_VALIDATION_FAILED: Field 'Retry' is not supported at /States/C",
        "SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/C/Retry[0]/ErrorEquals",
        "SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/C/Choices",
        "SCHEMA_VALIDATION_FAILED: Field 'End' is not supported at /States/D",
        "SCHEMA_VALIDATION_FAILED: Expected value of type [BOOLEAN] at /States/D/End",
        "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONata', but field 'Variable' is only supported for the 'JSONPath' QueryLanguage at /States/D/Choices[0]",
        'MISSING_TRANSITION_TARGET: State "D" is not reachable. at /States/D',
        'MISSING_TRANSITION_TARGET: State "S" is not reachable. at /States/S',
      ],
    ],
    [
      "names a state at too great length, and a version there is not",
      { Version: "2.0", ...machine({ ["x".repeat(81)]: { ...end, Output: "{% 1" } }) },
      [
        "SCHEMA_VALIDATION_FAILED: Value should be one of the following: [1.0] at /Version",
        `INVALID_STATE_NAME: State name '${"x".repeat(81)}' exceeds the 80-character limit allowed by the service at /States/${"x".repeat(81)}`,
        `SCHEMA_VALIDATION_FAILED: JSONata string must start with {% and end with %} at /States/${"x".repeat(81)}/Output`,
      ],
    ],
  ])("is refused when it %s", (_name, definition, expected) => {
    expect(complaints(definition)).toEqual(expected);
  });

  it("may read a context inside a path and an error inside a Catch", () => {
    const task = {
      Type: "Task",
      Resource: "arn:aws:states:::lambda:invoke",
      Arguments: { FunctionName: "f" },
      Output: "{% $states.result.Payload[ok = true].{'id': id} %}",
      Catch: [{ ErrorEquals: ["States.ALL"], Next: "B", Output: "{% $states.errorOutput.Error %}" }],
      Next: "B",
    };
    expect(complaints(machine({ A: task, B: end }))).toEqual([]);
  });

  // Source: Step Functions guide, "Passing data between states with variables": both are refused where they cannot be read.
  it.each([
    ["a Pass", { ...end, Output: "{% $states.errorOutput.Error %}" }, "errorOutput", "Output"],
    ["a Pass", { ...end, Assign: { x: "{% $states.result %}" } }, "result", "Assign/x"],
    [
      "a Task's Arguments",
      { Type: "Task", Resource: "arn:aws:states:::lambda:invoke", Arguments: "{% $states.result %}", End: true },
      "result",
      "Arguments",
    ],
  ])("may not read in %s what only comes later", (_name, state, member, place) => {
    expect(complaints(machine({ A: state }))).toEqual([
      `UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.${member}' does not exist. at /States/A/${place}`,
    ]);
  });

  it("may repeat a variable's name in scopes beside each other, and leave expressions in a rule's Comment alone", () => {
    const branch = (name: string) => machine({ [name]: { ...end, Assign: { x: 1 } } });
    const choice = { Type: "Choice", Choices: [{ Condition: true, Next: "P", Comment: "{% 1 + %}" }] };
    const parallel = { Type: "Parallel", Branches: [branch("X"), branch("Y")], End: true };
    expect(complaints(machine({ C: choice, P: parallel }))).toEqual([]);
  });

  it("may end nowhere inside a branch, as far as AWS looks", () => {
    const endless = machine({ X: { Type: "Pass", Next: "Y" }, Y: { Type: "Pass", Next: "X" } });
    expect(complaints(machine({ P: { Type: "Parallel", Branches: [endless], End: true } }))).toEqual([]);
  });

  it("may not wait for others when it is EXPRESS", () => {
    const task = (pattern: string) => ({
      Type: "Task",
      Resource: `arn:aws:states:::states:startExecution${pattern}`,
      Arguments: { StateMachineArn: "arn:aws:states:us-east-1:123456789012:stateMachine:m" },
      End: true,
    });
    const definition = machine({
      P: { Type: "Parallel", Branches: [machine({ T: task(".waitForTaskToken") })], End: true },
    });
    const text = JSON.stringify({ QueryLanguage: "JSONata", ...definition });
    expect(validateDefinition(text, "STANDARD").diagnostics).toEqual([]);
    expect(validateDefinition(text, "EXPRESS").diagnostics).toMatchObject([
      {
        message: "Express state machine does not support '.waitForTaskToken' service integration ",
        location: "/States/P/Branches[0]/States/T/Resource",
      },
    ]);
  });
});

describe("DescribeStateMachine", () => {
  // Source: its API reference, variableReferences; order and shape from LocalStack's AWS-validated suite.
  it("tells which variables each state reads", async () => {
    const cloud = await startCloud();
    const stateMachineArn = await cloud.create(
      machine({
        Set: { Type: "Pass", Assign: { b: 1, a: 2 }, Next: "M" },
        M: {
          Type: "Map",
          Items: "{% [$b] %}",
          ItemProcessor: machine({ In: { ...end, Output: "{% $sum([$b, $a, $map([1], function($i){ $i })]) %}" } }),
          Next: "Plain",
        },
        Plain: { ...end, Output: "$a" },
      }),
    );
    const described = await cloud.call("DescribeStateMachine", { stateMachineArn });
    expect(described["variableReferences"]).toEqual({ M: ["b"], In: ["a", "b"] });
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
