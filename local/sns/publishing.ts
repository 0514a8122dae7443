import type {
  BatchResultErrorEntry,
  MessageAttributeValue,
  PublishBatchCommandInput,
  PublishCommandInput,
} from "@aws-sdk/client-sns";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation } from "../core/kernel.ts";
import type { Deliveries } from "./delivery.ts";
import type { Notification, NotificationAttribute } from "./documents.ts";
import { invalidParameter, notInCloud } from "./errors.ts";
import { onTopic } from "./topic-operations.ts";
import type { Topics } from "./topics.ts";

/** Body and attributes together. Source: SNS quotas, "Message size". */
const maximumMessageBytes = 256 * 1024;
const maximumBatchEntries = 10;

interface Entry {
  Message?: string | undefined;
  Subject?: string | undefined;
  MessageStructure?: string | undefined;
  MessageAttributes?: Record<string, MessageAttributeValue> | undefined;
  MessageGroupId?: string | undefined;
  MessageDeduplicationId?: string | undefined;
}

export function publishingOperations(
  kernel: Kernel,
  topics: Topics,
  deliveries: Deliveries,
): Record<string, Operation> {
  return {
    Publish: {
      permissions: (input: PublishCommandInput) => [
        { action: "sns:Publish", resource: input.TopicArn ?? input.TargetArn ?? "" },
      ],
      run: (input: PublishCommandInput) => {
        if (input.PhoneNumber !== undefined) throw notInCloud("SMS messages (PhoneNumber)");
        return publish(kernel, topics, deliveries, input.TopicArn ?? input.TargetArn, input);
      },
    },
    PublishBatch: {
      permissions: (input: PublishBatchCommandInput) => onTopic(input, { operation: "Publish" }),
      run: (input: PublishBatchCommandInput) => publishBatch(kernel, topics, deliveries, input),
    },
  };
}

function publish(
  kernel: Kernel,
  topics: Topics,
  deliveries: Deliveries,
  topicArn: string | undefined,
  entry: Entry,
): { MessageId: string } {
  const topic = topics.get(topicArn);
  const { Message: message = "", Subject: subject } = entry;
  if (message === "") throw invalidParameter("Empty message");
  if (entry.MessageStructure !== undefined) throw notInCloud("MessageStructure of SNS messages");
  if (entry.MessageDeduplicationId !== undefined || entry.MessageGroupId !== undefined) {
    throw invalidParameter("MessageGroupId and MessageDeduplicationId are not supported for non-FIFO topics");
  }
  if (subject !== undefined && !/^[\u0021-\u007e][\u0020-\u007e]{0,99}$/.test(subject)) {
    throw invalidParameter("Subject");
  }
  const attributes = notificationAttributes(entry.MessageAttributes);
  const attributeBytes = Buffer.byteLength(JSON.stringify(attributes));
  if (Buffer.byteLength(message) + (entry.MessageAttributes ? attributeBytes : 0) > maximumMessageBytes) {
    throw invalidParameter("Message too long");
  }
  const notification: Notification = {
    messageId: kernel.random.uuid(),
    topicArn: topic.arn,
    ...(subject !== undefined && { subject }),
    message,
    attributes,
    publishedMs: kernel.clock.now(),
  };
  deliveries.plan(notification);
  return { MessageId: notification.messageId };
}

function notificationAttributes(
  given: Readonly<Record<string, MessageAttributeValue>> | undefined,
): Record<string, NotificationAttribute> {
  const entries = Object.entries(given ?? {}).map(([name, value]): [string, NotificationAttribute] => {
    const { DataType: type = "", StringValue: text, BinaryValue: binary } = value;
    if (type.startsWith("Binary") && binary)
      return [name, { Type: type, Value: Buffer.from(binary).toString("base64") }];
    if (/^(String|Number)/.test(type) && text) return [name, { Type: type, Value: text }];
    throw invalidParameter(`The message attribute '${name}' must have a type and a value of that type`);
  });
  return Object.fromEntries(entries);
}

function publishBatch(kernel: Kernel, topics: Topics, deliveries: Deliveries, input: PublishBatchCommandInput) {
  const entries = input.PublishBatchRequestEntries ?? [];
  if (entries.length === 0)
    throw new AwsError("EmptyBatchRequest", "The batch request doesn't contain any entries.", 400);
  if (entries.length > maximumBatchEntries) {
    throw new AwsError(
      "TooManyEntriesInBatchRequest",
      "The batch request contains more entries than permissible.",
      400,
    );
  }
  if (new Set(entries.map((entry) => entry.Id)).size < entries.length) {
    throw new AwsError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.", 400);
  }
  const Successful: { Id: string | undefined; MessageId: string }[] = [];
  const Failed: BatchResultErrorEntry[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...publish(kernel, topics, deliveries, input.TopicArn, entry) });
    } catch (error) {
      if (!(error instanceof AwsError) || error.code === "NotFound") throw error;
      Failed.push({ Id: entry.Id, Code: error.code, Message: error.message, SenderFault: error.status < 500 });
    }
  }
  return { Successful, Failed };
}
