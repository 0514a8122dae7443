import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DescribeLogGroupsCommandOutput } from "@aws-sdk/client-cloudwatch-logs";
import type { GetParameterCommandOutput } from "@aws-sdk/client-ssm";
import { beforeEach, describe, expect, it } from "vitest";
import { stackWorld } from "./stack-world.ts";

let world: Awaited<ReturnType<typeof stackWorld>>;

beforeEach(async () => {
  world = await stackWorld();
});

function parameter(Value: unknown, more: object = {}) {
  return { Type: "AWS::SSM::Parameter", Properties: { Type: "String", Value, ...more } };
}

function group(LogGroupName?: string, more: object = {}) {
  return { Type: "AWS::Logs::LogGroup", Properties: { LogGroupName, ...more } };
}

async function parameterValue(name: string): Promise<string | undefined> {
  try {
    const output = await world.call<GetParameterCommandOutput>("ssm", "GetParameter", { Name: name });
    return output.Parameter?.Value;
  } catch {
    return undefined;
  }
}

async function groupNames(): Promise<(string | undefined)[]> {
  const output = await world.call<DescribeLogGroupsCommandOutput>("logs", "DescribeLogGroups", {});
  return (output.logGroups ?? []).map((one) => one.logGroupName);
}

describe("creating a stack", () => {
  it("makes its resources in order, through the cloud's own APIs, and gives its outputs", async () => {
    const template = {
      Parameters: { Days: { Type: "Number", Default: 7 } },
      Resources: {
        Pointer: parameter({ "Fn::GetAtt": ["Log", "Arn"] }, { Name: "/web/log" }),
        Log: group("/web", { RetentionInDays: { Ref: "Days" } }),
      },
      Outputs: { Log: { Value: { "Fn::Sub": `\${Log} in \${AWS::Region}` } } },
    };
    expect(await world.run("CreateStack", template)).toBe("CREATE_COMPLETE");
    expect(await world.events()).toEqual([
      "web CREATE_IN_PROGRESS",
      "Log CREATE_IN_PROGRESS",
      "Log CREATE_COMPLETE",
      "Pointer CREATE_IN_PROGRESS",
      "Pointer CREATE_COMPLETE",
      "web CREATE_COMPLETE",
    ]);
    expect(await parameterValue("/web/log")).toBe("arn:aws:logs:us-east-1:123456789012:log-group:/web:*");
    expect((await world.describe())?.Outputs).toMatchObject([{ OutputKey: "Log", OutputValue: "/web in us-east-1" }]);
    expect(await world.call("logs", "DescribeLogGroups", {})).toMatchObject({ logGroups: [{ retentionInDays: 7 }] });
  });

  it("names what the template leaves unnamed", async () => {
    await world.run("CreateStack", { Resources: { Log: group() } });
    expect((await world.resources())["Log"]).toMatch(/^web-Log-[A-Z2-7]{12}$/);
  });

  it("leaves out what its condition leaves out", async () => {
    const template = {
      Conditions: { Never: { "Fn::Equals": ["a", "b"] } },
      Resources: { Kept: group("kept"), Left: { ...group("left"), Condition: "Never" } },
    };
    await world.run("CreateStack", template);
    expect(await groupNames()).toEqual(["kept"]);
  });

  it("removes what it made when a resource fails, and says why", async () => {
    await world.call("logs", "CreateLogGroup", { logGroupName: "taken" });
    const template = { Resources: { First: group("first"), Second: { ...group("taken"), DependsOn: "First" } } };
    expect(await world.run("CreateStack", template)).toBe("ROLLBACK_COMPLETE");
    expect(await world.events()).toEqual([
      "web CREATE_IN_PROGRESS",
      "First CREATE_IN_PROGRESS",
      "First CREATE_COMPLETE",
      "Second CREATE_IN_PROGRESS",
      "Second CREATE_FAILED",
      "web ROLLBACK_IN_PROGRESS",
      "Second DELETE_IN_PROGRESS",
      "Second DELETE_COMPLETE",
      "First DELETE_IN_PROGRESS",
      "First DELETE_COMPLETE",
      "web ROLLBACK_COMPLETE",
    ]);
    expect(await groupNames()).toEqual(["taken"]);
  });

  it("leaves what failed where it is when told not to roll back", async () => {
    await world.call("logs", "CreateLogGroup", { logGroupName: "taken" });
    const template = { Resources: { First: group("first"), Second: { ...group("taken"), DependsOn: "First" } } };
    expect(await world.run("CreateStack", template, { DisableRollback: true })).toBe("CREATE_FAILED");
    expect(await groupNames()).toEqual(["first", "taken"]);
  });

  it.each([
    ["a type that is not here", { Resources: { A: { Type: "AWS::EC2::Instance" } } }, /AWS::EC2::Instance/],
    ["a reference to nothing", { Resources: { A: parameter({ Ref: "B" }) } }, /\[B\]/],
    [
      "a parameter without a value",
      { Parameters: { P: { Type: "String" } }, Resources: { A: group() } },
      /\[P\] must have values/,
    ],
  ])("is refused at once with %s", async (_name, template, message) => {
    await expect(world.run("CreateStack", template)).rejects.toThrow(message);
    expect(await world.status()).toBe("gone");
  });

  it("fails with an unknown, missing or ill-typed property, naming it", async () => {
    const cases: [object, RegExp][] = [
      [group("a", { Colour: "red" }), /extraneous key \[Colour\]/],
      [{ Type: "AWS::SSM::Parameter", Properties: { Type: "String" } }, /required key \[Value\]/],
      [group("a", { RetentionInDays: "soon" }), /#\/RetentionInDays: expected type: Integer/],
    ];
    for (const [resource, message] of cases) {
      await world.run("CreateStack", { Resources: { A: resource } });
      const stack = await world.describe();
      expect(stack?.StackStatus).toBe("ROLLBACK_COMPLETE");
      await world.run("DeleteStack");
      const reasons = await world.call<{ StackEvents: { ResourceStatusReason?: string }[] }>(
        "cloudformation",
        "DescribeStackEvents",
        { StackName: stack?.StackId },
      );
      expect(reasons.StackEvents.map((event) => event.ResourceStatusReason).join("\n")).toMatch(message);
    }
  });

  it("with roles needs their acknowledgement", async () => {
    const Properties = { RoleName: "r", AssumeRolePolicyDocument: { Version: "2012-10-17", Statement: [] } };
    const template = { Resources: { Role: { Type: "AWS::IAM::Role", Properties } } };
    const more = { Capabilities: ["CAPABILITY_IAM"] };
    await expect(world.run("CreateStack", template, more)).rejects.toMatchObject({
      code: "InsufficientCapabilitiesException",
      message: "Requires capabilities : [CAPABILITY_NAMED_IAM]",
    });
  });

  it("does only what its caller may do", async () => {
    const judge = world.kernel.judge;
    world.kernel.judge = (caller, requirement) =>
      requirement.action === "logs:CreateLogGroup"
        ? "because no identity-based policy allows the logs:CreateLogGroup action"
        : judge(caller, requirement);
    expect(await world.run("CreateStack", { Resources: { Log: group("a") } })).toBe("ROLLBACK_COMPLETE");
    world.kernel.judge = judge;
    expect(await groupNames()).toEqual([]);
  });
});

describe("updating a stack", () => {
  const before = { Resources: { A: parameter("1", { Name: "/a" }), B: parameter("2", { Name: "/b" }) } };

  it("changes in place, makes what is new and removes what is gone", async () => {
    await world.run("CreateStack", before);
    const after = { Resources: { A: parameter("10", { Name: "/a" }), C: parameter("3", { Name: "/c" }) } };
    expect(await world.run("UpdateStack", after)).toBe("UPDATE_COMPLETE");
    expect(await Promise.all(["/a", "/b", "/c"].map(parameterValue))).toEqual(["10", undefined, "3"]);
    expect((await world.events()).slice(6)).toEqual([
      "web UPDATE_IN_PROGRESS",
      "A UPDATE_IN_PROGRESS",
      "A UPDATE_COMPLETE",
      "C CREATE_IN_PROGRESS",
      "C CREATE_COMPLETE",
      "web UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
      "B DELETE_IN_PROGRESS",
      "B DELETE_COMPLETE",
      "web UPDATE_COMPLETE",
    ]);
  });

  it("makes the new one before it removes the old one where a change replaces", async () => {
    await world.run("CreateStack", {
      Resources: { Log: group("old"), Name: parameter({ Ref: "Log" }, { Name: "/n" }) },
    });
    await world.run("UpdateStack", {
      Resources: { Log: group("new"), Name: parameter({ Ref: "Log" }, { Name: "/n" }) },
    });
    expect(await groupNames()).toEqual(["new"]);
    expect(await parameterValue("/n")).toBe("new");
  });

  it("keeps what its policies say to keep", async () => {
    const kept = { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" };
    await world.run("CreateStack", { Resources: { A: { ...group("a"), ...kept }, B: { ...group("b"), ...kept } } });
    await world.run("UpdateStack", { Resources: { A: { ...group("a2"), ...kept } } });
    expect(await groupNames()).toEqual(["a", "a2", "b"]);
    expect(await world.events()).toContain("B DELETE_SKIPPED");
  });

  it("is refused when nothing changes, or while another operation runs", async () => {
    await world.run("CreateStack", before);
    await expect(world.run("UpdateStack", before)).rejects.toThrow("No updates are to be performed.");
    const after = { Resources: { A: parameter("5", { Name: "/a" }) } };
    const TemplateBody = JSON.stringify(after);
    await world.call("cloudformation", "UpdateStack", { StackName: "web", TemplateBody });
    await expect(world.run("UpdateStack", before)).rejects.toThrow(
      /is in UPDATE_IN_PROGRESS state and can not be updated/,
    );
  });

  it("goes back to what was when a resource fails: values, replacements and new resources", async () => {
    await world.call("logs", "CreateLogGroup", { logGroupName: "taken" });
    await world.run("CreateStack", { Resources: { A: parameter("1", { Name: "/a" }), Log: group("old") } });
    const after = {
      Resources: {
        A: parameter("2", { Name: "/a" }),
        Log: group("new"),
        C: parameter("3", { Name: "/c" }),
        Bad: { ...group("taken"), DependsOn: ["A", "Log", "C"] },
      },
    };
    expect(await world.run("UpdateStack", after)).toBe("UPDATE_ROLLBACK_COMPLETE");
    expect(await Promise.all(["/a", "/c"].map(parameterValue))).toEqual(["1", undefined]);
    expect(await groupNames()).toEqual(["old", "taken"]);
    expect(await world.resources()).toEqual({ A: "/a", Log: "old" });
    expect(
      await world.run("UpdateStack", { Resources: { A: parameter("4", { Name: "/a" }), Log: group("old") } }),
    ).toBe("UPDATE_COMPLETE");
  });

  it("hands new parameters to every function that uses them, and keeps old ones on request", async () => {
    const template = {
      Parameters: { Value: { Type: "String" }, Other: { Type: "String", Default: "x" } },
      Resources: { A: parameter({ "Fn::Sub": `\${Value}-\${Other}` }, { Name: "/a" }) },
    };
    const given = (value: string) => ({ Parameters: [{ ParameterKey: "Value", ParameterValue: value }] });
    await world.run("CreateStack", template, given("one"));
    expect(await parameterValue("/a")).toBe("one-x");
    const Parameters = [
      { ParameterKey: "Value", UsePreviousValue: true },
      { ParameterKey: "Other", ParameterValue: "y" },
    ];
    await world.run("UpdateStack", undefined, { UsePreviousTemplate: true, Parameters });
    expect(await parameterValue("/a")).toBe("one-y");
  });

  it("hands new stack tags to resources that have tags", async () => {
    await world.run("CreateStack", before, { Tags: [{ Key: "kiln:stage", Value: "dev" }] });
    const tags = () => world.call("ssm", "ListTagsForResource", { ResourceType: "Parameter", ResourceId: "/a" });
    expect(await tags()).toEqual({ TagList: [{ Key: "kiln:stage", Value: "dev" }] });
    await world.run("UpdateStack", before, { Tags: [{ Key: "kiln:stage", Value: "prod" }] });
    expect(await tags()).toEqual({ TagList: [{ Key: "kiln:stage", Value: "prod" }] });
  });
});

describe("deleting a stack", () => {
  it("removes everything, last made first, and succeeds again", async () => {
    await world.run("CreateStack", { Resources: { Log: group("a"), P: parameter({ Ref: "Log" }, { Name: "/p" }) } });
    const id = (await world.describe())?.StackId;
    expect(await world.run("DeleteStack")).toBe("gone");
    expect((await world.events(id)).slice(-6)).toEqual([
      "web DELETE_IN_PROGRESS",
      "P DELETE_IN_PROGRESS",
      "P DELETE_COMPLETE",
      "Log DELETE_IN_PROGRESS",
      "Log DELETE_COMPLETE",
      "web DELETE_COMPLETE",
    ]);
    expect(await groupNames()).toEqual([]);
    expect((await world.describe(id))?.StackStatus).toBe("DELETE_COMPLETE");
    await world.run("DeleteStack");
  });

  it("stops at what cannot be removed, and can leave it behind the second time", async () => {
    const template = { Resources: { Bucket: { Type: "AWS::S3::Bucket", Properties: { BucketName: "full-bucket" } } } };
    await world.run("CreateStack", template);
    await world.call("s3", "PutObject", { Bucket: "full-bucket", Key: "a", Body: new Uint8Array([1]) });
    expect(await world.run("DeleteStack")).toBe("DELETE_FAILED");
    expect(await world.run("DeleteStack", undefined, { RetainResources: ["Bucket"] })).toBe("gone");
    await world.call("s3", "HeadBucket", { Bucket: "full-bucket" });
  });

  it("is refused while the stack is protected", async () => {
    await world.run("CreateStack", { Resources: { Log: group("a") } }, { EnableTerminationProtection: true });
    await expect(world.run("DeleteStack")).rejects.toThrow(/TerminationProtection/);
    expect(await groupNames()).toEqual(["a"]);
  });
});

it("goes on after the cloud was killed in the middle of a stack operation", async () => {
  const directory = await mkdtemp(join(tmpdir(), "kiln-stacks-"));
  try {
    const first = await stackWorld(directory);
    const create = first.kernel.call.bind(first.kernel);
    // The process dies in the middle of the second resource: nothing of this kernel runs any more.
    first.kernel.call = (async (service: string, operation: string, ...rest: [unknown, typeof first.caller]) => {
      if (operation === "PutRetentionPolicy") {
        first.kernel.jobs.stop();
        await new Promise(() => {});
      }
      return create(service, operation, ...rest);
    }) as typeof first.kernel.call;
    const template = {
      Resources: {
        P: parameter("1", { Name: "/p" }),
        Log: { ...group("log", { RetentionInDays: 7 }), DependsOn: "P" },
      },
    };
    const TemplateBody = JSON.stringify(template);
    await first.call("cloudformation", "CreateStack", { StackName: "web", TemplateBody });
    await first.clock.advance(60_000);
    expect(await first.status()).toBe("CREATE_IN_PROGRESS");
    first.kernel.store.close();

    world = await stackWorld(directory);
    await world.clock.advance(60_000);
    expect(await world.status()).toBe("CREATE_COMPLETE");
    expect(await world.call("logs", "DescribeLogGroups", {})).toMatchObject({ logGroups: [{ retentionInDays: 7 }] });
    world.kernel.store.close();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

it("names the resource's own error in the reason", async () => {
  await world.call("logs", "CreateLogGroup", { logGroupName: "taken" });
  await world.run("CreateStack", { Resources: { Log: group("taken") } }, { DisableRollback: true });
  expect((await world.describe())?.StackStatusReason).toBe(
    "The following resource(s) failed to create: [Log]. The specified log group already exists (ResourceAlreadyExistsException, Status Code: 400)",
  );
});
