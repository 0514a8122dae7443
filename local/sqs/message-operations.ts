import type {
  Message,
  MessageAttributeValue,
  ReceiveMessageCommandInput,
  SendMessageCommandInput,
} from "@aws-sdk/client-sqs";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Kernel, Operation } from "../core/kernel.ts";
import type { MessageDocument, QueueDocument } from "./documents.ts";
import { invalidParameter, missingParameter, notInCloud } from "./errors.ts";
import {
  attributeValue,
  isWanted,
  md5Of,
  md5OfAttributes,
  messageBytes,
  storedAttributes,
} from "./message-attributes.ts";
import { numberOf } from "./queue-attributes.ts";
import { onQueue } from "./queue-operations.ts";
import type { Queues } from "./queues.ts";

/** Longest visibility time-out: 12 hours. */
const maximumVisibilitySeconds = 43_200;

interface QueueInput {
  QueueUrl?: string | undefined;
}

/** One message to send, alone or in a batch. */
export interface SendInput {
  MessageBody?: string | undefined;
  DelaySeconds?: number | undefined;
  MessageAttributes?: Record<string, MessageAttributeValue> | undefined;
  MessageSystemAttributes?: SendMessageCommandInput["MessageSystemAttributes"];
  MessageDeduplicationId?: string | undefined;
  MessageGroupId?: string | undefined;
}

export interface SentMessage {
  MessageId: string;
  MD5OfMessageBody: string;
  MD5OfMessageAttributes?: string;
}

export function messageOperations(kernel: Kernel, queues: Queues): Record<string, Operation> {
  return {
    SendMessage: {
      permissions: onQueue(queues),
      run: (input: SendMessageCommandInput, call) => sendMessage(queues, queues.byUrl(input.QueueUrl), input, call),
    },
    ReceiveMessage: {
      permissions: onQueue(queues),
      run: (input: ReceiveMessageCommandInput) => receiveMessages(kernel, queues, input),
    },
    DeleteMessage: {
      permissions: onQueue(queues),
      run: (input: QueueInput & { ReceiptHandle?: string }) => {
        deleteMessage(queues, queues.byUrl(input.QueueUrl), input.ReceiptHandle);
        return {};
      },
    },
    ChangeMessageVisibility: {
      permissions: onQueue(queues),
      run: (input: QueueInput & { ReceiptHandle?: string; VisibilityTimeout?: number }) => {
        changeVisibility(kernel, queues, queues.byUrl(input.QueueUrl), input.ReceiptHandle, input.VisibilityTimeout);
        return {};
      },
    },
  };
}

/** @throws {AwsError} InvalidParameterValue, MissingParameter, InvalidMessageContents. */
export function sendMessage(queues: Queues, queue: Readonly<QueueDocument>, input: SendInput, call: Call): SentMessage {
  const body = input.MessageBody;
  if (body === undefined || body === "") throw missingParameter("MessageBody");
  if (input.MessageDeduplicationId !== undefined) throw notInCloud("MessageDeduplicationId, which is for FIFO queues,");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters SQS refuses.
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(body)) {
    const message =
      "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD";
    throw new AwsError("InvalidMessageContents", message, 400);
  }
  const attributes = storedAttributes(input.MessageAttributes);
  const limit = numberOf(queue.attributes, "MaximumMessageSize");
  if (messageBytes(body, attributes) > limit) {
    throw invalidParameter(`One or more parameters are invalid. Reason: Message must be shorter than ${limit} bytes.`);
  }
  const delaySeconds = input.DelaySeconds ?? numberOf(queue.attributes, "DelaySeconds");
  if (delaySeconds < 0 || delaySeconds > 900) {
    throw invalidParameter(
      `Value ${delaySeconds} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.`,
    );
  }
  const digest = md5OfAttributes(attributes);
  const traceHeader = input.MessageSystemAttributes?.AWSTraceHeader?.StringValue;
  const sent = queues.send(
    queue,
    {
      body,
      md5OfBody: md5Of(body),
      attributes,
      ...(digest !== undefined && { md5OfAttributes: digest }),
      ...(traceHeader !== undefined && { traceHeader }),
      senderId: call.caller.kind === "service" ? call.caller.name : call.caller.arn,
    },
    delaySeconds,
  );
  return {
    MessageId: sent.messageId,
    MD5OfMessageBody: sent.md5OfBody,
    ...(digest !== undefined && { MD5OfMessageAttributes: digest }),
  };
}

async function receiveMessages(
  kernel: Kernel,
  queues: Queues,
  input: ReceiveMessageCommandInput,
): Promise<{ Messages?: Message[] }> {
  const { attributes } = queues.byUrl(input.QueueUrl);
  const limit = input.MaxNumberOfMessages ?? 1;
  if (limit < 1 || limit > 10) {
    throw invalidParameter(
      `Value ${limit} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.`,
    );
  }
  const waitSeconds = input.WaitTimeSeconds ?? numberOf(attributes, "ReceiveMessageWaitTimeSeconds");
  if (waitSeconds < 0 || waitSeconds > 20) {
    throw invalidParameter(
      `Value ${waitSeconds} for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.`,
    );
  }
  const untilMs = kernel.clock.now() + waitSeconds * 1000;
  for (;;) {
    const queue = queues.byUrl(input.QueueUrl);
    const found = queues.visible(queue).slice(0, limit);
    if (found.length > 0) return { Messages: found.map((message) => receive(kernel, queues, queue, message, input)) };
    if (kernel.clock.now() >= untilMs || queues.stopped) return {};
    await queues.changed(queue, untilMs);
  }
}

/** Hands out one message: it is hidden from others for the visibility time-out. */
function receive(
  kernel: Kernel,
  queues: Queues,
  queue: Readonly<QueueDocument>,
  message: Readonly<MessageDocument>,
  input: ReceiveMessageCommandInput,
): Message {
  const now = kernel.clock.now();
  const hiddenSeconds = input.VisibilityTimeout ?? numberOf(queue.attributes, "VisibilityTimeout");
  checkVisibility(hiddenSeconds);
  const received: MessageDocument = {
    ...message,
    receiveCount: message.receiveCount + 1,
    firstReceivedMs: message.firstReceivedMs ?? now,
    visibleAtMs: now + hiddenSeconds * 1000,
  };
  queues.change(queue, received);
  const wanted = input.MessageAttributeNames;
  const attributes = Object.entries(received.attributes).filter(([name]) => isWanted(name, wanted));
  const digest = md5OfAttributes(Object.fromEntries(attributes));
  const system = systemAttributes(received, [
    ...(input.AttributeNames ?? []),
    ...(input.MessageSystemAttributeNames ?? []),
  ]);
  return {
    MessageId: received.messageId,
    ReceiptHandle: handleOf(received),
    MD5OfBody: received.md5OfBody,
    Body: received.body,
    ...(Object.keys(system).length > 0 && { Attributes: system }),
    ...(digest !== undefined && {
      MD5OfMessageAttributes: digest,
      MessageAttributes: Object.fromEntries(attributes.map(([name, value]) => [name, attributeValue(value)])),
    }),
  };
}

function systemAttributes(message: Readonly<MessageDocument>, wanted: readonly string[]): Record<string, string> {
  const all: Record<string, string | undefined> = {
    SenderId: message.senderId,
    SentTimestamp: String(message.sentMs),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedMs ?? message.sentMs),
    AWSTraceHeader: message.traceHeader,
    DeadLetterQueueSourceArn: message.deadLetterSource,
  };
  const chosen: Record<string, string> = {};
  for (const [name, value] of Object.entries(all)) {
    if (value !== undefined && (wanted.includes("All") || wanted.includes(name))) chosen[name] = value;
  }
  return chosen;
}

/** A handle names the message and which of its receives it belongs to. */
function handleOf(message: Readonly<MessageDocument>): string {
  return Buffer.from(`${message.place}#${message.receiveCount}#${message.messageId}`).toString("base64");
}

function parseHandle(handle: string | undefined): { place: string; receiveCount: number } {
  const text = Buffer.from(handle ?? "", "base64").toString();
  const [, place, receiveCount] = /^(\d{16})#(\d+)#[0-9a-f-]{36}$/.exec(text) ?? [];
  if (place === undefined) {
    throw new AwsError(
      "ReceiptHandleIsInvalid",
      `The input receipt handle "${handle}" is not a valid receipt handle.`,
      400,
    );
  }
  return { place, receiveCount: Number(receiveCount) };
}

/** An old handle succeeds and deletes nothing. Source: DeleteMessage's API reference. */
export function deleteMessage(queues: Queues, queue: Readonly<QueueDocument>, handle: string | undefined): void {
  const { place, receiveCount } = parseHandle(handle);
  if (queues.message(queue, place)?.receiveCount === receiveCount) queues.remove(queue, place);
}

/** @throws {AwsError} MessageNotInflight when the message is visible or gone. */
export function changeVisibility(
  kernel: Kernel,
  queues: Queues,
  queue: Readonly<QueueDocument>,
  handle: string | undefined,
  seconds: number | undefined,
): void {
  const { place, receiveCount } = parseHandle(handle);
  if (seconds === undefined) throw missingParameter("VisibilityTimeout");
  checkVisibility(seconds);
  const message = queues.message(queue, place);
  const now = kernel.clock.now();
  if (!message || message.receiveCount !== receiveCount || message.visibleAtMs <= now) {
    const reason = `Value ${handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`;
    throw new AwsError("MessageNotInflight", reason, 400);
  }
  queues.change(queue, { ...message, visibleAtMs: now + seconds * 1000 });
}

function checkVisibility(seconds: number): void {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= maximumVisibilitySeconds) return;
  throw invalidParameter(
    `Value ${seconds} for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer between 0 and 43200.`,
  );
}
