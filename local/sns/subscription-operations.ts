import type { SubscribeCommandInput, Subscription } from "@aws-sdk/client-sns";
import type { Call, Kernel, Operation, Requirement } from "../core/kernel.ts";
import { compilePattern } from "../events/pattern.ts";
import type { SubscriptionDocument } from "./documents.ts";
import { invalidParameter, notInCloud } from "./errors.ts";
import { onTopic, pageOf } from "./topic-operations.ts";
import type { Topics } from "./topics.ts";

const subscriptionAttributes = ["RawMessageDelivery", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy"];

/** How an endpoint of each protocol looks. E-mail is taken down, but nothing here sends any. */
const protocols: Readonly<Record<string, RegExp>> = {
  sqs: /^arn:aws[\w-]*:sqs:[^:]+:\d{12}:.+$/,
  lambda: /^arn:aws[\w-]*:lambda:[^:]+:\d{12}:function:.+$/,
  email: /^[^@\s]+@[^@\s]+$/,
  "email-json": /^[^@\s]+@[^@\s]+$/,
};

interface SubscriptionInput {
  SubscriptionArn?: string | undefined;
}

export function subscriptionOperations(kernel: Kernel, topics: Topics): Record<string, Operation> {
  const onSubscription = (input: SubscriptionInput, call: { operation: string }): Requirement[] => [
    { action: `sns:${call.operation}`, resource: topicArnOf(input.SubscriptionArn) },
  ];
  return {
    Subscribe: {
      permissions: (input: SubscribeCommandInput, call) =>
        onTopic(input, call).map((requirement) => ({
          ...requirement,
          context: { "sns:Endpoint": input.Endpoint ?? "", "sns:Protocol": input.Protocol ?? "" },
        })),
      run: (input: SubscribeCommandInput, call) => subscribe(kernel, topics, input, call),
    },
    Unsubscribe: {
      permissions: onSubscription,
      run: (input: SubscriptionInput) => {
        topics.deleteSubscription(input.SubscriptionArn ?? "");
        return {};
      },
    },
    ListSubscriptions: {
      run: (input: { NextToken?: string }) => listed(kernel, topics.subscriptions(), input.NextToken),
    },
    ListSubscriptionsByTopic: {
      permissions: onTopic,
      run: (input: { TopicArn?: string; NextToken?: string }) =>
        listed(kernel, topics.subscriptionsOf(topics.get(input.TopicArn).arn), input.NextToken),
    },
    GetSubscriptionAttributes: {
      permissions: onSubscription,
      run: (input: SubscriptionInput) => {
        const subscription = topics.subscription(input.SubscriptionArn);
        return {
          Attributes: {
            RawMessageDelivery: "false",
            ...subscription.attributes,
            SubscriptionArn: subscription.arn,
            TopicArn: subscription.topicArn,
            Protocol: subscription.protocol,
            Endpoint: subscription.endpoint,
            Owner: kernel.settings.accountId,
            PendingConfirmation: String(subscription.pending),
            ConfirmationWasAuthenticated: String(!subscription.pending),
            SubscriptionPrincipal: subscription.owner,
          },
        };
      },
    },
    SetSubscriptionAttributes: {
      permissions: onSubscription,
      run: (input: SubscriptionInput & { AttributeName?: string; AttributeValue?: string }) => {
        const subscription = topics.subscription(input.SubscriptionArn);
        const attributes = { ...subscription.attributes, [input.AttributeName ?? ""]: input.AttributeValue ?? "" };
        topics.putSubscription({ ...subscription, attributes: checkAttributes(attributes) });
        return {};
      },
    },
  };
}

function subscribe(
  kernel: Kernel,
  topics: Topics,
  input: SubscribeCommandInput,
  call: Call,
): { SubscriptionArn: string } {
  const topic = topics.get(input.TopicArn);
  const protocol = input.Protocol ?? "";
  const endpoint = input.Endpoint ?? "";
  const shape = protocols[protocol];
  if (!shape) throw notInCloud(`SNS subscriptions of protocol ${protocol}`);
  if (!shape.test(endpoint)) throw invalidParameter(`${protocol} endpoint ARN or address`);
  const attributes = checkAttributes(input.Attributes ?? {});
  const existing = topics
    .subscriptionsOf(topic.arn)
    .find((subscription) => subscription.protocol === protocol && subscription.endpoint === endpoint);
  if (existing) {
    const differs = Object.entries(attributes).some(([name, value]) => existing.attributes[name] !== value);
    if (differs) throw invalidParameter("Attributes Reason: Subscription already exists with different attributes");
    return { SubscriptionArn: shownArn(existing, input.ReturnSubscriptionArn) };
  }
  const subscription: SubscriptionDocument = {
    arn: `${topic.arn}:${kernel.random.uuid()}`,
    topicArn: topic.arn,
    protocol,
    endpoint,
    owner: call.caller.arn,
    pending: protocol.startsWith("email"),
    attributes,
  };
  topics.putSubscription(subscription);
  return { SubscriptionArn: shownArn(subscription, input.ReturnSubscriptionArn) };
}

/** The ARN of a subscription that is not confirmed is shown only to who asks for it. */
function shownArn(subscription: Readonly<SubscriptionDocument>, asked: boolean | undefined): string {
  return subscription.pending && !asked ? "pending confirmation" : subscription.arn;
}

/** @throws {AwsError} InvalidParameter */
function checkAttributes(given: Readonly<Record<string, string>>): Record<string, string> {
  for (const [name, value] of Object.entries(given)) {
    if (!subscriptionAttributes.includes(name)) throw invalidParameter(`AttributeName ${name}`);
    if (name === "RawMessageDelivery" && value !== "true" && value !== "false") {
      throw invalidParameter("Attributes Reason: RawMessageDelivery: Invalid value. Must be true or false.");
    }
    if (name === "FilterPolicyScope" && value !== "MessageAttributes" && value !== "MessageBody") {
      throw invalidParameter("Attributes Reason: FilterPolicyScope: Invalid value.");
    }
    if (name === "FilterPolicy" && value !== "" && value !== "{}") checkFilter(value);
    if (name === "RedrivePolicy" && value !== "") deadLetterTarget(value);
  }
  return { ...given };
}

function checkFilter(text: string): void {
  try {
    compilePattern(text);
  } catch (error) {
    throw invalidParameter(`FilterPolicy: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * The queue that takes what a subscriber refuses.
 * @throws {AwsError} InvalidParameter
 */
export function deadLetterTarget(text: string): string {
  try {
    const { deadLetterTargetArn: target } = JSON.parse(text) as { deadLetterTargetArn?: unknown };
    if (typeof target === "string" && protocols["sqs"]?.test(target)) return target;
  } catch {
    // Text that is no JSON is refused below, like one that names no queue.
  }
  throw invalidParameter("RedrivePolicy: deadLetterTargetArn is an invalid arn");
}

function topicArnOf(subscriptionArn: string | undefined): string {
  return (subscriptionArn ?? "").split(":").slice(0, 6).join(":");
}

function listed(kernel: Kernel, all: readonly Readonly<SubscriptionDocument>[], token: string | undefined) {
  const { page, next } = pageOf(all, token);
  const Subscriptions: Subscription[] = page.map((subscription) => ({
    SubscriptionArn: subscription.pending ? "PendingConfirmation" : subscription.arn,
    Owner: kernel.settings.accountId,
    Protocol: subscription.protocol,
    Endpoint: subscription.endpoint,
    TopicArn: subscription.topicArn,
  }));
  return { Subscriptions, ...next };
}
