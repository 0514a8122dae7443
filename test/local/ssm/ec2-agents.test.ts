import type {
  DescribeInstanceInformationCommandOutput,
  GetCommandInvocationCommandOutput,
  SendCommandCommandOutput,
} from "@aws-sdk/client-ssm";
import { beforeEach, describe, expect, it } from "vitest";
import { assembleCloud } from "../../../local/assembly.ts";
import { VirtualClock } from "../../../local/core/clock.ts";
import { Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { MemoryBlockFiles } from "../../../local/ebs/memory-block-files.ts";
import { administrator } from "../../../local/iam/administrator.ts";
import { MemoryCodeFiles } from "../../../local/lambda/code-files.ts";
import { InProcessRunner } from "../../../local/lambda/in-process-runner.ts";
import { ScriptedHost } from "../../../local/machine/scripted-host.ts";
import { MemoryObjectFiles } from "../../../local/s3/object-files.ts";

const amazonLinux = "ami-0a120230000000001";
const debian = "ami-0deb1200000000001";
const core = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore";

let clock: VirtualClock;
let kernel: Kernel;

beforeEach(async () => {
  clock = new VirtualClock();
  kernel = new Kernel(settingsWith(), clock);
  assembleCloud(kernel, {
    objects: new MemoryObjectFiles(),
    blocks: new MemoryBlockFiles(),
    code: new MemoryCodeFiles(),
    machines: new ScriptedHost(() => ({
      console: "",
      run: (script) => ({ exitCode: 0, stdout: `ran: ${script}`, stderr: "" }),
    })),
    runner: new InProcessRunner(clock, {}),
    traffic: () => ({
      update: () => {},
      probe: async () => ({ kind: "failed" }),
      cut: () => {},
      takeCounts: () => [],
      stop: async () => {},
    }),
  });
  await kernel.start();
});

function call<O = unknown>(service: string, operation: string, input: object): Promise<O> {
  return kernel.call<O>(service, operation, input, administrator(kernel.settings));
}

/** An instance profile with a role that `trusted` may take and that has these policies. */
async function profile(name: string, policies: string[], trusted = "ec2.amazonaws.com"): Promise<{ Name: string }> {
  const statement = { Effect: "Allow", Principal: { Service: trusted }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  await call("iam", "CreateRole", { RoleName: name, AssumeRolePolicyDocument });
  for (const PolicyArn of policies) await call("iam", "AttachRolePolicy", { RoleName: name, PolicyArn });
  await call("iam", "CreateInstanceProfile", { InstanceProfileName: name });
  await call("iam", "AddRoleToInstanceProfile", { InstanceProfileName: name, RoleName: name });
  return { Name: name };
}

async function launch(ImageId: string, IamInstanceProfile?: { Name: string }): Promise<string> {
  const input = { ImageId, InstanceType: "t3.small", MinCount: 1, MaxCount: 1, IamInstanceProfile };
  const { Instances } = await call<{ Instances: { InstanceId: string }[] }>("ec2", "RunInstances", input);
  return Instances[0]?.InstanceId ?? "";
}

async function pings(): Promise<Record<string, string | undefined>> {
  const found = await call<DescribeInstanceInformationCommandOutput>("ssm", "DescribeInstanceInformation", {});
  return Object.fromEntries(
    (found.InstanceInformationList ?? []).map((one) => [one.InstanceId ?? "", one.PingStatus as string | undefined]),
  );
}

function send(instanceId: string) {
  return call<SendCommandCommandOutput>("ssm", "SendCommand", {
    DocumentName: "AWS-RunShellScript",
    InstanceIds: [instanceId],
    Parameters: { commands: ["uname"] },
  });
}

describe("The SSM Agent of an instance", () => {
  // Semantic: Systems Manager: Run Command. Source: Systems Manager user guide, "Run Command".
  it("runs a command once the instance is up and the agent has registered", async () => {
    const id = await launch(amazonLinux, await profile("builder", [core]));
    await clock.advance(21_000);
    await expect(send(id)).rejects.toMatchObject({ code: "InvalidInstanceId" });
    await clock.advance(9000);
    expect(await pings()).toEqual({ [id]: "Online" });
    const { Command } = await send(id);
    await clock.advance(2000);
    const CommandId = Command?.CommandId;
    expect(
      await call<GetCommandInvocationCommandOutput>("ssm", "GetCommandInvocation", { CommandId, InstanceId: id }),
    ).toMatchObject({ Status: "Success", StandardOutputContent: "ran: uname" });
  });

  // Semantic: Systems Manager: Run Command. Source: Systems Manager user guide, "Configure instance permissions
  // required for Systems Manager".
  it("is not there without an instance profile whose role may talk to Systems Manager", async () => {
    await launch(amazonLinux);
    await launch(amazonLinux, await profile("powerless", []));
    await launch(amazonLinux, await profile("elsewhere", [core], "lambda.amazonaws.com"));
    await clock.advance(60_000);
    expect(await pings()).toEqual({});
  });

  // Source: Systems Manager user guide, "Find AMIs with the SSM Agent preinstalled": Debian is not among them.
  it("is not there on a base that does not ship it", async () => {
    const id = await launch(debian, await profile("builder", [core]));
    await clock.advance(60_000);
    expect(await pings()).toEqual({});
    await expect(send(id)).rejects.toMatchObject({ code: "InvalidInstanceId" });
  });

  it("loses its connection with the instance's power or permission, and goes when the instance is terminated", async () => {
    const id = await launch(amazonLinux, await profile("builder", [core]));
    await clock.advance(60_000);
    expect(await pings()).toEqual({ [id]: "Online" });
    await call("iam", "DetachRolePolicy", { RoleName: "builder", PolicyArn: core });
    expect(await pings()).toEqual({ [id]: "ConnectionLost" });
    await call("iam", "AttachRolePolicy", { RoleName: "builder", PolicyArn: core });
    await call("ec2", "StopInstances", { InstanceIds: [id] });
    await clock.advance(60_000);
    expect(await pings()).toEqual({ [id]: "ConnectionLost" });
    await call("ec2", "StartInstances", { InstanceIds: [id] });
    await clock.advance(60_000);
    expect(await pings()).toEqual({ [id]: "Online" });
    await call("ec2", "TerminateInstances", { InstanceIds: [id] });
    await clock.advance(60_000);
    expect(await pings()).toEqual({});
  });
});
