import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  CloudWatchClient,
  GetDashboardCommand,
  GetMetricDataCommand,
  PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";
import { EBSClient, GetSnapshotBlockCommand, PutSnapshotBlockCommand, StartSnapshotCommand } from "@aws-sdk/client-ebs";
import {
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateScheduleCommand, GetScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { DescribeExecutionCommand, ExecutionDoesNotExist, SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { QueueDoesNotExist, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { AwsQueryProtocol, AwsSmithyRpcV2CborProtocol } from "@aws-sdk/core/protocols";
import { describe, expect, it, onTestFinished } from "vitest";
import { AwsError } from "../../../local/core/aws-error.ts";
import { collect } from "../../../local/wire/body.ts";
import { fakeCloud } from "../server/fake-cloud.ts";

async function cloudWith(...parameters: Parameters<typeof fakeCloud>) {
  const cloud = await fakeCloud(...parameters);
  onTestFinished(() => cloud.server.close());
  return cloud;
}

const when = new Date("2026-03-01T12:00:00.250Z");

describe("ec2Query", () => {
  it("carries nested lists, structures, numbers, booleans and dates both ways", async () => {
    const { config, inputs } = await cloudWith("ec2", {
      RunInstances: () => ({
        ReservationId: "r-1",
        Instances: [
          {
            InstanceId: "i-1",
            LaunchTime: when,
            EbsOptimized: false,
            Tags: [{ Key: "a", Value: "<&>" }],
            State: { Code: 0 },
          },
        ],
      }),
    });
    const input = {
      ImageId: "ami-1",
      MinCount: 1,
      MaxCount: 2,
      SecurityGroupIds: ["sg-1", "sg-2"],
      BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { VolumeSize: 8, DeleteOnTermination: true } }],
      TagSpecifications: [{ ResourceType: "instance" as const, Tags: [{ Key: "k", Value: "v w+ü" }] }],
    };
    const output = await new EC2Client(config).send(new RunInstancesCommand(input));
    expect(inputs["RunInstances"]).toMatchObject(input);
    expect(output.Instances).toEqual([
      {
        InstanceId: "i-1",
        LaunchTime: when,
        EbsOptimized: false,
        Tags: [{ Key: "a", Value: "<&>" }],
        State: { Code: 0 },
      },
    ]);
  });

  it("answers errors under their code and refuses what it lacks by name", async () => {
    const { config } = await cloudWith("ec2", {
      DescribeInstances: () => {
        throw new AwsError("InvalidInstanceID.NotFound", "The instance ID 'i-9' does not exist");
      },
    });
    const client = new EC2Client(config);
    await expect(client.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({
      name: "InvalidInstanceID.NotFound",
      message: "The instance ID 'i-9' does not exist",
      $metadata: { httpStatusCode: 400 },
    });
    await expect(client.send(new TerminateInstancesCommand({ InstanceIds: ["i-1"] }))).rejects.toMatchObject({
      name: "NotImplemented",
      message: expect.stringContaining("ec2:TerminateInstances"),
      $metadata: { httpStatusCode: 501 },
    });
  });

  it("names the parameter that is missing", async () => {
    const { config, inputs } = await cloudWith("ec2", { TerminateInstances: () => ({}) });
    const invalid = new TerminateInstancesCommand({} as { InstanceIds: string[] });
    await expect(new EC2Client(config).send(invalid)).rejects.toMatchObject({
      name: "MissingParameter",
      message: "The request must contain the parameter InstanceIds",
    });
    expect(inputs).toEqual({});
  });
});

describe("awsQuery", () => {
  it("carries member lists and the result element", async () => {
    const { config, inputs } = await cloudWith("autoscaling", {
      DescribeAutoScalingGroups: () => ({
        AutoScalingGroups: [
          {
            AutoScalingGroupName: "g",
            MinSize: 0,
            MaxSize: 2,
            CreatedTime: when,
            AvailabilityZones: ["a", "b"],
            Instances: [],
          },
        ],
        NextToken: "n",
      }),
    });
    const input = { AutoScalingGroupNames: ["g", "h"], MaxRecords: 5 };
    const output = await new AutoScalingClient(config).send(new DescribeAutoScalingGroupsCommand(input));
    expect(inputs["DescribeAutoScalingGroups"]).toEqual(input);
    expect(output.AutoScalingGroups?.[0]).toMatchObject({
      MaxSize: 2,
      CreatedTime: when,
      AvailabilityZones: ["a", "b"],
      Instances: [],
    });
    expect(output.NextToken).toBe("n");
  });

  it("writes modelled errors under their query code", async () => {
    const { config } = await cloudWith("autoscaling", {
      CreateAutoScalingGroup: () => {
        throw new AwsError("AlreadyExistsFault", "AutoScalingGroup by this name already exists");
      },
    });
    const command = new CreateAutoScalingGroupCommand({ AutoScalingGroupName: "g", MinSize: 0, MaxSize: 1 });
    await expect(new AutoScalingClient(config).send(command)).rejects.toMatchObject({ name: "AlreadyExistsFault" });
  });
});

describe("awsJson", () => {
  it("carries dates as seconds and errors as the exceptions of the SDK", async () => {
    const { config } = await cloudWith("states", {
      StartExecution: () => ({ executionArn: "arn:x", startDate: when }),
      DescribeExecution: () => {
        throw new AwsError("ExecutionDoesNotExist", "Execution Does Not Exist: 'x'");
      },
    });
    const client = new SFNClient(config);
    const output = await client.send(new StartExecutionCommand({ stateMachineArn: "arn:m", input: "{}" }));
    expect(output).toMatchObject({ executionArn: "arn:x", startDate: when });
    const failed = client.send(new DescribeExecutionCommand({ executionArn: "x" }));
    await expect(failed).rejects.toBeInstanceOf(ExecutionDoesNotExist);
  });

  it("refuses an input that breaks its model before the operation runs", async () => {
    const { config, inputs } = await cloudWith("states", { StartExecution: () => ({}) });
    const command = new StartExecutionCommand({ input: "{}" } as unknown as { stateMachineArn: string });
    await expect(new SFNClient(config).send(command)).rejects.toMatchObject({
      name: "ValidationException",
      message:
        "1 validation error detected: Value null at 'stateMachineArn' failed to satisfy constraint: Member must not be null",
    });
    expect(inputs).toEqual({});
  });

  it("keeps the codes of the query protocol for services that had it", async () => {
    const { config } = await cloudWith("sqs", {
      SendMessage: () => {
        throw new AwsError("QueueDoesNotExist", "The specified queue does not exist.");
      },
    });
    const failed = new SQSClient(config).send(
      new SendMessageCommand({ QueueUrl: `${config.endpoint}/1/q`, MessageBody: "m" }),
    );
    await expect(failed).rejects.toBeInstanceOf(QueueDoesNotExist);
    await expect(failed).rejects.toMatchObject({ Code: "AWS.SimpleQueueService.NonExistentQueue" });
  });

  it("says that this cloud failed, and logs it, when an operation throws anything else", async () => {
    const { config, lines } = await cloudWith("states", {
      StartExecution: () => {
        throw new Error("boom");
      },
    });
    const failed = new SFNClient(config).send(new StartExecutionCommand({ stateMachineArn: "arn:m" }));
    await expect(failed).rejects.toMatchObject({ name: "InternalFailure", $metadata: { httpStatusCode: 500 } });
    expect(lines.join()).toContain("boom");
  });
});

describe("restJson1", () => {
  it("binds labels, query and body, and reads payloads back", async () => {
    const { config, inputs } = await cloudWith("lambda", {
      Invoke: () => ({ StatusCode: 200, FunctionError: "Unhandled", Payload: Buffer.from('{"a":1}') }),
    });
    const client = new LambdaClient(config);
    const input = {
      FunctionName: "arn:aws:lambda:us-east-1:123456789012:function:f",
      Qualifier: "7",
      Payload: Buffer.from("[]"),
    };
    const output = await client.send(new InvokeCommand(input));
    expect(inputs["Invoke"]).toMatchObject({ FunctionName: input.FunctionName, Qualifier: "7" });
    expect(output).toMatchObject({ StatusCode: 200, FunctionError: "Unhandled" });
    expect(output.Payload?.transformToString()).toBe('{"a":1}');
  });

  it("puts unbound members into the body beside a label", async () => {
    const { config, inputs } = await cloudWith("scheduler", {
      CreateSchedule: () => ({ ScheduleArn: "arn:s" }),
      GetSchedule: () => ({
        Name: "n",
        CreationDate: when,
        Target: { Arn: "a", RoleArn: "arn:aws:iam::123456789012:role/r" },
      }),
    });
    const client = new SchedulerClient(config);
    const input = {
      Name: "n",
      ScheduleExpression: "rate(1 hour)",
      FlexibleTimeWindow: { Mode: "OFF" as const },
      Target: { Arn: "a", RoleArn: "arn:aws:iam::123456789012:role/r" },
    };
    expect(await client.send(new CreateScheduleCommand(input))).toMatchObject({ ScheduleArn: "arn:s" });
    expect(inputs["CreateSchedule"]).toMatchObject(input);
    expect(await client.send(new GetScheduleCommand({ Name: "n" }))).toMatchObject({ CreationDate: when });
  });

  it("streams blocks both ways with their headers", async () => {
    const block = Buffer.alloc(524_288, 7);
    const { config, inputs } = await cloudWith("ebs", {
      PutSnapshotBlock: async (input) => ({ Checksum: String((await collect(input.BlockData)).length) }),
      GetSnapshotBlock: () => ({
        DataLength: 524_288,
        Checksum: "c",
        ChecksumAlgorithm: "SHA256",
        BlockData: chunks(block),
      }),
      StartSnapshot: () => {
        throw new AwsError("ResourceNotFoundException", "no parent", 404, { Reason: "SNAPSHOT_NOT_FOUND" });
      },
    });
    const client = new EBSClient(config);
    const put = await client.send(
      new PutSnapshotBlockCommand({
        SnapshotId: "snap-1",
        BlockIndex: 3,
        BlockData: block,
        DataLength: 524_288,
        Checksum: "x",
        ChecksumAlgorithm: "SHA256",
      }),
    );
    expect(put.Checksum).toBe("524288");
    expect(inputs["PutSnapshotBlock"]).toMatchObject({ SnapshotId: "snap-1", BlockIndex: 3, DataLength: 524_288 });
    const got = await client.send(
      new GetSnapshotBlockCommand({ SnapshotId: "snap-1", BlockIndex: 0, BlockToken: "t" }),
    );
    expect(got).toMatchObject({ DataLength: 524_288, Checksum: "c" });
    expect(Buffer.from((await got.BlockData?.transformToByteArray()) ?? []).equals(block)).toBe(true);
    await expect(client.send(new StartSnapshotCommand({ VolumeSize: 1 }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      Reason: "SNAPSHOT_NOT_FOUND",
      $metadata: { httpStatusCode: 404 },
    });
  });
});

describe("CloudWatch", () => {
  it.each([
    ["JSON", {}],
    ["CBOR", { protocol: AwsSmithyRpcV2CborProtocol }],
    ["forms", { protocol: AwsQueryProtocol }],
  ])("is understood in %s", async (_name, options) => {
    const { config, inputs } = await cloudWith("monitoring", {
      PutMetricData: () => ({}),
      GetMetricData: () => ({ MetricDataResults: [{ Id: "a", Timestamps: [when], Values: [1.5] }] }),
      GetDashboard: () => {
        throw new AwsError("ResourceNotFound", "Dashboard d does not exist", 404);
      },
    });
    const client = new CloudWatchClient({ ...config, ...options });
    const input = { Namespace: "n", MetricData: [{ MetricName: "m", Value: 1, Timestamp: when }] };
    await client.send(new PutMetricDataCommand(input));
    expect(inputs["PutMetricData"]).toEqual(input);
    const output = await client.send(
      new GetMetricDataCommand({ MetricDataQueries: [], StartTime: when, EndTime: when }),
    );
    expect(output.MetricDataResults).toEqual([{ Id: "a", Timestamps: [when], Values: [1.5] }]);
    await expect(client.send(new GetDashboardCommand({ DashboardName: "d" }))).rejects.toMatchObject({
      message: "Dashboard d does not exist",
      $metadata: { httpStatusCode: 404 },
    });
  });
});

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += 65_536) yield bytes.subarray(offset, offset + 65_536);
}
