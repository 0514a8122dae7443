import { describe, expect, it } from "vitest";
import type { AwsError } from "../../../local/core/aws-error.ts";
import { VirtualClock } from "../../../local/core/clock.ts";
import { type Caller, Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { SqsService } from "../../../local/sqs/service.ts";

const person: Caller = {
  kind: "user",
  arn: "arn:aws:iam::123456789012:user/someone",
  accountId: "123456789012",
  name: "someone",
};

async function sqsCloud() {
  const clock = new VirtualClock();
  const kernel = new Kernel(settingsWith({ endpoint: "http://127.0.0.1:4566" }), clock);
  kernel.judge = () => undefined;
  const service = new SqsService(kernel);
  kernel.register(service);
  await kernel.start();
  // biome-ignore lint/suspicious/noExplicitAny: tests look at members of many outputs.
  const call = (operation: string, input: object): Promise<any> => kernel.call("sqs", operation, input, person);
  const refusal = (operation: string, input: object): Promise<AwsError> =>
    call(operation, input).then(
      () => {
        throw new Error(`${operation} was expected to be refused`);
      },
      (error) => error,
    );
  const create = async (QueueName: string, Attributes: object = {}): Promise<string> =>
    (await call("CreateQueue", { QueueName, Attributes })).QueueUrl;
  return { clock, kernel, service, call, refusal, create };
}

describe("queues", () => {
  it("have a URL under the cloud's endpoint and AWS's defaults", async () => {
    const { call, create } = await sqsCloud();
    const QueueUrl = await create("letters");
    expect(QueueUrl).toBe("http://127.0.0.1:4566/123456789012/letters");
    const { Attributes } = await call("GetQueueAttributes", { QueueUrl, AttributeNames: ["All"] });
    expect(Attributes).toMatchObject({
      QueueArn: "arn:aws:sqs:us-east-1:123456789012:letters",
      VisibilityTimeout: "30",
      MessageRetentionPeriod: "345600",
      ApproximateNumberOfMessages: "0",
    });
  });

  it("can be created again with the same attributes, not with others, nor right after a deletion", async () => {
    const { call, clock, create, refusal } = await sqsCloud();
    const QueueUrl = await create("letters", { DelaySeconds: "5" });
    expect(await create("letters")).toBe(QueueUrl);
    const differing = { QueueName: "letters", Attributes: { DelaySeconds: "6" } };
    expect((await refusal("CreateQueue", differing)).code).toBe("QueueNameExists");
    await call("DeleteQueue", { QueueUrl });
    expect((await refusal("CreateQueue", { QueueName: "letters" })).code).toBe("QueueDeletedRecently");
    await clock.advance(60_000);
    await create("letters");
  });

  it("refuse attributes that are unknown, out of range or of FIFO queues, by name", async () => {
    const { refusal } = await sqsCloud();
    const codeFor = async (Attributes: object) => {
      const { code, message } = await refusal("CreateQueue", { QueueName: "letters", Attributes });
      return [code, message];
    };
    expect(await codeFor({ Colour: "red" })).toEqual(["InvalidAttributeName", "Unknown Attribute Colour."]);
    expect((await codeFor({ DelaySeconds: "901" }))[0]).toBe("InvalidAttributeValue");
    expect((await codeFor({ FifoQueue: "true" }))[1]).toContain("FifoQueue");
    const nowhere = { RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:none","maxReceiveCount":1}' };
    expect((await codeFor(nowhere))[1]).toContain("Dead letter target does not exist");
  });

  it("expose their policy", async () => {
    const { service, create } = await sqsCloud();
    const Policy = JSON.stringify({ Statement: [] });
    await create("letters", { Policy });
    expect(service.queuePolicy("arn:aws:sqs:us-east-1:123456789012:letters")).toBe(Policy);
    expect(service.queuePolicy("arn:aws:sqs:us-east-1:123456789012:others")).toBeUndefined();
  });
});

describe("messages", () => {
  it("are hidden while someone works on them and come back when they are not deleted", async () => {
    const { call, clock, create } = await sqsCloud();
    const QueueUrl = await create("letters", { VisibilityTimeout: "10" });
    const sent = await call("SendMessage", { QueueUrl, MessageBody: "hello" });
    expect(sent.MD5OfMessageBody).toBe("5d41402abc4b2a76b9719d911017c592");
    const first = (await call("ReceiveMessage", { QueueUrl, AttributeNames: ["All"] })).Messages[0];
    expect(first).toMatchObject({ Body: "hello", Attributes: { ApproximateReceiveCount: "1" } });
    expect((await call("ReceiveMessage", { QueueUrl })).Messages).toBeUndefined();
    await clock.advance(10_000);
    const second = (await call("ReceiveMessage", { QueueUrl, AttributeNames: ["All"] })).Messages[0];
    expect(second.Attributes.ApproximateReceiveCount).toBe("2");

    await call("DeleteMessage", { QueueUrl, ReceiptHandle: first.ReceiptHandle });
    await clock.advance(10_000);
    const third = (await call("ReceiveMessage", { QueueUrl })).Messages[0];
    expect(third.Body).toBe("hello");
    await call("DeleteMessage", { QueueUrl, ReceiptHandle: third.ReceiptHandle });
    await clock.advance(10_000);
    expect((await call("ReceiveMessage", { QueueUrl })).Messages).toBeUndefined();
  });

  it("can be given back at once", async () => {
    const { call, create, refusal } = await sqsCloud();
    const QueueUrl = await create("letters");
    await call("SendMessage", { QueueUrl, MessageBody: "hello" });
    const { ReceiptHandle } = (await call("ReceiveMessage", { QueueUrl })).Messages[0];
    await call("ChangeMessageVisibility", { QueueUrl, ReceiptHandle, VisibilityTimeout: 0 });
    const again = await refusal("ChangeMessageVisibility", { QueueUrl, ReceiptHandle, VisibilityTimeout: 5 });
    expect(again.code).toBe("MessageNotInflight");
    expect((await call("ReceiveMessage", { QueueUrl })).Messages).toHaveLength(1);
  });

  it("are waited for by long polling, until one comes or becomes visible, or the time is over", async () => {
    const { call, clock, create } = await sqsCloud();
    const QueueUrl = await create("letters");
    const startMs = clock.now();
    let answered: unknown;
    const poll = () => {
      answered = undefined;
      return call("ReceiveMessage", { QueueUrl, WaitTimeSeconds: 20 }).then((answer) => {
        answered = answer;
        return answer;
      });
    };
    const sent = poll();
    await clock.advance(3000);
    expect(answered).toBeUndefined();
    await call("SendMessage", { QueueUrl, MessageBody: "now" });
    expect((await sent).Messages[0].Body).toBe("now");
    expect(clock.now() - startMs).toBe(3000);

    await call("SendMessage", { QueueUrl, MessageBody: "later", DelaySeconds: 5 });
    const delayed = poll();
    await clock.advance(4999);
    expect(answered).toBeUndefined();
    await clock.advance(1);
    expect((await delayed).Messages[0].Body).toBe("later");

    const nothing = poll();
    await clock.advance(19_999);
    expect(answered).toBeUndefined();
    await clock.advance(1);
    expect((await nothing).Messages).toBeUndefined();
  });

  it("go to the dead-letter queue after too many receives, with their attributes", async () => {
    const { call, clock, create } = await sqsCloud();
    const dead = await create("dead");
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: "arn:aws:sqs:us-east-1:123456789012:dead",
      maxReceiveCount: 2,
    });
    const QueueUrl = await create("letters", { RedrivePolicy, VisibilityTimeout: "1" });
    const MessageAttributes = { RULE: { DataType: "String", StringValue: "web" } };
    await call("SendMessage", { QueueUrl, MessageBody: "poison", MessageAttributes });
    for (let receive = 0; receive < 2; receive++) {
      expect((await call("ReceiveMessage", { QueueUrl })).Messages).toHaveLength(1);
      await clock.advance(1000);
    }
    expect((await call("ReceiveMessage", { QueueUrl })).Messages).toBeUndefined();
    const options = { MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["DeadLetterQueueSourceArn"] };
    const [letter] = (await call("ReceiveMessage", { QueueUrl: dead, ...options })).Messages;
    expect(letter).toMatchObject({
      Body: "poison",
      Attributes: { DeadLetterQueueSourceArn: "arn:aws:sqs:us-east-1:123456789012:letters" },
      MessageAttributes: { RULE: { StringValue: "web" } },
    });
    expect((await call("ListDeadLetterSourceQueues", { QueueUrl: dead })).queueUrls).toEqual([QueueUrl]);
  });

  it("expire, and are purged at most once a minute", async () => {
    const { call, clock, create, refusal } = await sqsCloud();
    const QueueUrl = await create("letters", { MessageRetentionPeriod: "60" });
    await call("SendMessage", { QueueUrl, MessageBody: "old" });
    await clock.advance(60_000);
    expect((await call("ReceiveMessage", { QueueUrl })).Messages).toBeUndefined();
    await call("SendMessage", { QueueUrl, MessageBody: "x" });
    await call("PurgeQueue", { QueueUrl });
    expect((await call("ReceiveMessage", { QueueUrl })).Messages).toBeUndefined();
    expect((await refusal("PurgeQueue", { QueueUrl })).code).toBe("PurgeQueueInProgress");
  });

  it("succeed and fail one by one in a batch", async () => {
    const { call, create, refusal } = await sqsCloud();
    const QueueUrl = await create("letters");
    const Entries = [
      { Id: "a", MessageBody: "1" },
      { Id: "b", MessageBody: "2", DelaySeconds: 901 },
    ];
    const answer = await call("SendMessageBatch", { QueueUrl, Entries });
    expect(answer.Successful).toMatchObject([{ Id: "a" }]);
    expect(answer.Failed).toMatchObject([{ Id: "b", SenderFault: true, Code: "InvalidParameterValue" }]);
    const twice = { QueueUrl, Entries: [Entries[0], Entries[0]] };
    expect((await refusal("SendMessageBatch", twice)).code).toBe("BatchEntryIdsNotDistinct");
    const { Messages } = await call("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10 });
    expect(Messages).toHaveLength(1);
  });

  it("are refused when too large or for a queue that does not exist", async () => {
    const { create, refusal } = await sqsCloud();
    const QueueUrl = await create("letters", { MaximumMessageSize: "1024" });
    const large = await refusal("SendMessage", { QueueUrl, MessageBody: "x".repeat(1025) });
    expect(large.message).toContain("must be shorter than 1024 bytes");
    const elsewhere = { QueueUrl: `${QueueUrl}-other`, MessageBody: "x" };
    expect((await refusal("SendMessage", elsewhere)).code).toBe("QueueDoesNotExist");
  });

  it("need the permission of the operation on the queue's ARN, in a batch that of the single operation", async () => {
    const { call, create, kernel } = await sqsCloud();
    const QueueUrl = await create("letters");
    const judged: string[] = [];
    kernel.judge = (_caller, { action, resource }) => {
      judged.push(`${action} ${resource}`);
      return undefined;
    };
    await call("SendMessageBatch", { QueueUrl, Entries: [{ Id: "a", MessageBody: "1" }] });
    expect(judged).toEqual(["sqs:SendMessage arn:aws:sqs:us-east-1:123456789012:letters"]);
  });

  it("let a waiting receiver go when the cloud stops", async () => {
    const { call, create, service } = await sqsCloud();
    const QueueUrl = await create("letters");
    const waiting = call("ReceiveMessage", { QueueUrl, WaitTimeSeconds: 20 });
    await Promise.resolve();
    service.stop();
    expect(await waiting).toEqual({});
  });
});
