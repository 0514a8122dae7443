import { describe, expect, it } from "vitest";
import { AwsError } from "../../../local/core/aws-error.ts";
import { SnsService } from "../../../local/sns/service.ts";
import { cloudWith, refused } from "../events/cloud.ts";

const queue = "arn:aws:sqs:us-east-1:123456789012:letters";

async function snsCloud(sendMessage: () => unknown = () => ({})) {
  let service: SnsService | undefined;
  const cloud = await cloudWith((kernel) => {
    service = new SnsService(kernel);
    kernel.register(service);
  });
  const sent = cloud.stub("sqs", { SendMessage: sendMessage });
  const call = cloud.on("sns");
  const { TopicArn } = await call("CreateTopic", { Name: "news" });
  const subscribe = async (Attributes: object = {}, Endpoint = queue, Protocol = "sqs"): Promise<string> =>
    (await call("Subscribe", { TopicArn, Protocol, Endpoint, Attributes })).SubscriptionArn;
  if (!service) throw new Error("the service was not made");
  return { ...cloud, service, sent, call, TopicArn, subscribe };
}

describe("publishing", () => {
  it("delivers an envelope to a queue as the topic", async () => {
    const { call, clock, sent, subscribe, TopicArn } = await snsCloud();
    await subscribe();
    const { MessageId } = await call("Publish", { TopicArn, Subject: "Deployed", Message: "web-000042 is live" });
    await clock.advance(0);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.caller).toMatchObject({ name: "sns.amazonaws.com", sourceArn: TopicArn });
    expect(JSON.parse(sent[0]?.input.MessageBody)).toMatchObject({
      Type: "Notification",
      MessageId,
      TopicArn,
      Subject: "Deployed",
      Message: "web-000042 is live",
      Timestamp: "2026-01-01T00:00:00.000Z",
    });
  });

  it("delivers the bare message and its attributes where raw delivery is on", async () => {
    const { call, clock, sent, subscribe, TopicArn } = await snsCloud();
    await subscribe({ RawMessageDelivery: "true" });
    const MessageAttributes = { service: { DataType: "String", StringValue: "web" } };
    await call("Publish", { TopicArn, Message: "plain", MessageAttributes });
    await clock.advance(0);
    expect(sent[0]?.input).toMatchObject({ MessageBody: "plain", MessageAttributes });
  });

  it("invokes a function with a record", async () => {
    const { call, clock, stub, subscribe, TopicArn } = await snsCloud();
    const invoked = stub("lambda", { Invoke: () => ({}) });
    const name = "arn:aws:lambda:us-east-1:123456789012:function:tell";
    const EventSubscriptionArn = await subscribe({}, name, "lambda");
    await call("Publish", { TopicArn, Message: "hello" });
    await clock.advance(0);
    expect(invoked[0]?.input).toMatchObject({ FunctionName: name, InvocationType: "Event" });
    const { Records } = JSON.parse(new TextDecoder().decode(invoked[0]?.input.Payload));
    expect(Records).toMatchObject([{ EventSource: "aws:sns", EventSubscriptionArn, Sns: { Message: "hello" } }]);
  });

  it("passes only what a filter policy lets through, by attributes or by body", async () => {
    const { call, clock, sent, subscribe, TopicArn } = await snsCloud();
    await subscribe({ FilterPolicy: '{"service":[{"prefix":"web"}]}', RawMessageDelivery: "true" });
    const byBody = {
      FilterPolicy: '{"state":["failed"]}',
      FilterPolicyScope: "MessageBody",
      RawMessageDelivery: "true",
    };
    await subscribe(byBody, `${queue}-failures`);
    const attribute = (StringValue: string) => ({ service: { DataType: "String", StringValue } });
    await call("Publish", { TopicArn, Message: '{"state":"live"}', MessageAttributes: attribute("web") });
    await call("Publish", { TopicArn, Message: '{"state":"failed"}', MessageAttributes: attribute("api") });
    await call("Publish", { TopicArn, Message: "no json" });
    await clock.advance(0);
    expect(sent.map(({ input }) => [input.QueueUrl.split("/").at(-1), input.MessageBody])).toEqual([
      ["letters", '{"state":"live"}'],
      ["letters-failures", '{"state":"failed"}'],
    ]);
  });

  it("tries again while the queue is unavailable, and not when it refuses", async () => {
    const answers = [
      new AwsError("ServiceUnavailable", "later", 503),
      undefined,
      new AwsError("AccessDenied", "no", 403),
    ];
    const { call, clock, sent, subscribe, TopicArn, logged } = await snsCloud(() => {
      const answer = answers.shift();
      if (answer) throw answer;
      return {};
    });
    const deadLetterTargetArn = "arn:aws:sqs:us-east-1:123456789012:dead";
    await subscribe({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn }) });
    await call("Publish", { TopicArn, Message: "first" });
    await clock.advance(60_000);
    expect(sent).toHaveLength(2);
    await call("Publish", { TopicArn, Message: "second" });
    await clock.advance(60_000);
    expect(sent.map(({ input }) => input.QueueUrl.split("/").at(-1))).toEqual([
      "letters",
      "letters",
      "letters",
      "dead",
    ]);
    expect(logged.join()).toContain("could not deliver");
  });

  it("reaches nobody who has not confirmed", async () => {
    const { call, clock, sent, subscribe, TopicArn } = await snsCloud();
    expect(await subscribe({}, "ops@example.com", "email")).toBe("pending confirmation");
    await call("Publish", { TopicArn, Message: "hello" });
    await clock.advance(60_000);
    expect(sent).toHaveLength(0);
    const { Subscriptions } = await call("ListSubscriptionsByTopic", { TopicArn });
    expect(Subscriptions).toMatchObject([{ SubscriptionArn: "PendingConfirmation", Endpoint: "ops@example.com" }]);
    const { Attributes } = await call("GetTopicAttributes", { TopicArn });
    expect(Attributes).toMatchObject({ SubscriptionsConfirmed: "0", SubscriptionsPending: "1" });
  });

  it("succeeds and fails one by one in a batch", async () => {
    const { call, TopicArn } = await snsCloud();
    const PublishBatchRequestEntries = [
      { Id: "a", Message: "1" },
      { Id: "b", Message: "" },
    ];
    const answer = await call("PublishBatch", { TopicArn, PublishBatchRequestEntries });
    expect(answer.Successful).toMatchObject([{ Id: "a" }]);
    expect(answer.Failed).toMatchObject([{ Id: "b", Code: "InvalidParameter" }]);
  });
});

describe("topics", () => {
  it("are the same when created again alike, and go with their subscriptions", async () => {
    const { call, subscribe, TopicArn } = await snsCloud();
    expect(await call("CreateTopic", { Name: "news" })).toEqual({ TopicArn });
    const differing = { Name: "news", Attributes: { DisplayName: "News" } };
    expect((await refused(call("CreateTopic", differing))).code).toBe("InvalidParameter");
    const SubscriptionArn = await subscribe();
    expect(await subscribe()).toBe(SubscriptionArn);
    await call("DeleteTopic", { TopicArn });
    expect((await refused(call("GetSubscriptionAttributes", { SubscriptionArn }))).code).toBe("NotFound");
    expect((await refused(call("Publish", { TopicArn, Message: "x" }))).code).toBe("NotFound");
  });

  it("expose the policy in force, by default one for their own account", async () => {
    const { call, service, TopicArn } = await snsCloud();
    const condition = { StringEquals: { "AWS:SourceOwner": "123456789012" } };
    expect(JSON.parse(service.topicPolicy(TopicArn) ?? "").Statement[0].Condition).toEqual(condition);
    const AttributeValue = JSON.stringify({ Statement: [] });
    await call("SetTopicAttributes", { TopicArn, AttributeName: "Policy", AttributeValue });
    expect(service.topicPolicy(TopicArn)).toBe(AttributeValue);
    expect(service.topicPolicy(`${TopicArn}-other`)).toBeUndefined();
  });

  it("refuse by name what this cloud lacks", async () => {
    const { call, TopicArn } = await snsCloud();
    expect((await refused(call("CreateTopic", { Name: "news.fifo" }))).message).toContain("FIFO topics");
    const sms = { TopicArn, Protocol: "sms", Endpoint: "+4912345" };
    expect((await refused(call("Subscribe", sms))).message).toContain("protocol sms");
    expect((await refused(call("Publish", { PhoneNumber: "+4912345", Message: "x" }))).message).toContain("SMS");
  });
});
