import type { CreateQueueCommandOutput } from "@aws-sdk/client-sqs";
import { removedKeys, resourceType, tagList } from "../resource-type.ts";
import type { Json } from "../template.ts";

/** SQS takes every attribute as text, policies as JSON text. */
function attributesOf(properties: Readonly<Record<string, unknown>>): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(properties)) {
    if (name === "QueueName" || name === "Tags" || value === undefined) continue;
    attributes[name] = typeof value === "object" ? JSON.stringify(value) : String(value);
  }
  return attributes;
}

export const queue = resourceType({
  shape: {
    QueueName: "string",
    DelaySeconds: "integer",
    MaximumMessageSize: "integer",
    MessageRetentionPeriod: "integer",
    ReceiveMessageWaitTimeSeconds: "integer",
    VisibilityTimeout: "integer",
    KmsMasterKeyId: "string",
    KmsDataKeyReusePeriodSeconds: "integer",
    SqsManagedSseEnabled: "boolean",
    RedrivePolicy: "json",
    RedriveAllowPolicy: "json",
    FifoQueue: "boolean",
    ContentBasedDeduplication: "boolean",
    Tags: tagList,
  },
  replaces: ["QueueName", "FifoQueue"],
  nameProperty: "QueueName",
  async create(properties, context) {
    const QueueName = properties.QueueName ?? context.name(80);
    const input = { QueueName, Attributes: attributesOf(properties), tags: context.tagMap(properties.Tags) };
    const { QueueUrl = "" } = await context.call<CreateQueueCommandOutput>("sqs", "CreateQueue", input);
    const attributes: Record<string, Json> = { Arn: context.arn("sqs", QueueName), QueueName, QueueUrl };
    return { id: QueueUrl, attributes };
  },
  async update(QueueUrl, properties, before, context) {
    const Attributes = attributesOf(properties);
    // An attribute taken out of the template goes back to what a new queue has; SQS reads empty text so.
    for (const name of removedKeys(attributesOf(before), Attributes)) Attributes[name] = "";
    await context.call("sqs", "SetQueueAttributes", { QueueUrl, Attributes });
    const Tags = context.tagMap(properties.Tags);
    const TagKeys = context.removedTagKeys(before.Tags, properties.Tags);
    if (TagKeys.length > 0) await context.call("sqs", "UntagQueue", { QueueUrl, TagKeys });
    if (Object.keys(Tags).length > 0) await context.call("sqs", "TagQueue", { QueueUrl, Tags });
    return undefined;
  },
  remove: (QueueUrl, _properties, context) =>
    context.remove("sqs", "DeleteQueue", { QueueUrl }, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
});

export const queuePolicy = resourceType({
  shape: { Queues: ["string"], PolicyDocument: "json" },
  required: ["Queues", "PolicyDocument"],
  async create({ Queues, PolicyDocument }, context) {
    for (const QueueUrl of Queues) {
      const Attributes = { Policy: JSON.stringify(PolicyDocument) };
      await context.call("sqs", "SetQueueAttributes", { QueueUrl, Attributes });
    }
    return { id: context.name(80) };
  },
  async update(_id, { Queues, PolicyDocument }, before, context) {
    for (const QueueUrl of Queues) {
      const Attributes = { Policy: JSON.stringify(PolicyDocument) };
      await context.call("sqs", "SetQueueAttributes", { QueueUrl, Attributes });
    }
    for (const QueueUrl of before.Queues.filter((one) => !Queues.includes(one))) {
      await context.call("sqs", "SetQueueAttributes", { QueueUrl, Attributes: { Policy: "" } });
    }
    return undefined;
  },
  async remove(_id, { Queues }, context) {
    for (const QueueUrl of Queues) {
      const input = { QueueUrl, Attributes: { Policy: "" } };
      await context.remove("sqs", "SetQueueAttributes", input, "QueueDoesNotExist");
    }
  },
});
