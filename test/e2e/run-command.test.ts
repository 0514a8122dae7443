import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningCloud, startCloud } from "../../local/cloud.ts";
import { AwsCli } from "./support/aws-cli.ts";
import { until } from "./support/until.ts";

const amazonLinux = "ami-0a120230000000001";
const timeFactor = 20;

let cloud: RunningCloud;
let aws: AwsCli;

beforeAll(async () => {
  cloud = await startCloud({ port: 0, stateDirectory: undefined, timeFactor, log: () => {} });
  aws = new AwsCli(cloud.endpoint);
});

afterAll(() => cloud?.stop());

/** A call in this process, for what is not the matter of the test. */
function call<O>(service: string, operation: string, input: object): Promise<O> {
  return cloud.kernel.call<O>(service, operation, input, cloud.administrator);
}

async function makeProfile(): Promise<void> {
  const trust = { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  const PolicyArn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore";
  await call("iam", "CreateRole", { RoleName: "managed", AssumeRolePolicyDocument });
  await call("iam", "AttachRolePolicy", { RoleName: "managed", PolicyArn });
  await call("iam", "CreateInstanceProfile", { InstanceProfileName: "managed" });
  await call("iam", "AddRoleToInstanceProfile", { InstanceProfileName: "managed", RoleName: "managed" });
}

async function managedInstance(ImageId = amazonLinux): Promise<string> {
  const IamInstanceProfile = { Name: "managed" };
  const input = { ImageId, InstanceType: "t3.small", MinCount: 1, MaxCount: 1, IamInstanceProfile };
  const { Instances } = await call<{ Instances: { InstanceId: string }[] }>("ec2", "RunInstances", input);
  return Instances[0]?.InstanceId ?? "";
}

function agentOf(id: string): Promise<true> {
  return until(`the agent of ${id}`, async () => {
    const { InstanceInformationList: known } = await aws.json<{ InstanceInformationList: { PingStatus: string }[] }>(
      ...["ssm", "describe-instance-information", "--filters", `Key=InstanceIds,Values=${id}`],
    );
    return known[0]?.PingStatus === "Online" ? true : undefined;
  });
}

interface CommandEnd {
  Status: string;
  ResponseCode: number;
  StandardOutputContent: string;
}

async function sent(id: string, ...commands: string[]): Promise<CommandEnd> {
  const { Command } = await aws.json<{ Command: { CommandId: string; Status: string } }>(
    ...["ssm", "send-command", "--document-name", "AWS-RunShellScript", "--instance-ids", id],
    ...["--parameters", JSON.stringify({ commands })],
  );
  expect(Command.Status).toBe("Pending");
  return until("the command's end", async () => {
    const one = await aws.json<CommandEnd>(
      ...["ssm", "get-command-invocation", "--command-id", Command.CommandId, "--instance-id", id],
    );
    return one.Status !== "Pending" && one.Status !== "InProgress" && one;
  });
}

it("runs what the AWS CLI sends on a real instance, and gives back what it printed", async () => {
  await makeProfile();
  const id = await managedInstance();
  await agentOf(id);
  const invocation = await sent(id, "echo to $(basename $HOME)", "echo trouble >&2", "exit 7");
  expect(invocation).toMatchObject({
    Status: "Failed",
    ResponseCode: 7,
    StandardOutputContent: "to root\n",
    StandardErrorContent: "trouble\n",
  });

  const refused = await aws.try(
    ...["ssm", "send-command", "--document-name", "AWS-RunShellScript", "--parameters", "commands=true"],
    ...["--instance-ids", "i-0123456789abcdef0"],
  );
  expect(refused.stderr).toContain("InvalidInstanceId");
});

it("makes an image of an instance that has what was installed on it", async () => {
  const builder = await managedInstance();
  await agentOf(builder);
  await sent(builder, 'mkdir -p "$KILN_ROOT/opt/runtime"', 'echo 24 >"$KILN_ROOT/opt/runtime/version"');
  const { ImageId } = await aws.json<{ ImageId: string }>(
    ...["ec2", "create-image", "--instance-id", builder, "--name", "golden"],
  );
  await call("ec2", "TerminateInstances", { InstanceIds: [builder] });
  await aws.text("ec2", "wait", "image-available", "--image-ids", ImageId);

  const instance = await managedInstance(ImageId);
  await agentOf(instance);
  expect(await sent(instance, 'cat "$KILN_ROOT/opt/runtime/version"')).toMatchObject({
    Status: "Success",
    StandardOutputContent: "24\n",
  });
});
