import type {
  CreateQueueCommandInput,
  GetQueueAttributesCommandInput,
  ListQueuesCommandInput,
} from "@aws-sdk/client-sqs";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation, Requirement } from "../core/kernel.ts";
import { requestTagConditions } from "../core/tag-conditions.ts";
import type { QueueDocument } from "./documents.ts";
import { invalidAttributeName, invalidParameter, notInCloud, queueDoesNotExist } from "./errors.ts";
import { checkAttributes, parseRedrivePolicy, withDefaults } from "./queue-attributes.ts";
import type { Queues } from "./queues.ts";

/** A queue can be purged once in this time. Source: PurgeQueue's API reference. */
const purgePauseMs = 60_000;

interface QueueInput {
  QueueUrl?: string | undefined;
}

/** Requires an action (by default the one named as the operation) on the queue a request names. */
export function onQueue(queues: Queues, action?: string) {
  return (input: QueueInput, call: { operation: string }): Requirement[] => [
    { action: `sqs:${action ?? call.operation}`, resource: queues.byUrl(input.QueueUrl).arn },
  ];
}

export function queueOperations(kernel: Kernel, queues: Queues): Record<string, Operation> {
  const permissions = onQueue(queues);
  return {
    CreateQueue: {
      permissions: (input: CreateQueueCommandInput) => [
        {
          action: "sqs:CreateQueue",
          resource: kernel.arn("sqs", input.QueueName ?? ""),
          context: requestTagConditions(input.tags),
        },
      ],
      run: (input: CreateQueueCommandInput) => createQueue(kernel, queues, input),
    },
    GetQueueUrl: {
      permissions: (input) => [{ action: "sqs:GetQueueUrl", resource: kernel.arn("sqs", input.QueueName ?? "") }],
      run: (input: { QueueName?: string }) => {
        const queue = queues.find(input.QueueName ?? "");
        if (!queue) throw queueDoesNotExist();
        return { QueueUrl: queues.urlOf(queue) };
      },
    },
    ListQueues: {
      run: (input: ListQueuesCommandInput) => listQueues(queues, input),
    },
    DeleteQueue: {
      permissions,
      run: (input: QueueInput) => {
        queues.delete(queues.byUrl(input.QueueUrl));
        return {};
      },
    },
    PurgeQueue: {
      permissions,
      run: (input: QueueInput) => {
        const queue = queues.byUrl(input.QueueUrl);
        const now = kernel.clock.now();
        if (queue.purgedAtMs !== undefined && now - queue.purgedAtMs < purgePauseMs) {
          const message = `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`;
          throw new AwsError("PurgeQueueInProgress", message, 403);
        }
        queues.purge(queue);
        queues.put({ ...queue, purgedAtMs: now });
        return {};
      },
    },
    SetQueueAttributes: {
      permissions,
      run: (input: QueueInput & { Attributes?: Record<string, string> }) => {
        const queue = queues.byUrl(input.QueueUrl);
        const given = input.Attributes ?? {};
        checkAttributes(given);
        checkRedriveTarget(queues, given);
        const attributes = withoutEmpty({ ...queue.attributes, ...given });
        queues.put({ ...queue, attributes, modifiedAtMs: kernel.clock.now() });
        return {};
      },
    },
    GetQueueAttributes: {
      permissions,
      run: (input: GetQueueAttributesCommandInput) => queueAttributes(kernel, queues, input),
    },
    ListDeadLetterSourceQueues: {
      permissions,
      run: (input: QueueInput) => {
        const { arn } = queues.byUrl(input.QueueUrl);
        const sources = queues.list("").filter((queue) => {
          const policy = queue.attributes["RedrivePolicy"];
          return policy !== undefined && parseRedrivePolicy(policy).deadLetterTargetArn === arn;
        });
        return { queueUrls: sources.map((queue) => queues.urlOf(queue)) };
      },
    },
    ...tagOperations(queues),
  };
}

function createQueue(kernel: Kernel, queues: Queues, input: CreateQueueCommandInput): { QueueUrl: string } {
  const name = input.QueueName ?? "";
  if (name.endsWith(".fifo")) throw notInCloud("FIFO queues");
  if (!/^[\w-]{1,80}$/.test(name)) {
    throw invalidParameter("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length");
  }
  const given = (input.Attributes ?? {}) as Record<string, string>;
  checkAttributes(given);
  checkRedriveTarget(queues, given);
  const existing = queues.find(name);
  if (existing) {
    const held = withDefaults(existing.attributes);
    const differing = Object.entries(given).find(([attribute, value]) => held[attribute] !== value);
    if (!differing) return { QueueUrl: queues.urlOf(existing) };
    const message = `A queue already exists with the same name and a different value for attribute ${differing[0]}`;
    throw new AwsError("QueueNameExists", message, 400);
  }
  queues.assertNameFree(name);
  const now = kernel.clock.now();
  const queue: QueueDocument = {
    name,
    arn: kernel.arn("sqs", name),
    attributes: withoutEmpty(given),
    tags: input.tags ?? {},
    createdAtMs: now,
    modifiedAtMs: now,
  };
  queues.put(queue);
  return { QueueUrl: queues.urlOf(queue) };
}

/** A dead-letter queue must exist. Source: SQS developer guide, "Using dead-letter queues". */
function checkRedriveTarget(queues: Queues, attributes: Readonly<Record<string, string>>): void {
  const text = attributes["RedrivePolicy"];
  if (text === undefined || text === "") return;
  if (queues.findByArn(parseRedrivePolicy(text).deadLetterTargetArn)) return;
  throw invalidParameter(
    `Value ${text} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.`,
  );
}

/** Setting an attribute to nothing removes it, as the console does with policies. */
function withoutEmpty(attributes: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== ""));
}

function listQueues(queues: Queues, input: ListQueuesCommandInput): { QueueUrls?: string[]; NextToken?: string } {
  const following = queues.list(input.QueueNamePrefix ?? "").filter((queue) => queue.name > (input.NextToken ?? ""));
  const page = following.slice(0, input.MaxResults ?? 1000);
  const last = page.at(-1);
  return {
    ...(page.length > 0 && { QueueUrls: page.map((queue) => queues.urlOf(queue)) }),
    ...(input.MaxResults !== undefined && last && following.length > page.length && { NextToken: last.name }),
  };
}

function queueAttributes(
  kernel: Kernel,
  queues: Queues,
  input: GetQueueAttributesCommandInput,
): { Attributes?: Record<string, string> } {
  const queue = queues.byUrl(input.QueueUrl);
  const now = kernel.clock.now();
  const messages = queues.messages(queue);
  const hidden = messages.filter((message) => message.visibleAtMs > now);
  const delayed = hidden.filter((message) => message.receiveCount === 0);
  const all: Record<string, string> = {
    ...withDefaults(queue.attributes),
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(messages.length - hidden.length),
    ApproximateNumberOfMessagesNotVisible: String(hidden.length - delayed.length),
    ApproximateNumberOfMessagesDelayed: String(delayed.length),
    CreatedTimestamp: String(Math.floor(queue.createdAtMs / 1000)),
    LastModifiedTimestamp: String(Math.floor(queue.modifiedAtMs / 1000)),
  };
  const known = new Set([
    ...Object.keys(all),
    "Policy",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
  ]);
  const wanted: string[] = input.AttributeNames ?? [];
  for (const name of wanted) if (name !== "All" && !known.has(name)) throw invalidAttributeName(name);
  const chosen = Object.entries(all).filter(([name]) => wanted.includes("All") || wanted.includes(name));
  return chosen.length === 0 ? {} : { Attributes: Object.fromEntries(chosen) };
}

function tagOperations(queues: Queues): Record<string, Operation> {
  const permissions = onQueue(queues);
  return {
    TagQueue: {
      permissions: (input: QueueInput & { Tags?: Record<string, string> }, call) =>
        permissions(input, call).map((one) => ({ ...one, context: requestTagConditions(input.Tags) })),
      run: (input: QueueInput & { Tags?: Record<string, string> }) => {
        const queue = queues.byUrl(input.QueueUrl);
        queues.put({ ...queue, tags: { ...queue.tags, ...input.Tags } });
        return {};
      },
    },
    UntagQueue: {
      permissions,
      run: (input: QueueInput & { TagKeys?: string[] }) => {
        const queue = queues.byUrl(input.QueueUrl);
        const kept = Object.entries(queue.tags).filter(([key]) => !input.TagKeys?.includes(key));
        queues.put({ ...queue, tags: Object.fromEntries(kept) });
        return {};
      },
    },
    ListQueueTags: {
      permissions,
      run: (input: QueueInput) => ({ Tags: queues.byUrl(input.QueueUrl).tags }),
    },
  };
}
