import type { CreateTopicCommandInput, Tag } from "@aws-sdk/client-sns";
import type { Kernel, Operation, Requirement } from "../core/kernel.ts";
import { requestTagConditions } from "../core/tag-conditions.ts";
import type { TopicDocument } from "./documents.ts";
import { invalidParameter, notInCloud } from "./errors.ts";
import type { Topics } from "./topics.ts";

/** Attributes of topics that are kept as written. */
const topicAttributes = [
  "DisplayName",
  "Policy",
  "DeliveryPolicy",
  "KmsMasterKeyId",
  "SignatureVersion",
  "TracingConfig",
];

/** Entries of one page of any SNS listing. Source: ListTopics' API reference. */
const pageEntries = 100;

interface TopicInput {
  TopicArn?: string | undefined;
}

/** Requires the action named as the operation on the topic a request names. */
export function onTopic(input: TopicInput, call: { operation: string }): Requirement[] {
  return [{ action: `sns:${call.operation}`, resource: input.TopicArn ?? "" }];
}

/** One page of a listing; the token is the number of entries before it. */
export function pageOf<T>(all: readonly T[], token: string | undefined): { page: T[]; next: { NextToken?: string } } {
  const start = Number(token ?? 0);
  const page = all.slice(start, start + pageEntries);
  const more = start + page.length < all.length;
  return { page, next: more ? { NextToken: String(start + page.length) } : {} };
}

export function topicOperations(kernel: Kernel, topics: Topics): Record<string, Operation> {
  return {
    CreateTopic: {
      permissions: (input: CreateTopicCommandInput) => [
        {
          action: "sns:CreateTopic",
          resource: kernel.arn("sns", input.Name ?? ""),
          context: requestTagConditions(tagMap(input.Tags)),
        },
      ],
      run: (input: CreateTopicCommandInput) => createTopic(kernel, topics, input),
    },
    DeleteTopic: {
      permissions: onTopic,
      run: (input: TopicInput) => {
        topics.delete(input.TopicArn ?? "");
        return {};
      },
    },
    ListTopics: {
      run: (input: { NextToken?: string }) => {
        const { page, next } = pageOf(topics.list(), input.NextToken);
        return { Topics: page.map(({ arn }) => ({ TopicArn: arn })), ...next };
      },
    },
    GetTopicAttributes: {
      permissions: onTopic,
      run: (input: TopicInput) => ({ Attributes: describe(kernel, topics, topics.get(input.TopicArn)) }),
    },
    SetTopicAttributes: {
      permissions: onTopic,
      run: (input: TopicInput & { AttributeName?: string; AttributeValue?: string }) => {
        const topic = topics.get(input.TopicArn);
        const given = { [input.AttributeName ?? ""]: input.AttributeValue ?? "" };
        checkAttributes(given);
        topics.put({ ...topic, attributes: { ...topic.attributes, ...given } });
        return {};
      },
    },
    ...tagOperations(topics),
  };
}

function createTopic(kernel: Kernel, topics: Topics, input: CreateTopicCommandInput): { TopicArn: string } {
  const name = input.Name ?? "";
  if (name.endsWith(".fifo")) throw notInCloud("FIFO topics");
  if (!/^[\w-]{1,256}$/.test(name)) throw invalidParameter("Topic Name");
  if (input.DataProtectionPolicy !== undefined) throw notInCloud("DataProtectionPolicy of topics");
  const given = input.Attributes ?? {};
  checkAttributes(given);
  const arn = kernel.arn("sns", name);
  const existing = topics.find(arn);
  if (existing) {
    // Creating what exists succeeds when nothing about it differs. Source: CreateTopic's API reference.
    const differs = Object.entries(given).some(([attribute, value]) => existing.attributes[attribute] !== value);
    if (differs) throw invalidParameter("Attributes Reason: Topic already exists with different attributes");
    const tags = Object.entries(tagMap(input.Tags));
    if (tags.some(([key, value]) => existing.tags[key] !== value)) {
      throw invalidParameter("Tags Reason: Topic already exists with different tags");
    }
    return { TopicArn: arn };
  }
  topics.put({ name, arn, attributes: { ...given }, tags: tagMap(input.Tags) });
  return { TopicArn: arn };
}

function checkAttributes(given: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("Fifo") || name === "ContentBasedDeduplication") throw notInCloud(`FIFO topics (${name})`);
    if (!topicAttributes.includes(name)) throw invalidParameter(`AttributeName ${name}`);
    if (name === "Policy") checkPolicy(value);
  }
}

function checkPolicy(text: string): void {
  try {
    const policy: unknown = JSON.parse(text);
    if (typeof policy === "object" && policy !== null && "Statement" in policy) return;
  } catch {
    // Text that is no JSON is refused below, like a policy without statements.
  }
  throw invalidParameter("Policy statement action out of service scope or policy is not valid JSON");
}

/** What a topic lets others do until its owner says otherwise: everybody in the account that owns it. */
function defaultPolicy(kernel: Kernel, arn: string): string {
  const verbs = [
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
  ];
  return JSON.stringify({
    Version: "2008-10-17",
    Id: "__default_policy_ID",
    Statement: [
      {
        Sid: "__default_statement_ID",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: verbs.map((verb) => `SNS:${verb}`),
        Resource: arn,
        Condition: { StringEquals: { "AWS:SourceOwner": kernel.settings.accountId } },
      },
    ],
  });
}

/** The policy in force on a topic. */
export function policyOf(kernel: Kernel, topic: Readonly<TopicDocument>): string {
  return topic.attributes["Policy"] ?? defaultPolicy(kernel, topic.arn);
}

function describe(kernel: Kernel, topics: Topics, topic: Readonly<TopicDocument>): Record<string, string> {
  const subscriptions = topics.subscriptionsOf(topic.arn);
  const pending = subscriptions.filter((subscription) => subscription.pending).length;
  return {
    DisplayName: "",
    ...topic.attributes,
    TopicArn: topic.arn,
    Owner: kernel.settings.accountId,
    Policy: policyOf(kernel, topic),
    SubscriptionsConfirmed: String(subscriptions.length - pending),
    SubscriptionsPending: String(pending),
    SubscriptionsDeleted: "0",
  };
}

function tagMap(tags: readonly Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
}

interface TagInput {
  ResourceArn?: string | undefined;
  Tags?: Tag[] | undefined;
  TagKeys?: string[] | undefined;
}

function tagOperations(topics: Topics): Record<string, Operation> {
  const permissions = (input: TagInput, call: { operation: string }): Requirement[] => [
    {
      action: `sns:${call.operation}`,
      resource: input.ResourceArn ?? "",
      context: requestTagConditions(tagMap(input.Tags)),
    },
  ];
  return {
    TagResource: {
      permissions,
      run: (input: TagInput) => {
        const topic = topics.get(input.ResourceArn);
        topics.put({ ...topic, tags: { ...topic.tags, ...tagMap(input.Tags) } });
        return {};
      },
    },
    UntagResource: {
      permissions,
      run: (input: TagInput) => {
        const topic = topics.get(input.ResourceArn);
        const kept = Object.entries(topic.tags).filter(([key]) => !input.TagKeys?.includes(key));
        topics.put({ ...topic, tags: Object.fromEntries(kept) });
        return {};
      },
    },
    ListTagsForResource: {
      permissions,
      run: (input: TagInput) => ({
        Tags: Object.entries(topics.get(input.ResourceArn).tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    },
  };
}
