import type { Kernel, Operation, Service } from "../core/kernel.ts";
import { Deliveries } from "./delivery.ts";
import { publishingOperations } from "./publishing.ts";
import { subscriptionOperations } from "./subscription-operations.ts";
import { policyOf, topicOperations } from "./topic-operations.ts";
import { Topics } from "./topics.ts";

/**
 * Amazon SNS: standard topics that deliver to queues and functions. E-mail addresses may subscribe, as on AWS, and stay
 * pending: nothing leaves this machine. Differences from AWS: no FIFO topics, text messages, mobile push or HTTP endpoints.
 */
export class SnsService implements Service {
  readonly id = "sns";
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #kernel: Kernel;
  readonly #topics: Topics;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#topics = new Topics(kernel);
    const deliveries = new Deliveries(kernel, this.#topics);
    this.operations = {
      ...topicOperations(kernel, this.#topics),
      ...subscriptionOperations(kernel, this.#topics),
      ...publishingOperations(kernel, this.#topics, deliveries),
    };
  }

  /** The policy in force on the topic with this ARN, as JSON text, or undefined when there is no such topic. For IAM. */
  topicPolicy(arn: string): string | undefined {
    const topic = this.#topics.find(arn);
    return topic && policyOf(this.#kernel, topic);
  }
}
