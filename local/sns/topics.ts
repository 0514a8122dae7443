import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import type { SubscriptionDocument, TopicDocument } from "./documents.ts";
import { subscriptionNotFound, topicNotFound } from "./errors.ts";

/** The topics of this cloud and who has subscribed to them. */
export class Topics {
  readonly #topics: Collection<TopicDocument>;
  readonly #subscriptions: Collection<SubscriptionDocument>;

  constructor(kernel: Kernel) {
    this.#topics = kernel.store.collection<TopicDocument>("sns.topics");
    this.#subscriptions = kernel.store.collection<SubscriptionDocument>("sns.subscriptions");
  }

  find(arn: string): Readonly<TopicDocument> | undefined {
    return this.#topics.get(arn);
  }

  /** @throws {AwsError} NotFound */
  get(arn: string | undefined): Readonly<TopicDocument> {
    const topic = this.#topics.get(arn ?? "");
    if (!topic) throw topicNotFound();
    return topic;
  }

  list(): Readonly<TopicDocument>[] {
    return this.#topics.list();
  }

  put(topic: TopicDocument): void {
    this.#topics.put(topic.arn, topic);
  }

  /** Removes a topic with its subscriptions; harmless when there is none. */
  delete(arn: string): void {
    for (const subscription of this.subscriptionsOf(arn)) this.#subscriptions.delete(subscription.arn);
    this.#topics.delete(arn);
  }

  /** @throws {AwsError} NotFound */
  subscription(arn: string | undefined): Readonly<SubscriptionDocument> {
    const subscription = this.#subscriptions.get(arn ?? "");
    if (!subscription) throw subscriptionNotFound();
    return subscription;
  }

  findSubscription(arn: string): Readonly<SubscriptionDocument> | undefined {
    return this.#subscriptions.get(arn);
  }

  subscriptions(): Readonly<SubscriptionDocument>[] {
    return this.#subscriptions.list();
  }

  /** A subscription's ARN begins with its topic's. */
  subscriptionsOf(topicArn: string): Readonly<SubscriptionDocument>[] {
    return this.#subscriptions.list(`${topicArn}:`);
  }

  putSubscription(subscription: SubscriptionDocument): void {
    this.#subscriptions.put(subscription.arn, subscription);
  }

  deleteSubscription(arn: string): void {
    this.#subscriptions.delete(arn);
  }
}
