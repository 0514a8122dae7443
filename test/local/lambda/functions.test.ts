import { beforeEach, describe, expect, it } from "vitest";
import type { Caller } from "../../../local/core/kernel.ts";
import { type InProcessFunction, InProcessRunner } from "../../../local/lambda/in-process-runner.ts";
import { administrator, functionInput, lambdaWorld, payloadOf, roleArn } from "./lambda-world.ts";
import { zipArchive } from "./zip-archive.ts";

type Configuration = Record<string, unknown> & { FunctionArn?: string; Version?: string; CodeSha256?: string };

let functions: Record<string, InProcessFunction>;
let world: ReturnType<typeof lambdaWorld>;

beforeEach(() => {
  functions = {};
  world = lambdaWorld((clock) => new InProcessRunner(clock, functions));
});

const source = "export const handler = async () => 1;";

async function make(name: string, overrides: object = {}): Promise<Configuration> {
  return world.call<Configuration>("CreateFunction", functionInput(name, source, overrides));
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

describe("functions", () => {
  it("are described as they were made", async () => {
    const made = await make("web", { Timeout: 30, MemorySize: 512, Environment: { Variables: { LEDGER: "bucket" } } });
    expect(made).toMatchObject({
      FunctionName: "web",
      FunctionArn: "arn:aws:lambda:us-east-1:123456789012:function:web",
      Runtime: "nodejs24.x",
      Timeout: 30,
      MemorySize: 512,
      Environment: { Variables: { LEDGER: "bucket" } },
      Version: "$LATEST",
      State: "Active",
      LastUpdateStatus: "Successful",
      LastModified: "2026-01-01T00:00:00.000+0000",
      LoggingConfig: { LogFormat: "Text", LogGroup: "/aws/lambda/web" },
    });
  });

  it("are pending at first and cannot be invoked then", async () => {
    world.kernel.settings.delays.functionActiveSeconds = 2;
    expect(await make("web")).toMatchObject({ State: "Pending", LastUpdateStatus: "InProgress" });
    await expect(world.call("Invoke", { FunctionName: "web" })).rejects.toMatchObject({
      code: "ResourceConflictException",
      status: 409,
    });
    await world.clock.advance(2000);
    expect(await world.call("GetFunctionConfiguration", { FunctionName: "web" })).toMatchObject({ State: "Active" });
  });

  // Semantic: unique names. Source: API reference of CreateFunction, ResourceConflictException.
  it("are unique by name", async () => {
    await make("web");
    await expect(make("web")).rejects.toMatchObject({ code: "ResourceConflictException" });
  });

  it.each([
    ["a time-out beyond 900 s", { Timeout: 901 }, /Timeout/],
    ["too little memory", { MemorySize: 64 }, /MemorySize/],
    ["a runtime that is not here", { Runtime: "python3.13" }, /python3\.13/],
    ["layers", { Layers: ["arn:aws:lambda:us-east-1:1:layer:x:1"] }, /Layers/],
    [
      "reserved variables",
      { Environment: { Variables: { AWS_REGION: "x" } } },
      /Reserved keys used in this request: AWS_REGION/,
    ],
    ["too large an environment", { Environment: { Variables: { BIG: "x".repeat(5000) } } }, /4KB/],
    ["what is no role", { Role: "worker" }, /role/],
    ["what is no zip archive", { Code: { ZipFile: new Uint8Array([1, 2, 3]) } }, /Could not unzip/],
    ["no code at all", { Code: {} }, /source for function code/],
  ])("are refused with %s", async (_name, overrides, message) => {
    await expect(make("web", overrides)).rejects.toMatchObject({ code: "InvalidParameterValueException" });
    await expect(make("web", overrides)).rejects.toThrow(message);
    expect(await world.call("ListFunctions", {})).toMatchObject({ Functions: [] });
  });

  it("need permission on the function and to pass its role to Lambda", async () => {
    const asked: unknown[] = [];
    world.kernel.judge = (_caller, requirement) => {
      asked.push(requirement);
      return undefined;
    };
    await make("web", { Tags: { "kiln:stage": "dev" } });
    expect(asked).toEqual([
      {
        action: "lambda:CreateFunction",
        resource: "arn:aws:lambda:us-east-1:123456789012:function:web",
        context: { "aws:RequestTag/kiln:stage": "dev", "aws:TagKeys": ["kiln:stage"] },
      },
      {
        action: "iam:PassRole",
        resource: roleArn,
        context: {
          "iam:PassedToService": "lambda.amazonaws.com",
          "iam:AssociatedResourceArn": "arn:aws:lambda:us-east-1:123456789012:function:web",
        },
      },
    ]);
  });

  it("take one change at a time", async () => {
    await make("web");
    world.kernel.settings.delays.functionUpdateSeconds = 5;
    await world.call("UpdateFunctionConfiguration", { FunctionName: "web", Timeout: 9 });
    await expect(world.call("UpdateFunctionConfiguration", { FunctionName: "web", Timeout: 10 })).rejects.toThrow(
      /An update is in progress/,
    );
    await world.clock.advance(5000);
    expect(await world.call("UpdateFunctionConfiguration", { FunctionName: "web", Timeout: 10 })).toMatchObject({
      Timeout: 10,
    });
  });

  it("are gone with all their versions and aliases once deleted", async () => {
    await make("web");
    await world.call("PublishVersion", { FunctionName: "web" });
    await world.call("DeleteFunction", { FunctionName: "web" });
    for (const Qualifier of [undefined, "1"]) {
      await expect(world.call("GetFunction", { FunctionName: "web", Qualifier })).rejects.toMatchObject({
        code: "ResourceNotFoundException",
        status: 404,
      });
    }
  });
});

describe("versions and aliases", () => {
  // Semantic: Lambda: versions. Source: Lambda developer guide, "Manage Lambda function versions".
  it("freeze code and configuration, and are made only when something changed", async () => {
    await make("web", { Timeout: 5 });
    const first = await world.call<Configuration>("PublishVersion", { FunctionName: "web" });
    expect(first).toMatchObject({ Version: "1", FunctionArn: "arn:aws:lambda:us-east-1:123456789012:function:web:1" });
    expect(await world.call("PublishVersion", { FunctionName: "web" })).toMatchObject({ Version: "1" });
    await world.call("UpdateFunctionConfiguration", { FunctionName: "web", Timeout: 6 });
    expect(await world.call("PublishVersion", { FunctionName: "web" })).toMatchObject({ Version: "2", Timeout: 6 });
    const old = await world.call("GetFunctionConfiguration", { FunctionName: "web", Qualifier: "1" });
    expect(old).toMatchObject({ Timeout: 5, Version: "1" });
  });

  it("refuse code that is not the expected one", async () => {
    await make("web");
    await expect(world.call("PublishVersion", { FunctionName: "web", CodeSha256: "other" })).rejects.toThrow(
      /CodeSHA256 \(other\) is different from current CodeSHA256 in \$LATEST/,
    );
  });

  // Semantic: Lambda: versions. Source: Lambda developer guide, "Manage Lambda function versions".
  it("keep answering with the old code after an update", async () => {
    functions["web"] = (_event, context) => context.functionVersion;
    await make("web");
    await world.call("PublishVersion", { FunctionName: "web" });
    const Code = { ZipFile: zipArchive({ "functions/main.mjs": "export const handler = async () => 2;" }) };
    await world.call("UpdateFunctionCode", { FunctionName: "web", ...Code });
    await world.call("PublishVersion", { FunctionName: "web" });
    await world.call("CreateAlias", { FunctionName: "web", Name: "live", FunctionVersion: "1" });
    const answer = await world.call<{ ExecutedVersion?: string; Payload?: Uint8Array }>("Invoke", {
      FunctionName: "web:live",
    });
    expect(answer.ExecutedVersion).toBe("1");
    expect(payloadOf(answer)).toBe("1");
  });

  it("cannot be deleted while an alias names them", async () => {
    await make("web");
    await world.call("PublishVersion", { FunctionName: "web" });
    await world.call("CreateAlias", { FunctionName: "web", Name: "live", FunctionVersion: "1" });
    await expect(world.call("DeleteFunction", { FunctionName: "web", Qualifier: "1" })).rejects.toMatchObject({
      code: "ResourceConflictException",
    });
  });
});

describe("invocations", () => {
  // Semantic: Lambda: payload limit. Source: Lambda quotas: 6 MB for each synchronous request and response.
  it("refuse what is too large or no JSON", async () => {
    await make("web");
    const large = new Uint8Array(6_291_457).fill(0x20);
    await expect(world.call("Invoke", { FunctionName: "web", Payload: large })).rejects.toMatchObject({ status: 413 });
    const odd = new TextEncoder().encode("{");
    await expect(world.call("Invoke", { FunctionName: "web", Payload: odd })).rejects.toMatchObject({
      code: "InvalidRequestContentException",
    });
  });

  // Semantic: Lambda: payload limit. Source: Lambda quotas: 6 MB for each synchronous request and response.
  it("turn an answer that is too large into an error", async () => {
    functions["web"] = () => "x".repeat(6_291_600);
    await make("web");
    const answer = await world.call<{ FunctionError?: string; Payload?: Uint8Array }>("Invoke", {
      FunctionName: "web",
    });
    expect(answer.FunctionError).toBe("Unhandled");
    expect(payloadOf(answer)).toMatchObject({ errorType: "Function.ResponseSizeTooLarge" });
  });

  it("time out on the modelled clock in process", async () => {
    functions["web"] = () => new Promise(() => {});
    await make("web", { Timeout: 3 });
    const answer = world.call<{ Payload?: Uint8Array }>("Invoke", { FunctionName: "web" });
    await world.clock.advance(3000);
    expect(payloadOf(await answer)).toMatchObject({ errorType: "Sandbox.Timedout" });
  });

  it("are throttled beyond the reserved concurrency", async () => {
    let finish = (_: unknown) => {};
    functions["web"] = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    await make("web", { Timeout: 60 });
    await world.call("PutFunctionConcurrency", { FunctionName: "web", ReservedConcurrentExecutions: 1 });
    const first = world.call("Invoke", { FunctionName: "web" });
    await world.clock.advance(0);
    await expect(world.call("Invoke", { FunctionName: "web" })).rejects.toMatchObject({
      code: "TooManyRequestsException",
      status: 429,
      members: { Reason: "ReservedFunctionConcurrentInvocationLimitExceeded" },
    });
    finish("done");
    expect(await first).toMatchObject({ StatusCode: 200 });
  });

  it("are judged on the ARN with the qualifier that was named", async () => {
    const asked: string[] = [];
    await make("web");
    await world.call("PublishVersion", { FunctionName: "web" });
    world.kernel.judge = (_caller, { action, resource }) => {
      asked.push(`${action} ${resource}`);
      return undefined;
    };
    await world.call("Invoke", { FunctionName: "web", Qualifier: "1", InvocationType: "DryRun" });
    expect(asked).toEqual(["lambda:InvokeFunction arn:aws:lambda:us-east-1:123456789012:function:web:1"]);
  });

  it("show the function who it is to other services", async () => {
    let caller: Caller = administrator;
    functions["web"] = (_event, context) => {
      caller = context.caller;
    };
    await make("web");
    await world.call("Invoke", { FunctionName: "web" });
    expect(caller).toMatchObject({
      kind: "role",
      name: "worker",
      arn: "arn:aws:sts::123456789012:assumed-role/worker/web",
    });
  });
});

describe("asynchronous events", () => {
  it("are answered at once and run later", async () => {
    const seen: unknown[] = [];
    functions["web"] = (event) => seen.push(event);
    world.kernel.jobs.start();
    await make("web");
    const Payload = json({ n: 1 });
    expect(await world.call("Invoke", { FunctionName: "web", InvocationType: "Event", Payload })).toEqual({
      StatusCode: 202,
    });
    expect(seen).toEqual([]);
    await world.clock.advance(1);
    expect(seen).toEqual([{ n: 1 }]);
  });

  it("are tried twice more, after one and two minutes, then sent to the dead-letter queue", async () => {
    const attempts: number[] = [];
    const sent: unknown[] = [];
    functions["web"] = () => {
      attempts.push((world.clock.now() - Date.UTC(2026, 0, 1)) / 1000);
      throw new Error("no");
    };
    world.kernel.register({
      id: "sqs",
      operations: {
        GetQueueUrl: { run: () => ({ QueueUrl: "http://queue" }) },
        SendMessage: { run: (input) => sent.push(input) },
      },
    });
    world.kernel.jobs.start();
    await make("web", { DeadLetterConfig: { TargetArn: "arn:aws:sqs:us-east-1:123456789012:dead" } });
    await world.call("Invoke", { FunctionName: "web", InvocationType: "Event", Payload: json({ n: 1 }) });
    await world.clock.advance(600_000);
    expect(attempts).toEqual([0, 60, 180]);
    expect(sent).toMatchObject([
      {
        QueueUrl: "http://queue",
        MessageBody: '{"n":1}',
        MessageAttributes: { ErrorMessage: { StringValue: "no" }, ErrorCode: { StringValue: "200" } },
      },
    ]);
  });
});

describe("permissions of other principals", () => {
  it("are statements of the function's policy", async () => {
    await make("web");
    await world.call("AddPermission", {
      FunctionName: "web",
      StatementId: "rule",
      Action: "lambda:InvokeFunction",
      Principal: "events.amazonaws.com",
      SourceArn: "arn:aws:events:us-east-1:123456789012:rule/upload",
    });
    const arn = "arn:aws:lambda:us-east-1:123456789012:function:web";
    const expected = {
      Version: "2012-10-17",
      Id: "default",
      Statement: [
        {
          Sid: "rule",
          Effect: "Allow",
          Principal: { Service: "events.amazonaws.com" },
          Action: "lambda:InvokeFunction",
          Resource: arn,
          Condition: { ArnLike: { "AWS:SourceArn": "arn:aws:events:us-east-1:123456789012:rule/upload" } },
        },
      ],
    };
    expect(JSON.parse(world.lambda.resourcePolicy(arn) ?? "")).toEqual(expected);
    expect(world.lambda.resourcePolicy(`${arn}:1`)).toBeUndefined();
    await world.call("RemovePermission", { FunctionName: "web", StatementId: "rule" });
    expect(world.lambda.resourcePolicy(arn)).toBeUndefined();
  });
});
