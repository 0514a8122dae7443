import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningCloud, startCloud } from "../../../local/cloud.ts";
import { AwsCli } from "../../e2e/support/aws-cli.ts";
import { until } from "../../e2e/support/until.ts";
import { pythonBin } from "../support/python-program.ts";

let cloud: RunningCloud;
let aws: AwsCli;
const directory = mkdtempSync(join(tmpdir(), "kiln-cli-"));

beforeAll(async () => {
  pythonBin();
  cloud = await startCloud({ port: 0, stateDirectory: undefined, timeFactor: 30, log: () => {} });
  aws = new AwsCli(cloud.endpoint);
});

afterAll(async () => {
  await cloud?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const file = (name: string, content: string | Uint8Array) => {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
};
const document = (statement: object) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
const trust = (service: string) => document({ Principal: { Service: service }, Action: "sts:AssumeRole" });
/** For SQS, version 1 of the AWS CLI does not look at AWS_ENDPOINT_URL. */
const sqs = (...args: string[]) => ["sqs", "--endpoint-url", cloud.endpoint, ...args];
/** The one value that a query picks. */
const pick = (query: string, ...args: string[]) => aws.json<string>(...args, "--query", query);
const base = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

describe("the AWS CLI", () => {
  it("keeps files in S3: copies, lists, syncs, streams and presigns", async () => {
    await aws.text("s3", "mb", "s3://cli-bucket");
    file("one.txt", "one");
    file("two.txt", "two");
    await aws.text("s3", "sync", directory, "s3://cli-bucket/files", "--only-show-errors");
    expect((await aws.text("s3", "ls", "s3://cli-bucket/files/")).match(/one\.txt|two\.txt/g)).toHaveLength(2);
    expect(await aws.text("s3", "cp", "s3://cli-bucket/files/one.txt", "-")).toBe("one");
    const address = (await aws.text("s3", "presign", "s3://cli-bucket/files/two.txt")).trim();
    expect(await (await fetch(address)).text()).toBe("two");
    const again = await aws.try(
      ...["s3api", "put-object", "--bucket", "cli-bucket", "--key", "files/one.txt", "--if-none-match", "*"],
    );
    expect(again.stderr).toContain("PreconditionFailed");
    await aws.text("s3", "rb", "s3://cli-bucket", "--force");
  });

  it("moves large files in parts", async () => {
    const bytes = Buffer.alloc(9 * 1024 * 1024, "kiln");
    await aws.text("s3", "mb", "s3://cli-large");
    await aws.text("s3", "cp", "--only-show-errors", file("large", bytes), "s3://cli-large/large");
    await aws.text("s3", "cp", "--only-show-errors", "s3://cli-large/large", join(directory, "back"));
    expect(readFileSync(join(directory, "back")).equals(bytes)).toBe(true);
    const head = ["s3api", "head-object", "--bucket", "cli-large", "--key", "large"];
    expect(await pick("ETag", ...head)).toMatch(/-2"$/);
  });

  it("says who is asking, and takes a role", async () => {
    const account = await pick("Account", "sts", "get-caller-identity");
    const trusted = document({ Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "sts:AssumeRole" });
    const role = await pick(
      "Role.Arn",
      ...["iam", "create-role", "--role-name", "cli", "--assume-role-policy-document", trusted],
    );
    const assume = ["sts", "assume-role", "--role-arn", role, "--role-session-name", "session"];
    expect(await pick("AssumedRoleUser.Arn", ...assume)).toContain("assumed-role/cli/session");
    const simulate = [
      "iam",
      "simulate-principal-policy",
      "--policy-source-arn",
      role,
      "--action-names",
      "s3:GetObject",
    ];
    expect(await pick("EvaluationResults[0].EvalDecision", ...simulate)).toBe("implicitDeny");
    await aws.text("iam", "delete-role", "--role-name", "cli");
  });

  it("encrypts with a key and decrypts again", async () => {
    const key = await pick("KeyMetadata.KeyId", "kms", "create-key");
    const secret = `fileb://${file("secret", "hidden")}`;
    const sealed = await pick("CiphertextBlob", "kms", "encrypt", "--key-id", key, "--plaintext", secret);
    const blob = `fileb://${file("sealed", Buffer.from(sealed, "base64"))}`;
    const opened = await pick("Plaintext", "kms", "decrypt", "--ciphertext-blob", blob);
    expect(Buffer.from(opened, "base64").toString()).toBe("hidden");
  });

  it("publishes to a topic, and finds the message in a queue", async () => {
    const topic = await pick("TopicArn", "sns", "create-topic", "--name", "cli");
    const url = await pick("QueueUrl", ...sqs("create-queue", "--queue-name", "cli"));
    const attribute = sqs("get-queue-attributes", "--queue-url", url, "--attribute-names", "QueueArn");
    const queue = await pick("Attributes.QueueArn", ...attribute);
    const allowed = document({
      Principal: { Service: "sns.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: queue,
      Condition: { ArnEquals: { "aws:SourceArn": topic } },
    });
    const attributes = JSON.stringify({ Policy: allowed });
    await aws.text(...sqs("set-queue-attributes", "--queue-url", url, "--attributes", attributes));
    await aws.text("sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", queue);
    await aws.text("sns", "publish", "--topic-arn", topic, "--message", "hello");
    const body = await until("the message", () =>
      pick("Messages[0].Body", ...sqs("receive-message", "--queue-url", url, "--wait-time-seconds", "1")),
    );
    expect(JSON.parse(body)).toMatchObject({ Message: "hello", TopicArn: topic });
  });

  it("writes log events and finds them by a pattern", async () => {
    await aws.text("logs", "create-log-group", "--log-group-name", "/cli");
    const stream = ["--log-group-name", "/cli", "--log-stream-name", "one"];
    await aws.text("logs", "create-log-stream", ...stream);
    const event = JSON.stringify([{ timestamp: Date.now(), message: "ERROR here" }]);
    await aws.text("logs", "put-log-events", ...stream, "--log-events", event);
    const find = ["logs", "filter-log-events", "--log-group-name", "/cli", "--filter-pattern", "ERROR"];
    expect(await pick("events[0].message", ...find)).toBe("ERROR here");
  });

  it("puts a metric and an alarm on it", async () => {
    await aws.text("cloudwatch", "put-metric-data", "--namespace", "Cli", "--metric-name", "Errors", "--value", "3");
    expect(await pick("Metrics[0].MetricName", "cloudwatch", "list-metrics", "--namespace", "Cli")).toBe("Errors");
    await aws.text(
      ...["cloudwatch", "put-metric-alarm", "--alarm-name", "cli", "--namespace", "Cli", "--metric-name", "Errors"],
      ...["--statistic", "Sum", "--period", "60", "--evaluation-periods", "1", "--threshold", "1"],
      ...["--comparison-operator", "GreaterThanThreshold"],
    );
    const alarms = ["cloudwatch", "describe-alarms", "--alarm-names", "cli"];
    expect(await pick("MetricAlarms[0].Namespace", ...alarms)).toBe("Cli");
  });

  it("makes a rule, a schedule and a parameter", async () => {
    const pattern = '{"source":["cli"]}';
    expect(await pick("RuleArn", "events", "put-rule", "--name", "cli", "--event-pattern", pattern)).toContain(
      "rule/cli",
    );
    const role = await pick(
      "Role.Arn",
      ...["iam", "create-role", "--role-name", "cli-schedule"],
      ...["--assume-role-policy-document", trust("scheduler.amazonaws.com")],
    );
    const target = JSON.stringify({ Arn: "arn:aws:sqs:us-east-1:123456789012:cli", RoleArn: role });
    await aws.text(
      ...["scheduler", "create-schedule", "--name", "cli", "--schedule-expression", "rate(1 day)"],
      ...["--flexible-time-window", '{"Mode":"OFF"}', "--target", target],
    );
    expect(await pick("State", "scheduler", "get-schedule", "--name", "cli")).toBe("ENABLED");
    await aws.text("ssm", "put-parameter", "--name", "/cli/one", "--type", "String", "--value", "1");
    const path = ["ssm", "get-parameters-by-path", "--path", "/cli"];
    expect(await pick("Parameters[0].Value", ...path)).toBe("1");
  });

  it("writes a snapshot block by block, and registers an image of it", async () => {
    const snapshot = await pick("SnapshotId", "ebs", "start-snapshot", "--volume-size", "1");
    const block = file("block", Buffer.alloc(524_288, 1));
    const checksum = createHash("sha256").update(readFileSync(block)).digest("base64");
    await until("blocks to be taken", async () => {
      const put = await aws.try(
        ...["ebs", "put-snapshot-block", "--snapshot-id", snapshot, "--block-index", "0", "--block-data", block],
        ...["--data-length", "524288", "--checksum", checksum, "--checksum-algorithm", "SHA256"],
      );
      return put.code === 0;
    });
    await aws.text("ebs", "complete-snapshot", "--snapshot-id", snapshot, "--changed-blocks-count", "1");
    await aws.text("ec2", "wait", "snapshot-completed", "--snapshot-ids", snapshot);
    const mapping = JSON.stringify([{ DeviceName: "/dev/xvda", Ebs: { SnapshotId: snapshot } }]);
    const image = await pick(
      "ImageId",
      ...["ec2", "register-image", "--name", "cli-image", "--root-device-name", "/dev/xvda"],
      ...["--architecture", "x86_64", "--virtualization-type", "hvm", "--block-device-mappings", mapping],
    );
    await until(
      "the image",
      async () => (await pick("Images[0].State", "ec2", "describe-images", "--owners", "self")) === "available",
    );
    await aws.text("ec2", "deregister-image", "--image-id", image);
  });

  it("launches servers in a group, and puts a load balancer before them", async () => {
    const imageId = await pick("Parameter.Value", "ssm", "get-parameter", "--name", base);
    const data = JSON.stringify({ ImageId: imageId, InstanceType: "t3.micro" });
    const template = ["ec2", "create-launch-template", "--launch-template-name", "cli", "--launch-template-data", data];
    await aws.text(...template);
    const [one = "", two = ""] = await aws.json<string[]>("ec2", "describe-subnets", "--query", "Subnets[].SubnetId");
    await until("the group", async () => {
      const made = await aws.try(
        ...["autoscaling", "create-auto-scaling-group", "--auto-scaling-group-name", "cli"],
        ...["--launch-template", "LaunchTemplateName=cli,Version=1", "--min-size", "1", "--max-size", "1"],
        ...["--vpc-zone-identifier", `${one},${two}`],
      );
      return made.code === 0;
    });
    const group = ["autoscaling", "describe-auto-scaling-groups", "--auto-scaling-group-names", "cli"];
    await until(
      "a server in service",
      async () => (await pick("AutoScalingGroups[0].Instances[0].LifecycleState", ...group)) === "InService",
    );
    const name = ["--auto-scaling-group-name", "cli"];
    await aws.text("autoscaling", "delete-auto-scaling-group", ...name, "--force-delete");
    const balancer = await pick(
      "LoadBalancers[0].LoadBalancerArn",
      ...["elbv2", "create-load-balancer", "--name", "cli"],
      ...["--subnets", one, two],
    );
    await aws.text("elbv2", "wait", "load-balancer-available", "--load-balancer-arns", balancer);
    await aws.text("elbv2", "delete-load-balancer", "--load-balancer-arn", balancer);
  });

  it("runs a state machine with a role of a stack, and lists functions", async () => {
    const template = {
      Resources: {
        Role: {
          Type: "AWS::IAM::Role",
          Properties: { RoleName: "cli-machine", AssumeRolePolicyDocument: JSON.parse(trust("states.amazonaws.com")) },
        },
      },
    };
    const body = `file://${file("template.json", JSON.stringify(template))}`;
    const stack = ["--stack-name", "cli"];
    await aws.text(
      "cloudformation",
      "create-stack",
      ...stack,
      "--template-body",
      body,
      "--capabilities",
      "CAPABILITY_NAMED_IAM",
    );
    await until(
      "the stack",
      async () =>
        (await pick("Stacks[0].StackStatus", "cloudformation", "describe-stacks", ...stack)) === "CREATE_COMPLETE",
    );
    const role = await pick("Role.Arn", "iam", "get-role", "--role-name", "cli-machine");
    const definition = JSON.stringify({
      QueryLanguage: "JSONata",
      StartAt: "Say",
      States: { Say: { Type: "Pass", Output: "{% 'hello ' & $states.input.name %}", End: true } },
    });
    const machine = await pick(
      "stateMachineArn",
      ...["stepfunctions", "create-state-machine", "--name", "cli", "--role-arn", role],
      ...["--definition", definition],
    );
    const start = ["stepfunctions", "start-execution", "--state-machine-arn", machine, "--input", '{"name":"kiln"}'];
    const execution = await pick("executionArn", ...start);
    const output = await until("the execution to end", () =>
      pick("output", "stepfunctions", "describe-execution", "--execution-arn", execution),
    );
    expect(JSON.parse(output)).toBe("hello kiln");
    const functions = await aws.json<string[]>("lambda", "list-functions", "--query", "Functions[].FunctionName");
    expect(functions).toEqual([]);
  });
});
