import type {
  GetCommandInvocationCommandOutput,
  GetParameterCommandOutput,
  GetParametersByPathCommandOutput,
  ListCommandInvocationsCommandOutput,
  SendCommandCommandOutput,
} from "@aws-sdk/client-ssm";
import { beforeEach, describe, expect, it } from "vitest";
import { AwsError } from "../../../local/core/aws-error.ts";
import { VirtualClock } from "../../../local/core/clock.ts";
import { type AwsEvent, type Caller, Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { KmsService } from "../../../local/kms/service.ts";
import type { InstanceAgents, ScriptLimits, ScriptResult } from "../../../local/ssm/instance-agents.ts";
import { SsmService } from "../../../local/ssm/service.ts";

const administrator: Caller = {
  kind: "user",
  arn: "arn:aws:iam::123456789012:user/admin",
  accountId: "123456789012",
  name: "admin",
};

let clock: VirtualClock;
let kernel: Kernel;
let ssm: SsmService;
let events: AwsEvent[];
let answer: (script: string, limits: ScriptLimits) => Promise<ScriptResult>;
let reachable: boolean;

const agents: InstanceAgents = {
  registered: () => [
    {
      instanceId: "i-0123456789abcdef0",
      ipAddress: "172.31.0.5",
      platformName: "Amazon Linux",
      platformVersion: "2023",
      computerName: "ip-172-31-0-5",
      registeredAtMs: Date.UTC(2026, 0, 1),
      tags: { "kiln:service": "web" },
      isOnline: reachable,
    },
  ],
  run: (_instanceId, script, limits) => answer(script, limits),
};

beforeEach(async () => {
  clock = new VirtualClock();
  kernel = new Kernel(settingsWith(), clock);
  kernel.judge = () => undefined;
  reachable = true;
  answer = async () => ({ exitCode: 0, stdout: "", stderr: "" });
  ssm = new SsmService(kernel, agents);
  kernel.register(ssm);
  kernel.register(new KmsService(kernel));
  await kernel.start();
  events = [];
  kernel.on("aws.event", (event) => events.push(event));
});

function call<O = unknown>(operation: string, input: object): Promise<O> {
  return kernel.call<O>("ssm", operation, input, administrator);
}

function put(Name: string, Value: string, more: object = {}) {
  return call("PutParameter", { Name, Value, Type: "String", ...more });
}

async function get(Name: string, more: object = {}) {
  return (await call<GetParameterCommandOutput>("GetParameter", { Name, ...more })).Parameter;
}

describe("parameters", () => {
  it("are read as they were written, with version and ARN", async () => {
    expect(await put("/kiln/dev/live", "web-000001")).toEqual({ Version: 1, Tier: "Standard" });
    expect(await get("/kiln/dev/live")).toEqual({
      Name: "/kiln/dev/live",
      Type: "String",
      Value: "web-000001",
      Version: 1,
      LastModifiedDate: new Date(Date.UTC(2026, 0, 1)),
      ARN: "arn:aws:ssm:us-east-1:123456789012:parameter/kiln/dev/live",
      DataType: "text",
    });
  });

  it("are overwritten only on request, and older versions can still be read", async () => {
    await put("/a", "1");
    await expect(put("/a", "2")).rejects.toMatchObject({ code: "ParameterAlreadyExists" });
    expect((await get("/a"))?.Value).toBe("1");
    expect(await put("/a", "2", { Overwrite: true })).toMatchObject({ Version: 2 });
    expect(await get("/a:1")).toMatchObject({ Value: "1", Version: 1, Selector: ":1" });
    await expect(get("/a:3")).rejects.toMatchObject({ code: "ParameterVersionNotFound" });
    await expect(get("/b")).rejects.toMatchObject({ code: "ParameterNotFound" });
  });

  // Semantic: Systems Manager: limits. Source: API reference of PutParameter, ParameterMaxVersionLimitExceeded.
  it("keep a hundred versions, and a label holds the oldest", async () => {
    for (let version = 1; version <= 101; version++) await put("/a", String(version), { Overwrite: true });
    await expect(get("/a:1")).rejects.toMatchObject({ code: "ParameterVersionNotFound" });
    await call("LabelParameterVersion", { Name: "/a", ParameterVersion: 2, Labels: ["keep"] });
    await expect(put("/a", "102", { Overwrite: true })).rejects.toMatchObject({
      code: "ParameterMaxVersionLimitExceeded",
    });
    expect((await get("/a:keep"))?.Value).toBe("2");
    await call("LabelParameterVersion", { Name: "/a", ParameterVersion: 50, Labels: ["keep"] });
    expect(await put("/a", "102", { Overwrite: true })).toMatchObject({ Version: 102 });
    expect((await get("/a:keep"))?.Value).toBe("50");
  });

  it.each([
    ["more than 4 KB", { Value: "x".repeat(4097) }, "ValidationException"],
    ["more than 8 KB in the advanced tier", { Value: "x".repeat(8193), Tier: "Advanced" }, "ValidationException"],
    ["a name of AWS's", { Name: "/aws/x" }, "AccessDeniedException"],
    ["an odd name", { Name: "/a b" }, "ValidationException"],
    ["too deep a name", { Name: "/a".repeat(16) }, "HierarchyLevelLimitExceededException"],
    ["a value outside its pattern", { AllowedPattern: "^\\d+$" }, "ParameterPatternMismatchException"],
    ["policies", { Policies: "[{}]" }, "ValidationException"],
  ])("are refused with %s", async (_name, more, code) => {
    await expect(put("/a", "value", more)).rejects.toMatchObject({ code });
  });

  it("are listed by path, one level or all of them", async () => {
    for (const name of ["/kiln/dev/b", "/kiln/dev/a", "/kiln/dev/web/live", "/kiln/development"]) await put(name, "x");
    const names = async (more: object) => {
      const output = await call<GetParametersByPathCommandOutput>("GetParametersByPath", {
        Path: "/kiln/dev",
        ...more,
      });
      return output.Parameters?.map((one) => one.Name);
    };
    expect(await names({})).toEqual(["/kiln/dev/a", "/kiln/dev/b"]);
    expect(await names({ Recursive: true })).toEqual(["/kiln/dev/a", "/kiln/dev/b", "/kiln/dev/web/live"]);
  });

  it("that are secret are stored encrypted and shown only decrypted on request", async () => {
    await put("/secret", "hidden", { Type: "SecureString" });
    expect((await get("/secret"))?.Value).not.toContain("hidden");
    expect((await get("/secret", { WithDecryption: true }))?.Value).toBe("hidden");
    expect(JSON.stringify(kernel.store.collection("ssm.parameters").list())).not.toContain("hidden");
  });

  it("of AWS's own are there for everyone and cannot be changed", async () => {
    ssm.seedPublic("/aws/service/debian/release/12/latest/amd64", "ami-1");
    ssm.seedPublic("/aws/service/debian/release/12/latest/amd64", "ami-2");
    expect(await get("/aws/service/debian/release/12/latest/amd64")).toMatchObject({
      Value: "ami-2",
      Version: 2,
      ARN: "arn:aws:ssm:us-east-1::parameter/aws/service/debian/release/12/latest/amd64",
    });
    expect(await call("DescribeParameters", {})).toMatchObject({ Parameters: [] });
    const Name = "/aws/service/debian/release/12/latest/amd64";
    await expect(call("DeleteParameter", { Name })).rejects.toMatchObject({ code: "ParameterNotFound" });
  });

  it("tell EventBridge what happened to them", async () => {
    await put("/a", "1");
    await put("/a", "2", { Overwrite: true });
    await call("DeleteParameter", { Name: "/a" });
    expect(events.map((event) => [event["detail-type"], event.detail["operation"]])).toEqual([
      ["Parameter Store Change", "Create"],
      ["Parameter Store Change", "Update"],
      ["Parameter Store Change", "Delete"],
    ]);
  });

  it("of an image are written only once the image was found", async () => {
    kernel.register({
      id: "ec2",
      operations: {
        DescribeImages: {
          run: (input: { ImageIds: string[] }) => {
            if (input.ImageIds[0] === "ami-good") return { Images: [{}] };
            throw new AwsError("InvalidAMIID.NotFound", "The image id does not exist");
          },
        },
      },
    });
    const image = { DataType: "aws:ec2:image" };
    expect(await put("/good", "ami-good", image)).toMatchObject({ Version: 1 });
    expect(await put("/bad", "ami-bad", image)).toMatchObject({ Version: 1 });
    await expect(get("/good")).rejects.toMatchObject({ code: "ParameterNotFound" });
    await clock.advance(5000);
    expect(await get("/good")).toMatchObject({ Value: "ami-good", DataType: "aws:ec2:image" });
    await expect(get("/bad")).rejects.toMatchObject({ code: "ParameterNotFound" });
    expect(events.at(-1)?.detail).toMatchObject({ name: "/bad", dataType: "aws:ec2:image" });
  });

  it("are judged by their ARN, and tags at creation too", async () => {
    const asked: unknown[] = [];
    kernel.judge = (_caller, requirement) => {
      asked.push([requirement.action, requirement.resource, requirement.context]);
      return undefined;
    };
    await put("/a", "1", { Tags: [{ Key: "kiln:stage", Value: "dev" }] });
    await get("/a");
    const arn = "arn:aws:ssm:us-east-1:123456789012:parameter/a";
    const tags = { "aws:RequestTag/kiln:stage": "dev", "aws:TagKeys": ["kiln:stage"] };
    expect(asked).toEqual([
      ["ssm:PutParameter", arn, { "ssm:Overwrite": "false", ...tags }],
      ["ssm:AddTagsToResource", arn, tags],
      ["ssm:GetParameter", arn, { "aws:ResourceTag/kiln:stage": "dev" }],
    ]);
  });
});

describe("Run Command", () => {
  function send(more: object = {}) {
    return call<SendCommandCommandOutput>("SendCommand", {
      DocumentName: "AWS-RunShellScript",
      InstanceIds: ["i-0123456789abcdef0"],
      Parameters: { commands: ["echo one", "echo two"] },
      ...more,
    });
  }

  async function invocation(sent: SendCommandCommandOutput) {
    const CommandId = sent.Command?.CommandId;
    const input = { CommandId, InstanceId: "i-0123456789abcdef0" };
    return call<GetCommandInvocationCommandOutput>("GetCommandInvocation", input);
  }

  // Semantic: eventual consistency after a create, on by default. Source: boto/boto3 issue 2701: InvocationDoesNotExist
  // right after SendCommand.
  it("runs a script on the instance and gives back what it printed", async () => {
    const scripts: string[] = [];
    answer = async (script) => {
      scripts.push(script);
      return { exitCode: 0, stdout: "one\ntwo\n", stderr: "" };
    };
    const sent = await send({ Parameters: { commands: ["echo one", "echo two"], workingDirectory: ["/tmp/it's"] } });
    await expect(invocation(sent)).rejects.toMatchObject({ code: "InvocationDoesNotExist" });
    await clock.advance(1000);
    expect(await invocation(sent)).toMatchObject({
      Status: "Success",
      ResponseCode: 0,
      StandardOutputContent: "one\ntwo\n",
    });
    expect(scripts).toEqual(["cd '/tmp/it'\\''s' || exit 1\necho one\necho two"]);
  });

  it("fails with the script, and times out without an answer", async () => {
    answer = async () => ({ exitCode: 3, stdout: "", stderr: "no\n" });
    const failed = await send();
    await clock.advance(1000);
    expect(await invocation(failed)).toMatchObject({ Status: "Failed", ResponseCode: 3, StandardErrorContent: "no\n" });
    answer = async (_script, { limitSeconds }) => ({
      exitCode: 137,
      stdout: `${limitSeconds}`,
      stderr: "",
      timedOut: true,
    });
    const slow = await send({ Parameters: { commands: ["sleep 100"], executionTimeout: ["5"] } });
    await clock.advance(1000);
    expect(await invocation(slow)).toMatchObject({
      Status: "TimedOut",
      StatusDetails: "Execution Timed Out",
      ResponseCode: 137,
      StandardOutputContent: "5",
    });
  });

  it("gives up a command when the agent that ran it was never heard of again", async () => {
    answer = () => Promise.reject(new Error("the machine is gone"));
    const sent = await send({ Parameters: { commands: ["reboot"], executionTimeout: ["5"] } });
    await clock.advance(2000);
    expect(await invocation(sent)).toMatchObject({ Status: "InProgress", ResponseCode: -1 });
    await clock.advance(5000);
    expect(await invocation(sent)).toMatchObject({ Status: "TimedOut", StatusDetails: "Execution Timed Out" });
  });

  // Semantic: Systems Manager: Run Command. Source: Systems Manager user guide, "Understanding command statuses":
  // Delivery Timed Out.
  it("is not delivered to an agent that stays away, and not run when it comes back too late", async () => {
    const scripts: string[] = [];
    answer = async (script) => {
      scripts.push(script);
      return { exitCode: 0, stdout: "", stderr: "" };
    };
    const sent = await send({ TimeoutSeconds: 30 });
    reachable = false;
    await clock.advance(29_000);
    expect(await invocation(sent)).toMatchObject({ Status: "Pending" });
    await clock.advance(1000);
    reachable = true;
    await clock.advance(10_000);
    expect(await invocation(sent)).toMatchObject({ Status: "TimedOut", StatusDetails: "Delivery Timed Out" });
    expect(scripts).toEqual([]);
  });

  it("ends the script of a command that is cancelled", async () => {
    let ended = false;
    answer = (_script, { cancelled }) =>
      new Promise((_resolve, reject) => {
        cancelled.addEventListener("abort", () => {
          ended = true;
          reject(new Error("cancelled"));
        });
      });
    const sent = await send();
    await clock.advance(1000);
    await call("CancelCommand", { CommandId: sent.Command?.CommandId });
    expect(ended).toBe(true);
    await clock.advance(3_700_000);
    expect(await invocation(sent)).toMatchObject({ Status: "Cancelled" });
  });

  // Semantic: Systems Manager: limits. Source: API references of GetCommandInvocation (24,000 and 8,000 characters) and
  // of ListCommandInvocations (2,500).
  it("shows the first 24,000 characters of the output, 8,000 of the errors, 2,500 in a list", async () => {
    answer = async () => ({ exitCode: 0, stdout: "o".repeat(30_000), stderr: "e".repeat(30_000) });
    const sent = await send();
    await clock.advance(1000);
    const one = await invocation(sent);
    expect([one.StandardOutputContent?.length, one.StandardErrorContent?.length]).toEqual([24_000, 8000]);
    const listed = await call<ListCommandInvocationsCommandOutput>("ListCommandInvocations", {
      CommandId: sent.Command?.CommandId,
      Details: true,
    });
    const output = listed.CommandInvocations?.[0]?.CommandPlugins?.[0]?.Output;
    expect(output).toHaveLength(2500);
    expect(output).toMatch(/--output truncated--$/);
  });

  it("refuses a time-out that the document does not allow, and instances that do not answer", async () => {
    const tooLong = { Parameters: { commands: ["true"], executionTimeout: ["172801"] } };
    await expect(send(tooLong)).rejects.toMatchObject({ code: "InvalidParameters" });
    reachable = false;
    await expect(send()).rejects.toMatchObject({ code: "InvalidInstanceId" });
  });

  it("finds instances by tag, and refuses those without an agent", async () => {
    const Targets = [{ Key: "tag:kiln:service", Values: ["web"] }];
    const sent = await send({ InstanceIds: undefined, Targets });
    expect(sent.Command?.InstanceIds).toEqual(["i-0123456789abcdef0"]);
    await expect(send({ InstanceIds: ["i-00000000000000000"] })).rejects.toMatchObject({ code: "InvalidInstanceId" });
    await expect(send({ DocumentName: "AWS-RunPowerShellScript" })).rejects.toMatchObject({ code: "InvalidDocument" });
  });

  it("shows which instances have an agent", async () => {
    expect(await call("DescribeInstanceInformation", {})).toMatchObject({
      InstanceInformationList: [{ InstanceId: "i-0123456789abcdef0", PingStatus: "Online", PlatformType: "Linux" }],
    });
  });
});
