import { describe, expect, it } from "vitest";
import { AwsError } from "../../../local/core/aws-error.ts";
import type { Kernel, Operation } from "../../../local/core/kernel.ts";
import { machine, startCloud, types } from "./cloud.ts";

const task = (resource: string, parameters: unknown, fields: Record<string, unknown> = { End: true }) =>
  machine({ T: { Type: "Task", Resource: `arn:aws:states:::${resource}`, Arguments: parameters, ...fields } });

const register = (id: string, operations: Record<string, Operation>) => (kernel: Kernel) =>
  kernel.register({ id, operations });

describe("an SDK integration", () => {
  it("spells members with a capital both ways, writes times as text and bytes as text", async () => {
    const inputs: unknown[] = [];
    const cloud = await startCloud({
      register: register("ssm", {
        GetParameter: {
          run: (input) => {
            inputs.push(input);
            return { Parameter: { Name: "/a", Value: "v", LastModifiedDate: new Date(0), Version: 3 } };
          },
        },
      }),
    });
    const execution = await cloud.run(task("aws-sdk:ssm:getParameter", { Name: "/a", WithDecryption: true }));
    expect(inputs).toEqual([{ Name: "/a", WithDecryption: true }]);
    expect(execution.output).toEqual({
      Parameter: { Name: "/a", Value: "v", Version: 3, LastModifiedDate: "1970-01-01T00:00:00.000Z" },
    });
    const scheduled = (await cloud.history(execution.executionArn))[2]?.taskScheduledEventDetails;
    expect(scheduled).toMatchObject({ resourceType: "aws-sdk:ssm", resource: "getParameter", region: "us-east-1" });
  });

  it("names errors after the SDK for Java", async () => {
    const failures = [
      new AwsError("ParameterNotFound", "Parameter /a not found."),
      new AwsError("ThrottledSomehow", "too fast"),
    ];
    const cloud = await startCloud({
      register: register("ssm", {
        GetParameter: {
          run: () => {
            throw failures.shift();
          },
        },
      }),
    });
    const definition = task("aws-sdk:ssm:getParameter", { Name: "/a" });
    const first = await cloud.run(definition);
    expect(first.error).toBe("Ssm.ParameterNotFoundException");
    expect(first.cause).toMatch(/^Parameter \/a not found\. \(Service: Ssm, Status Code: 400, Request ID: .+\)$/);
    expect((await cloud.run(definition)).error).toBe("Ssm.SsmException");
  });

  it("fails on a member the API does not have", async () => {
    const cloud = await startCloud({ register: register("ssm", { GetParameter: { run: () => ({}) } }) });
    const execution = await cloud.run(task("aws-sdk:ssm:getParameter", { Nmae: "/a" }));
    expect(execution).toMatchObject({ status: "FAILED", error: "States.Runtime" });
    expect(execution.cause).toContain("'Nmae'");
  });

  it("says by name what this cloud does not have", async () => {
    const cloud = await startCloud();
    const execution = await cloud.run(task("aws-sdk:ec2:describeVpcs", {}));
    expect(execution).toMatchObject({ status: "FAILED", error: "Ec2.Ec2Exception" });
    expect(execution.cause).toContain("ec2:DescribeVpcs");
  });
});

describe("optimised integrations", () => {
  it("send a message whose body is written as JSON", async () => {
    const bodies: string[] = [];
    const cloud = await startCloud({
      register: register("sqs", {
        SendMessage: {
          run: (input: { MessageBody: string }) => {
            bodies.push(input.MessageBody);
            return { MessageId: "m-1", MD5OfMessageBody: "abc" };
          },
        },
      }),
    });
    const execution = await cloud.run(task("sqs:sendMessage", { QueueUrl: "http://q", MessageBody: { a: 1 } }));
    expect(bodies).toEqual(['{"a":1}']);
    expect(execution.output).toMatchObject({ MessageId: "m-1", SdkHttpMetadata: { HttpStatusCode: 200 } });
  });

  it("put events with the execution among their resources, and fail when one entry fails", async () => {
    const entries: { Resources?: string[]; Detail?: string }[] = [];
    let failed = 0;
    const cloud = await startCloud({
      register: register("events", {
        PutEvents: {
          run: (input: { Entries: typeof entries }) => {
            entries.push(...input.Entries);
            return { FailedEntryCount: failed, Entries: [{ EventId: "e" }] };
          },
        },
      }),
    });
    const definition = task("events:putEvents", { Entries: [{ Source: "kiln", DetailType: "d", Detail: { n: 1 } }] });
    const execution = await cloud.run(definition);
    expect(execution.status).toBe("SUCCEEDED");
    expect(entries[0]?.Resources).toContain(execution.executionArn);
    expect(entries[0]?.Detail).toBe('{"n":1}');
    failed = 1;
    expect(await cloud.run(definition)).toMatchObject({ status: "FAILED", error: "EventBridge.FailedEntry" });
  });
});

describe("a nested execution", () => {
  const parent = (childArn: string, resource: string) =>
    task(resource, { StateMachineArn: childArn, Input: { from: "parent" } }, { TimeoutSeconds: 100, End: true });

  async function withChild(states: Record<string, unknown>) {
    const cloud = await startCloud();
    const definition = JSON.stringify({ QueryLanguage: "JSONata", ...machine(states) });
    const { stateMachineArn } = await cloud.call<{ stateMachineArn: string }>("CreateStateMachine", {
      name: "child",
      definition,
      roleArn: "arn:aws:iam::123456789012:role/engine",
    });
    return { cloud, childArn: stateMachineArn };
  }

  it("is waited for with sync:2, its output being data", async () => {
    const { cloud, childArn } = await withChild({
      W: { Type: "Wait", Seconds: 30, Next: "P" },
      P: { Type: "Pass", Output: { got: "{% $states.input.from %}" }, End: true },
    });
    const execution = await cloud.run(parent(childArn, "states:startExecution.sync:2"));
    expect(execution.output).toMatchObject({ Status: "SUCCEEDED", Output: { got: "parent" } });
    expect((execution.stopDate?.getTime() ?? 0) - execution.startDate.getTime()).toBe(30_000);
    expect(types(await cloud.history(execution.executionArn))).toContain("TaskSubmitted");
  });

  it("is waited for with sync, its input and output being text", async () => {
    const { cloud, childArn } = await withChild({ P: { Type: "Pass", Output: { got: 1 }, End: true } });
    const execution = await cloud.run(parent(childArn, "states:startExecution.sync"));
    expect(execution.output).toMatchObject({ Input: '{"from":"parent"}', Output: '{"got":1}' });
  });

  it("fails the task when it fails", async () => {
    const { cloud, childArn } = await withChild({ F: { Type: "Fail", Error: "Inner", Cause: "why" } });
    const execution = await cloud.run(parent(childArn, "states:startExecution.sync:2"));
    expect(execution).toMatchObject({ status: "FAILED", error: "States.TaskFailed" });
    expect(JSON.parse(execution.cause ?? "{}")).toMatchObject({ Status: "FAILED", Error: "Inner", Cause: "why" });
  });

  it("is stopped when the task that waits for it times out", async () => {
    const { cloud, childArn } = await withChild({ W: { Type: "Wait", Seconds: 3000, End: true } });
    expect(await cloud.run(parent(childArn, "states:startExecution.sync:2"))).toMatchObject({
      error: "States.Timeout",
    });
    await cloud.clock.advance(10);
    const { executions } = await cloud.call<{ executions: { status: string }[] }>("ListExecutions", {
      stateMachineArn: childArn,
    });
    expect(executions.map(({ status }) => status)).toEqual(["ABORTED"]);
  });

  it("goes its own way without sync", async () => {
    const { cloud, childArn } = await withChild({ W: { Type: "Wait", Seconds: 3000, End: true } });
    const execution = await cloud.run(parent(childArn, "states:startExecution"));
    expect(execution.status).toBe("SUCCEEDED");
    expect(execution.output).toHaveProperty("ExecutionArn");
  });
});
