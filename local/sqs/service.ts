import type { Kernel, Operation, Service } from "../core/kernel.ts";
import { batchOperations } from "./batch-operations.ts";
import { messageOperations } from "./message-operations.ts";
import { queueOperations } from "./queue-operations.ts";
import { Queues } from "./queues.ts";

/**
 * Amazon SQS: standard queues with delays, visibility time-outs, long polling and dead-letter queues. Differences from AWS: no
 * FIFO queues and no redrive tasks; messages come once and in order unless they become visible again.
 */
export class SqsService implements Service {
  readonly id = "sqs";
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #queues: Queues;

  constructor(kernel: Kernel) {
    this.#queues = new Queues(kernel);
    this.operations = {
      ...queueOperations(kernel, this.#queues),
      ...messageOperations(kernel, this.#queues),
      ...batchOperations(kernel, this.#queues),
    };
  }

  /** The policy of the queue with this ARN, as JSON text, or undefined. For IAM, which judges it. */
  queuePolicy(arn: string): string | undefined {
    return this.#queues.findByArn(arn)?.attributes["Policy"];
  }

  stop(): void {
    this.#queues.stop();
  }
}
