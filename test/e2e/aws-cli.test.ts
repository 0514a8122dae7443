import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packDirectory } from "../../cli/archive.ts";
import { AwsCli } from "./support/aws-cli.ts";
import { readLogs } from "./support/logs.ts";
import { until } from "./support/until.ts";
import { examples } from "./support/visitor.ts";
import { openWorld, type World } from "./support/world.ts";

let world: World;
let aws: AwsCli;
let artifact: string;
/** The execution that the first upload started. */
let first: string;

beforeAll(async () => {
  world = await openWorld();
  aws = new AwsCli(world.embedded.cloud.endpoint);
  const file = join(world.directory, "web-1.2.0.tgz");
  artifact = (await packDirectory(examples.web, file, { exclude: ["kiln.yaml"], replace: { VERSION: "1.2.0\n" } }))
    .file;
});

afterAll(() => world?.close());

const executions = () =>
  aws.json<{ executions: { executionArn: string; status: string }[] }>(
    ...["stepfunctions", "list-executions", "--state-machine-arn", world.stage.outputs.DeployMachine],
  );

/** Copies the artifact into the bucket as a person would, and finds the execution that this starts. */
async function copyAndFind(key: string): Promise<string> {
  const known = new Set((await executions()).executions.map(({ executionArn }) => executionArn));
  await aws.text("s3", "cp", "--only-show-errors", artifact, `s3://${world.stage.outputs.ArtifactsBucket}/${key}`);
  return until(
    `the execution that s3://…/${key} starts`,
    async () => (await executions()).executions.find(({ executionArn }) => !known.has(executionArn))?.executionArn,
  );
}

/** The history as one text, and the states it names in order, choices and waits included, repeated turns folded. */
async function history(execution: string): Promise<{ text: string; tasks: string[]; types: Set<string> }> {
  const text = await aws.text("stepfunctions", "get-execution-history", "--execution-arn", execution);
  const { events } = JSON.parse(text) as { events: { type: string; stateEnteredEventDetails?: { name: string } }[] };
  const entered = events.flatMap(({ type, stateEnteredEventDetails }) =>
    stateEnteredEventDetails && !/^(Choice|Wait)/.test(type) ? [stateEnteredEventDetails.name] : [],
  );
  const tasks = entered.filter((name, index) => name !== entered[index - 1]);
  return { text, tasks, types: new Set(events.map(({ type }) => type)) };
}

const deployed = ["Admit", "BakeImage", "LaunchFleet", "ValidateFleet", "CutOver", "Observe", "Settle"];

describe("a person with the AWS CLI", () => {
  it("deploys by copying an artifact into the bucket", async () => {
    first = await copyAndFind("web/1.2.0.tgz");
    const ended = await world.ended(first);

    expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED", path: [...deployed, "Live"] });
    await world.answers("1.2.0");
    const { status } = await aws.json<{ status: string }>(
      ...["stepfunctions", "describe-execution", "--execution-arn", first],
    );
    expect(status).toBe("SUCCEEDED");
  });

  it("reads in the history what happened, in order, and never the candidate's secret", async () => {
    const release = await world.stage.ledger.release("web", "web-000001");
    const { text, tasks, types } = await history(first);

    const preFlown = deployed.flatMap((name) => (name === "BakeImage" ? [name, "PreFlight", name] : [name]));
    expect(tasks).toEqual([...preFlown, "Live"]);
    expect([...types]).toEqual(expect.arrayContaining(["ExecutionStarted", "TaskScheduled", "ExecutionSucceeded"]));
    expect(release?.trialSecret).toMatch(/^[0-9a-f]{32}$/);
    expect(text).not.toContain(release?.trialSecret);
  });

  it("finds the handlers' and the state machines' logs, without the secret in any of them", async () => {
    const release = await world.stage.ledger.release("web", "web-000001");
    const { logGroups } = await aws.json<{ logGroups: { logGroupName: string }[] }>("logs", "describe-log-groups");
    const names = logGroups.map(({ logGroupName }) => logGroupName);
    expect(names).toEqual(expect.arrayContaining(["/aws/lambda/kiln-dev-bake", "/aws/lambda/kiln-dev-probe"]));

    const bake = await aws.text("logs", "filter-log-events", "--log-group-name", "/aws/lambda/kiln-dev-bake");
    expect(bake).toContain("REPORT RequestId");

    const logs = await readLogs(world.stage.connection, names);
    expect([...logs.keys()]).toEqual(names);
    for (const [name, text] of logs) expect(text, name).not.toContain(release?.trialSecret);
    expect([...logs.values()].some((text) => text.includes("TaskStateEntered"))).toBe(true);
  });

  it("gets nothing new from the same bytes uploaded again", async () => {
    const again = await world.ended(await copyAndFind("web/1.2.0.tgz"));

    expect(again).toMatchObject({ status: "SUCCEEDED", path: ["Admit", "Skipped"] });
    expect(again.output).toMatchObject({ reason: "unchanged: web-000001 is the same release" });
    expect((await world.inventory()).generations()).toEqual(["web-000001"]);
  });

  it("gets nothing new from an upload's event that is delivered a second time", async () => {
    const { input } = await aws.json<{ input: string }>(
      ...["stepfunctions", "describe-execution", "--execution-arn", first],
    );
    const { executionArn } = await aws.json<{ executionArn: string }>(
      ...["stepfunctions", "start-execution", "--state-machine-arn", world.stage.outputs.DeployMachine],
      ...["--input", input],
    );
    const again = await world.ended(executionArn);

    expect(again).toMatchObject({ status: "SUCCEEDED", path: ["Admit", "Skipped"] });
    expect(again.output).toMatchObject({ reason: `duplicate: this upload is deployed by ${first}` });
  });

  it("deploys the newest artifact by starting an execution with nothing but the service's name", async () => {
    const { executionArn } = await aws.json<{ executionArn: string }>(
      ...["stepfunctions", "start-execution", "--state-machine-arn", world.stage.outputs.DeployMachine],
      ...["--input", '{"service":"web"}'],
    );
    const ended = await world.ended(executionArn);

    expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED", path: [...deployed, "Live"] });
    const inventory = await world.inventory();
    expect(inventory.production).toEqual([
      {
        service: "web",
        weights: [
          { generation: "web-000002", weight: 1 },
          { generation: "web-000001", weight: 0 },
        ],
      },
    ]);
    // The same content is the same image: nothing was baked a second time.
    expect(inventory.holdings.filter(({ kind, role }) => kind === "image" && role !== "base")).toHaveLength(1);
  });

  it("is told what an input that is not understood should look like, before anything is made", async () => {
    const { executionArn } = await aws.json<{ executionArn: string }>(
      ...["stepfunctions", "start-execution", "--state-machine-arn", world.stage.outputs.DeployMachine],
      ...["--input", '{"servise":"web"}'],
    );
    const ended = await world.ended(executionArn);

    expect(ended).toMatchObject({ status: "FAILED", error: "ManualInputError", path: ["Admit", "FailedClean"] });
    expect(ended.cause).toContain('Give {"service":"web"}');
  });
});

describe("a person who looks around", () => {
  it("sees servers, images and snapshots, each tagged with its release", async () => {
    const tagged = ["--filters", "Name=tag:kiln:generation,Values=web-000002"];
    const instances = await aws.json<string[][]>(
      ...["ec2", "describe-instances", ...tagged, "--query", "Reservations[].Instances[].[InstanceId,State.Name]"],
    );
    const images = await aws.json<{ Images: { ImageId: string; State: string; Name: string }[] }>(
      ...["ec2", "describe-images", "--owners", "self"],
    );
    const snapshots = await aws.json<{ Snapshots: { State: string; Encrypted: boolean }[] }>(
      ...["ec2", "describe-snapshots", "--owner-ids", "self"],
    );

    expect(instances.map(([, state]) => state)).toEqual(["running", "running"]);
    expect(images.Images.map(({ Name }) => Name.split("/").slice(0, 3).join("/")).sort()).toEqual([
      "kiln/dev/base",
      "kiln/dev/web",
    ]);
    expect(images.Images.every(({ State }) => State === "available")).toBe(true);
    expect(snapshots.Snapshots.every(({ State, Encrypted }) => State === "completed" && Encrypted)).toBe(true);

    const said = await aws.text(
      ...["ec2", "get-console-output", "--instance-id", instances[0]?.[0] ?? "", "--latest", "--output", "text"],
    );
    expect(said).toContain("web-000002 (version 1.2.0) listens on");
  });

  it("sees the fleets, the rules and which targets are healthy", async () => {
    const groups = await aws.json<[string, number, number][]>(
      ...["autoscaling", "describe-auto-scaling-groups"],
      ...["--query", "AutoScalingGroups[].[AutoScalingGroupName,DesiredCapacity,length(Instances)]"],
    );
    expect(groups.sort()).toEqual([
      ["kiln-dev-web-000001", 2, 2],
      ["kiln-dev-web-000002", 2, 2],
    ]);

    const listener = await aws.json<string>(
      ...["ssm", "get-parameter", "--name", "/kiln/dev/listener", "--query", "Parameter.Value"],
    );
    const rules = await aws.json<{ Rules: { Priority: string; Actions: { TargetGroupArn?: string }[] }[] }>(
      ...["elbv2", "describe-rules", "--listener-arn", listener],
    );
    // A service that takes every path stands behind all others.
    expect(rules.Rules.map(({ Priority }) => Priority)).toEqual(["39999", "default"]);

    const target = await aws.json<string>(
      ...[
        "elbv2",
        "describe-target-groups",
        "--query",
        "TargetGroups[?starts_with(TargetGroupName,'web-000002')].TargetGroupArn | [0]",
      ],
    );
    const health = await aws.json<string[]>(
      ...["elbv2", "describe-target-health", "--target-group-arn", target],
      ...["--query", "TargetHealthDescriptions[].TargetHealth.State"],
    );
    expect(health).toEqual(["healthy", "healthy"]);
  });

  it("reads which release is live from a parameter", async () => {
    const value = await aws.json<string>(
      ...["ssm", "get-parameter", "--name", "/kiln/dev/services/web/live", "--query", "Parameter.Value"],
    );
    expect(JSON.parse(value)).toMatchObject({ generation: "web-000002", version: "1.2.0" });
  });

  it("sees the stack, its roles, triggers, schedules and queues, and who is asking", async () => {
    const stack = await aws.json<string[]>(
      ...["cloudformation", "describe-stacks", "--stack-name", "kiln-dev"],
      ...["--query", "Stacks[].StackStatus"],
    );
    const role = await aws.json<{ Role: { Path: string } }>("iam", "get-role", "--role-name", "kiln-dev-bake");
    const rules = await aws.json<string[]>("events", "list-rules", "--query", "Rules[].Name");
    const schedules = await aws.json<string[]>("scheduler", "list-schedules", "--query", "Schedules[].Name");
    // For SQS, version 1 of the AWS CLI does not look at AWS_ENDPOINT_URL: it has an endpoint of its own for each region.
    const sqs = ["sqs", "--endpoint-url", world.embedded.cloud.endpoint];
    const queue = await aws.json<string>(
      ...[...sqs, "get-queue-url", "--queue-name", "kiln-dev-trigger-dead-letters", "--query", "QueueUrl"],
    );
    const waiting = await aws.json<string>(
      ...[...sqs, "get-queue-attributes", "--queue-url", queue, "--attribute-names", "ApproximateNumberOfMessages"],
      ...["--query", "Attributes.ApproximateNumberOfMessages"],
    );
    const caller = await aws.json<{ Account: string; Arn: string }>("sts", "get-caller-identity");

    expect(stack).toEqual(["UPDATE_COMPLETE"]);
    expect(role.Role.Path).toBe("/kiln/dev/");
    const whatFor = ["approval", "ending", "hand", "red-alarm", "session", "touched", "unclean-end", "upload"];
    expect(rules.sort()).toEqual(whatFor.map((name) => `kiln-dev-${name}`));
    expect(schedules).toContain("kiln-dev-sweep");
    expect(waiting).toBe("0");
    expect(caller.Arn).toContain(caller.Account);
  });

  it("finds metrics of the load balancer and of the functions", async () => {
    const namespaces = await aws.json<string[]>("cloudwatch", "list-metrics", "--query", "Metrics[].Namespace");
    expect(namespaces).toEqual(expect.arrayContaining(["AWS/ApplicationELB", "AWS/Lambda"]));
  });

  it("is told by name which operation the embedded cloud lacks", async () => {
    const { code, stderr } = await aws.try("ec2", "describe-transit-gateways");
    expect(code).not.toBe(0);
    expect(stderr).toContain("ec2:DescribeTransitGateways");
  });

  it("is told by name what a user without permissions lacks", async () => {
    await aws.text("iam", "create-user", "--user-name", "visitor");
    const key = await aws.json<{ AccessKey: { AccessKeyId: string; SecretAccessKey: string } }>(
      ...["iam", "create-access-key", "--user-name", "visitor"],
    );
    const visitor = aws.as(key.AccessKey.AccessKeyId, key.AccessKey.SecretAccessKey);
    const { code, stderr } = await visitor.try("stepfunctions", "list-state-machines");

    expect(code).not.toBe(0);
    expect(stderr).toContain("AccessDenied");
    expect(stderr).toContain("user/visitor is not authorized to perform: states:ListStateMachines");
  });
});
