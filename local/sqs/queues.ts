import { AwsError } from "../core/aws-error.ts";
import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import type { MessageDocument, QueueDocument } from "./documents.ts";
import { queueDoesNotExist } from "./errors.ts";
import { numberOf, parseRedrivePolicy } from "./queue-attributes.ts";

/** How long a name stays taken after its queue was deleted. Source: DeleteQueue's API reference, 60 seconds. */
const nameTakenMs = 60_000;

/** What a sender supplies. */
export type NewMessage = Pick<
  MessageDocument,
  "body" | "md5OfBody" | "attributes" | "md5OfAttributes" | "traceHeader" | "senderId"
>;

/** The queues, their messages, and who waits for messages to come. */
export class Queues {
  readonly #kernel: Kernel;
  readonly #queues: Collection<QueueDocument>;
  readonly #deleted: Collection<{ atMs: number }>;
  readonly #counter: Collection<{ last: number }>;
  /** Receivers that wait, by queue; a request does not outlive the process, so they are not kept. */
  readonly #waiting = new Map<string, Set<() => void>>();

  #stopped = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#queues = kernel.store.collection<QueueDocument>("sqs.queues");
    this.#deleted = kernel.store.collection<{ atMs: number }>("sqs.deleted");
    this.#counter = kernel.store.collection<{ last: number }>("sqs.counter");
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  find(name: string): Readonly<QueueDocument> | undefined {
    return this.#queues.get(name);
  }

  findByArn(arn: string): Readonly<QueueDocument> | undefined {
    const queue = this.#queues.get(arn.split(":").at(-1) ?? "");
    return queue?.arn === arn ? queue : undefined;
  }

  /** @throws {AwsError} QueueDoesNotExist, also for the URL of another account. */
  byUrl(url: string | undefined): Readonly<QueueDocument> {
    const [name = "", account] = (url ?? "").split("/").reverse();
    const queue = this.#queues.get(name);
    if (!queue || account !== this.#kernel.settings.accountId) throw queueDoesNotExist();
    return queue;
  }

  urlOf(queue: Readonly<QueueDocument>): string {
    return `${this.#kernel.settings.endpoint}/${this.#kernel.settings.accountId}/${queue.name}`;
  }

  list(prefix: string): Readonly<QueueDocument>[] {
    return this.#queues.list(prefix);
  }

  put(queue: QueueDocument): void {
    this.#queues.put(queue.name, queue);
  }

  /** @throws {AwsError} QueueDeletedRecently */
  assertNameFree(name: string): void {
    const deleted = this.#deleted.get(name);
    if (!deleted || this.#kernel.clock.now() - deleted.atMs >= nameTakenMs) return;
    const message = "You must wait 60 seconds after deleting a queue before you can create another with the same name.";
    throw new AwsError("QueueDeletedRecently", message, 400);
  }

  delete(queue: Readonly<QueueDocument>): void {
    this.purge(queue);
    this.#queues.delete(queue.name);
    this.#deleted.put(queue.name, { atMs: this.#kernel.clock.now() });
    this.#wake(queue.name);
  }

  purge(queue: Readonly<QueueDocument>): void {
    const messages = this.#messages(queue);
    for (const place of messages.keys()) messages.delete(place);
  }

  /** Messages that have not outlived their retention, oldest first; those that have are removed. */
  messages(queue: Readonly<QueueDocument>): Readonly<MessageDocument>[] {
    const messages = this.#messages(queue);
    const oldestMs = this.#kernel.clock.now() - numberOf(queue.attributes, "MessageRetentionPeriod") * 1000;
    return messages.list().filter((message) => {
      const expired = message.sentMs <= oldestMs;
      if (expired) messages.delete(message.place);
      return !expired;
    });
  }

  message(queue: Readonly<QueueDocument>, place: string): Readonly<MessageDocument> | undefined {
    return this.#messages(queue).get(place);
  }

  send(queue: Readonly<QueueDocument>, message: NewMessage, delaySeconds: number): MessageDocument {
    const now = this.#kernel.clock.now();
    const sent: MessageDocument = {
      ...message,
      place: this.#nextPlace(),
      messageId: this.#kernel.random.uuid(),
      sentMs: now,
      visibleAtMs: now + delaySeconds * 1000,
      receiveCount: 0,
    };
    this.change(queue, sent);
    return sent;
  }

  /** Stores a changed message and wakes who waits. */
  change(queue: Readonly<QueueDocument>, message: MessageDocument): void {
    this.#messages(queue).put(message.place, message);
    this.#wake(queue.name);
  }

  remove(queue: Readonly<QueueDocument>, place: string): void {
    this.#messages(queue).delete(place);
  }

  /** Messages that can be received now. Ones received too often go to the dead-letter queue on the way. */
  visible(queue: Readonly<QueueDocument>): Readonly<MessageDocument>[] {
    const now = this.#kernel.clock.now();
    const redrive = queue.attributes["RedrivePolicy"];
    const policy = redrive ? parseRedrivePolicy(redrive) : undefined;
    const deadLetters = policy && this.findByArn(policy.deadLetterTargetArn);
    return this.messages(queue).filter((message) => {
      if (message.visibleAtMs > now) return false;
      if (!policy || !deadLetters || message.receiveCount < policy.maxReceiveCount) return true;
      this.remove(queue, message.place);
      const { firstReceivedMs: _forgotten, ...moved } = message;
      const place = this.#nextPlace();
      this.change(deadLetters, { ...moved, place, receiveCount: 0, visibleAtMs: now, deadLetterSource: queue.arn });
      return false;
    });
  }

  /**
   * Waits until something may have changed in a queue: a message came, one becomes visible, or the time is over.
   * @param untilMs Modelled time.
   */
  changed(queue: Readonly<QueueDocument>, untilMs: number): Promise<void> {
    const later = this.messages(queue).map((message) => message.visibleAtMs);
    const nextMs = Math.min(untilMs, ...later.filter((atMs) => atMs > this.#kernel.clock.now()));
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(queue.name) ?? new Set();
      this.#waiting.set(queue.name, waiting);
      const wake = () => {
        cancel();
        waiting.delete(wake);
        resolve();
      };
      const cancel = this.#kernel.clock.at(nextMs, wake);
      waiting.add(wake);
    });
  }

  /** Lets every receiver go with what there is, because the cloud stops. */
  stop(): void {
    this.#stopped = true;
    for (const name of this.#waiting.keys()) this.#wake(name);
  }

  #wake(name: string): void {
    for (const wake of [...(this.#waiting.get(name) ?? [])]) wake();
  }

  #messages(queue: Readonly<QueueDocument>): Collection<MessageDocument> {
    return this.#kernel.store.collection<MessageDocument>(`sqs.messages.${queue.name}`);
  }

  #nextPlace(): string {
    const last = (this.#counter.get("last")?.last ?? 0) + 1;
    this.#counter.put("last", { last });
    return String(last).padStart(16, "0");
  }
}
