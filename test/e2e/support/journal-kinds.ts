import { createHash } from "node:crypto";
import { DescribeAlarmsCommand, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  FilterLogEventsCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  CompleteSnapshotCommand,
  GetSnapshotBlockCommand,
  ListSnapshotBlocksCommand,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
} from "@aws-sdk/client-ebs";
import { CreateTagsCommand, DescribeSnapshotsCommand, DescribeVpcsCommand } from "@aws-sdk/client-ec2";
import { PutEventsCommand, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateRoleCommand, CreateUserCommand, GetUserCommand } from "@aws-sdk/client-iam";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import { CreateStateMachineCommand, DescribeExecutionCommand, StartExecutionCommand } from "@aws-sdk/client-sfn";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";
import { GetParameterCommand, PutParameterCommand } from "@aws-sdk/client-ssm";
import type { AwsClients } from "./aws-clients.ts";
import type { JournalKind } from "./journal.ts";
import { until } from "./until.ts";

const bucket = "kiln-journal";
const logs = { logGroupName: "journal", logStreamName: "calls" };
/** Names that are written again and again: what is found must be what was answered last, or newer. */
const names = 5;

/** Makes what the journal's calls need, and returns the kinds of calls. */
export async function prepareJournal(aws: AwsClients): Promise<JournalKind[]> {
  await aws.s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await aws.logs.send(new CreateLogGroupCommand({ logGroupName: logs.logGroupName }));
  await aws.logs.send(new CreateLogStreamCommand(logs));
  const { Vpcs = [] } = await aws.ec2.send(new DescribeVpcsCommand({}));
  const direct = await makeQueue(aws, "journal");
  const delivered = await makeQueue(aws, "journal-events");
  await sendEventsTo(aws, delivered);
  return [
    putObject,
    deleteObject,
    tagObject,
    putParameter,
    tagVpc(Vpcs[0]?.VpcId ?? ""),
    putAlarm,
    putLogEvent,
    createUser,
    makeSnapshot,
    sendMessage(direct),
    putEvent(delivered),
    startExecution(await makeMachine(aws)),
  ];
}

/** Bytes that only this number has. */
function bytesOf(number: number, length: number): Buffer {
  return Buffer.alloc(length, createHash("sha256").update(String(number)).digest());
}

/** What `read` gives, or undefined when AWS says that it is not there. */
async function unlessMissing<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof Error && /NoSuch|NotFound|DoesNotExist/.test(error.name)) return undefined;
    throw error;
  }
}

const putObject: JournalKind = (number) => {
  const Body = bytesOf(number, (number * 7919) % 300_000);
  const place = { Bucket: bucket, Key: `put/${number}` };
  return {
    what: `s3 put ${number}`,
    send: ({ s3 }) => s3.send(new PutObjectCommand({ ...place, Body })),
    async isThere({ s3 }) {
      const found = await unlessMissing(s3.send(new GetObjectCommand(place)));
      if (!found) return false;
      if (!Body.equals((await found.Body?.transformToByteArray()) ?? Buffer.alloc(0))) throw new Error("other bytes");
      return true;
    },
  };
};

const deleteObject: JournalKind = (number) => {
  const place = { Bucket: bucket, Key: `deleted/${number}` };
  return {
    what: `s3 put and delete ${number}`,
    async send({ s3 }) {
      await s3.send(new PutObjectCommand({ ...place, Body: "soon gone" }));
      await s3.send(new DeleteObjectCommand(place));
    },
    isThere: async ({ s3 }) => (await unlessMissing(s3.send(new GetObjectCommand(place)))) === undefined,
  };
};

const tagObject: JournalKind = (number) => {
  const place = { Bucket: bucket, Key: `tagged/${number % names}` };
  return {
    what: `s3 tags ${number}`,
    async send({ s3 }) {
      await s3.send(new PutObjectCommand({ ...place, Body: "tagged", Tagging: `n=${number}` }));
      const Tagging = { TagSet: [{ Key: "n", Value: String(number) }] };
      await s3.send(new PutObjectTaggingCommand({ ...place, Tagging }));
    },
    async isThere({ s3 }) {
      const found = await unlessMissing(s3.send(new GetObjectTaggingCommand(place)));
      return Number(found?.TagSet?.[0]?.Value ?? 0) >= number;
    },
  };
};

const putParameter: JournalKind = (number) => {
  const Name = `/journal/${number % names}`;
  return {
    what: `ssm parameter ${number}`,
    send: ({ ssm }) =>
      ssm.send(new PutParameterCommand({ Name, Value: String(number), Type: "String", Overwrite: true })),
    async isThere({ ssm }) {
      const found = await unlessMissing(ssm.send(new GetParameterCommand({ Name })));
      return Number(found?.Parameter?.Value ?? 0) >= number;
    },
  };
};

const tagVpc =
  (vpcId: string): JournalKind =>
  (number) => {
    const Key = `journal-${number % names}`;
    return {
      what: `ec2 tag ${number}`,
      send: ({ ec2 }) =>
        ec2.send(new CreateTagsCommand({ Resources: [vpcId], Tags: [{ Key, Value: String(number) }] })),
      async isThere({ ec2 }) {
        const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [vpcId] }));
        return Number(Vpcs?.[0]?.Tags?.find((tag) => tag.Key === Key)?.Value ?? 0) >= number;
      },
    };
  };

const putAlarm: JournalKind = (number) => {
  const AlarmName = `journal-${number % names}`;
  const metric = { Namespace: "Journal", MetricName: "Nothing", Statistic: "Sum" } as const;
  const when = { Period: 60, EvaluationPeriods: 1, ComparisonOperator: "GreaterThanThreshold" } as const;
  return {
    what: `cloudwatch alarm ${number}`,
    send: ({ cloudWatch }) =>
      cloudWatch.send(new PutMetricAlarmCommand({ AlarmName, ...metric, ...when, Threshold: number })),
    async isThere({ cloudWatch }) {
      const { MetricAlarms } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }));
      return (MetricAlarms?.[0]?.Threshold ?? 0) >= number;
    },
  };
};

const putLogEvent: JournalKind = (number) => ({
  what: `log event ${number}`,
  send: (aws) =>
    aws.logs.send(
      new PutLogEventsCommand({ ...logs, logEvents: [{ timestamp: Date.now(), message: `entry ${number} whole` }] }),
    ),
  async isThere(aws) {
    const only = { logGroupName: logs.logGroupName, filterPattern: `"entry ${number} whole"` };
    return ((await aws.logs.send(new FilterLogEventsCommand(only))).events ?? []).length > 0;
  },
});

const createUser: JournalKind = (number) => {
  const UserName = `journal-${number}`;
  return {
    what: `iam user ${number}`,
    send: ({ iam }) => iam.send(new CreateUserCommand({ UserName })),
    isThere: async ({ iam }) => (await unlessMissing(iam.send(new GetUserCommand({ UserName })))) !== undefined,
  };
};

/** Unit: bytes. The one size that EBS has. */
const blockBytes = 524_288;

const makeSnapshot: JournalKind = (number) => {
  const data = bytesOf(number, blockBytes);
  const Checksum = createHash("sha256").update(data).digest("base64");
  let SnapshotId: string | undefined;
  return {
    what: `ebs snapshot ${number}`,
    async send({ ebs }) {
      const started = await ebs.send(new StartSnapshotCommand({ VolumeSize: 1, Description: `journal ${number}` }));
      SnapshotId = started.SnapshotId;
      const checked = { ChecksumAlgorithm: "SHA256", Checksum } as const;
      const block = { SnapshotId, BlockIndex: 0, BlockData: data, DataLength: blockBytes, ...checked };
      // A snapshot takes blocks only some time after it was started.
      await until("the snapshot to take blocks", () => unlessMissing(ebs.send(new PutSnapshotBlockCommand(block))));
      await ebs.send(new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount: 1 }));
    },
    async isThere({ ebs, ec2 }) {
      if (SnapshotId === undefined) return false;
      const { Snapshots } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [SnapshotId] }));
      if (Snapshots?.[0]?.State !== "completed") return false;
      const { Blocks } = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId }));
      const BlockToken = Blocks?.[0]?.BlockToken;
      const read = await ebs.send(new GetSnapshotBlockCommand({ SnapshotId, BlockIndex: 0, BlockToken }));
      if (!data.equals((await read.BlockData?.transformToByteArray()) ?? Buffer.alloc(0)))
        throw new Error("other bytes");
      return true;
    },
  };
};

/** A queue, and everything that was taken from it until now. */
interface Queue {
  url: string;
  arn: string;
  taken: Set<string>;
}

async function makeQueue({ sqs }: AwsClients, QueueName: string): Promise<Queue> {
  const { QueueUrl: url = "" } = await sqs.send(new CreateQueueCommand({ QueueName }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] }));
  return { url, arn: Attributes?.["QueueArn"] ?? "", taken: new Set() };
}

async function sendEventsTo({ sqs, events }: AwsClients, { url, arn }: Queue): Promise<void> {
  const { RuleArn } = await events.send(
    new PutRuleCommand({ Name: "journal", EventPattern: '{"source":["journal"]}' }),
  );
  await events.send(
    new PutTargetsCommand({ Rule: "journal", Targets: [{ Id: "queue", Arn: arn, InputPath: "$.detail.n" }] }),
  );
  const statement = {
    Effect: "Allow",
    Principal: { Service: "events.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: arn,
    Condition: { ArnEquals: { "aws:SourceArn": RuleArn } },
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy } }));
}

/** Takes what is in a queue now. */
async function take({ sqs }: AwsClients, { url, taken }: Queue): Promise<void> {
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }));
    if (Messages.length === 0) return;
    for (const { Body } of Messages) taken.add(Body ?? "");
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
  }
}

const sendMessage =
  (queue: Queue): JournalKind =>
  (number) => ({
    what: `sqs message ${number}`,
    send: ({ sqs }) => sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: String(number) })),
    async isThere(aws) {
      if (!queue.taken.has(String(number))) await take(aws, queue);
      return queue.taken.has(String(number));
    },
  });

const putEvent =
  (queue: Queue): JournalKind =>
  (number) => {
    const Detail = JSON.stringify({ n: number });
    return {
      what: `event ${number}`,
      send: ({ events }) =>
        events.send(new PutEventsCommand({ Entries: [{ Source: "journal", DetailType: "call", Detail }] })),
      async isThere(aws) {
        if (!queue.taken.has(String(number))) await take(aws, queue);
        return queue.taken.has(String(number));
      },
    };
  };

const definition = {
  QueryLanguage: "JSONata",
  StartAt: "Pause",
  States: {
    Pause: { Type: "Wait", Seconds: 20, Next: "Done" },
    Done: { Type: "Succeed", Output: "{% $states.input.n %}" },
  },
};

async function makeMachine({ iam, sfn }: AwsClients): Promise<string> {
  const trust = { Effect: "Allow", Principal: { Service: "states.amazonaws.com" }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "journal", AssumeRolePolicyDocument }));
  const { stateMachineArn = "" } = await sfn.send(
    new CreateStateMachineCommand({ name: "journal", roleArn: Role?.Arn, definition: JSON.stringify(definition) }),
  );
  return stateMachineArn;
}

const startExecution =
  (stateMachineArn: string): JournalKind =>
  (number) => {
    const executionArn = `${stateMachineArn.replace(":stateMachine:", ":execution:")}:n-${number}`;
    const input = JSON.stringify({ n: number });
    return {
      what: `execution ${number}`,
      send: ({ sfn }) => sfn.send(new StartExecutionCommand({ stateMachineArn, name: `n-${number}`, input })),
      async isThere({ sfn }) {
        const found = await unlessMissing(sfn.send(new DescribeExecutionCommand({ executionArn })));
        if (!found || found.status === "RUNNING") return false;
        if (found.output !== String(number)) throw new Error(`it ended ${found.status} with ${found.output}`);
        return true;
      },
    };
  };
