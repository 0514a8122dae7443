import type { Kernel } from "../core/kernel.ts";
import { queueUrl, sendDeadLetter } from "../events/dead-letters.ts";
import { matchesPattern } from "../events/pattern.ts";
import { failureOf } from "../events/retry.ts";
import type { Notification, SubscriptionDocument } from "./documents.ts";
import { deadLetterTarget } from "./subscription-operations.ts";
import type { Topics } from "./topics.ts";

const host = "sns.amazonaws.com";

/** Retries to AWS endpoints go on for 23 days, soon every 20 seconds. Source: SNS developer guide, "Message delivery retries". */
const longestRetryMs = 23 * 86_400_000;
const longestPauseMs = 20_000;

interface Delivery {
  subscriptionArn: string;
  notification: Notification;
  failures: number;
}

/** Brings notifications to subscribers: at least once, with retries, and to the dead-letter queue after that. */
export class Deliveries {
  readonly #kernel: Kernel;
  readonly #topics: Topics;

  constructor(kernel: Kernel, topics: Topics) {
    this.#kernel = kernel;
    this.#topics = topics;
    kernel.jobs.on<Delivery>("sns.deliver", (delivery) => this.#deliver(delivery));
  }

  plan(notification: Notification): void {
    for (const subscription of this.#topics.subscriptionsOf(notification.topicArn)) {
      if (subscription.pending || !passesFilter(subscription, notification)) continue;
      const delivery: Delivery = { subscriptionArn: subscription.arn, notification, failures: 0 };
      this.#kernel.jobs.schedule("sns.deliver", this.#kernel.clock.now(), delivery);
    }
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const subscription = this.#topics.findSubscription(delivery.subscriptionArn);
    if (!subscription) return;
    try {
      await this.#send(subscription, delivery.notification);
    } catch (error) {
      const failure = failureOf(error);
      const now = this.#kernel.clock.now();
      const pauseMs = Math.min(longestPauseMs, 1000 * Math.max(0, delivery.failures - 2));
      if (failure.retryable && now + pauseMs - delivery.notification.publishedMs <= longestRetryMs) {
        this.#kernel.jobs.schedule("sns.deliver", now + pauseMs, { ...delivery, failures: delivery.failures + 1 });
        return;
      }
      await this.#giveUp(subscription, delivery.notification, failure.message);
    }
  }

  async #send(subscription: Readonly<SubscriptionDocument>, notification: Notification): Promise<void> {
    // As the service principal: the queue's or function's own policy must let the topic in.
    const caller = this.#kernel.serviceCaller(host, notification.topicArn);
    if (subscription.protocol === "lambda") {
      const Payload = new TextEncoder().encode(JSON.stringify(this.#lambdaEvent(subscription, notification)));
      const input = { FunctionName: subscription.endpoint, InvocationType: "Event", Payload };
      await this.#kernel.call("lambda", "Invoke", input, caller);
      return;
    }
    const message = this.#queueMessage(subscription, notification);
    const input = { QueueUrl: queueUrl(this.#kernel, subscription.endpoint), ...message };
    await this.#kernel.call("sqs", "SendMessage", input, caller);
  }

  async #giveUp(
    subscription: Readonly<SubscriptionDocument>,
    notification: Notification,
    reason: string,
  ): Promise<void> {
    this.#kernel.settings.log(`${notification.topicArn} could not deliver to ${subscription.endpoint}: ${reason}`);
    const policy = subscription.attributes["RedrivePolicy"];
    if (!policy) return;
    const body = this.#queueMessage(subscription, notification).MessageBody;
    const letter = { queueArn: deadLetterTarget(policy), body, attributes: { ERROR_MESSAGE: reason } };
    await sendDeadLetter(this.#kernel, letter, this.#kernel.serviceCaller(host, notification.topicArn));
  }

  /** Raw delivery sends the message itself, with its attributes as the queue's own. */
  #queueMessage(subscription: Readonly<SubscriptionDocument>, notification: Notification) {
    if (subscription.attributes["RawMessageDelivery"] !== "true") {
      return { MessageBody: JSON.stringify(this.#envelope(subscription, notification)) };
    }
    const attributes = Object.entries(notification.attributes).map(([name, { Type, Value }]) => {
      const value = Type.startsWith("Binary") ? { BinaryValue: Buffer.from(Value, "base64") } : { StringValue: Value };
      return [name, { DataType: Type, ...value }];
    });
    return { MessageBody: notification.message, MessageAttributes: Object.fromEntries(attributes) };
  }

  /** What subscribers receive. This cloud has no certificate, so the signature is not one. */
  #envelope(subscription: Readonly<SubscriptionDocument>, notification: Notification) {
    const { endpoint } = this.#kernel.settings;
    return {
      Type: "Notification",
      MessageId: notification.messageId,
      TopicArn: notification.topicArn,
      ...(notification.subject !== undefined && { Subject: notification.subject }),
      Message: notification.message,
      Timestamp: new Date(notification.publishedMs).toISOString(),
      SignatureVersion: "1",
      Signature: "unsigned-in-the-embedded-cloud",
      SigningCertURL: `${endpoint}/no-certificate`,
      UnsubscribeURL: `${endpoint}/?Action=Unsubscribe&SubscriptionArn=${subscription.arn}`,
      ...(Object.keys(notification.attributes).length > 0 && { MessageAttributes: notification.attributes }),
    };
  }

  #lambdaEvent(subscription: Readonly<SubscriptionDocument>, notification: Notification) {
    const { SigningCertURL, UnsubscribeURL, ...envelope } = this.#envelope(subscription, notification);
    const Sns = {
      Subject: null,
      MessageAttributes: {},
      ...envelope,
      SigningCertUrl: SigningCertURL,
      UnsubscribeUrl: UnsubscribeURL,
    };
    return {
      Records: [{ EventSource: "aws:sns", EventVersion: "1.0", EventSubscriptionArn: subscription.arn, Sns }],
    };
  }
}

/** Filter policies speak the language of event patterns, over the attributes or over the body's JSON. */
function passesFilter(subscription: Readonly<SubscriptionDocument>, notification: Notification): boolean {
  const policy = subscription.attributes["FilterPolicy"];
  if (policy === undefined || policy === "" || policy === "{}") return true;
  if (subscription.attributes["FilterPolicyScope"] === "MessageBody") {
    try {
      return matchesPattern(policy, JSON.parse(notification.message));
    } catch {
      // A body that is no JSON meets no filter on bodies.
      return false;
    }
  }
  const values = Object.entries(notification.attributes).map(([name, { Type, Value }]) => {
    if (Type.startsWith("Number")) return [name, Number(Value)];
    return [name, Type === "String.Array" ? JSON.parse(Value) : Value];
  });
  return matchesPattern(policy, Object.fromEntries(values));
}
