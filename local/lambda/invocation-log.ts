import type { InputLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import { AwsError } from "../core/aws-error.ts";
import type { Caller, Kernel } from "../core/kernel.ts";

/** Messages are sent on when this many wait, so that a long function can be watched. */
const batchEvents = 100;
/** And when the first of them has waited this long. */
const batchMs = 1000;
/** One event holds at most this much. Source: "CloudWatch Logs quotas", event size, less the overhead of 26 bytes. */
const maxEventBytes = 1_048_550;
/** LogResult gives the last 4 KB. Source: API reference of Invoke. */
const tailBytes = 4096;

/**
 * What one invocation prints on its way to CloudWatch Logs. It is written as the function's role, as Lambda does: a role
 * that may not write logs has none, and nothing fails for it.
 */
export class InvocationLog {
  readonly #kernel: Kernel;
  readonly #group: string;
  #stream = "";
  #caller: Caller | undefined;
  #waiting: InputLogEvent[] = [];
  #tail = "";
  #sending: Promise<void> = Promise.resolve();

  constructor(kernel: Kernel, group: string) {
    this.#kernel = kernel;
    this.#group = group;
  }

  /** Says where the messages go; those printed before wait for it. */
  open(stream: string, caller: Caller): void {
    this.#stream = stream;
    this.#caller = caller;
  }

  print(message: string): void {
    const bounded = message.length > maxEventBytes ? message.slice(0, maxEventBytes) : message;
    this.#waiting.push({ timestamp: this.#kernel.clock.now(), message: bounded === "" ? " " : bounded });
    this.#tail = `${this.#tail}${bounded}\n`.slice(-tailBytes);
    const firstMs = this.#waiting[0]?.timestamp ?? 0;
    if (this.#waiting.length >= batchEvents || this.#kernel.clock.now() - firstMs >= batchMs) this.#send();
  }

  /** The end of the log, base64, as `LogResult` gives it. */
  tail(): string {
    return Buffer.from(this.#tail).toString("base64");
  }

  /** Sends what still waits. */
  async close(): Promise<void> {
    this.#send();
    await this.#sending;
  }

  #send(): void {
    const caller = this.#caller;
    if (!caller || this.#waiting.length === 0) return;
    const logEvents = this.#waiting;
    this.#waiting = [];
    this.#sending = this.#sending.then(() => this.#put(logEvents, caller));
  }

  async #put(logEvents: InputLogEvent[], caller: Caller): Promise<void> {
    const place = { logGroupName: this.#group, logStreamName: this.#stream };
    const put = () => this.#kernel.call("logs", "PutLogEvents", { ...place, logEvents }, caller);
    try {
      await put();
    } catch (error) {
      if (!isAwsError(error, "ResourceNotFoundException")) return this.#lost(error);
      try {
        await this.#makeStream(place, caller);
        await put();
      } catch (second) {
        this.#lost(second);
      }
    }
  }

  /** A group that is there is not made: a role that may only write into it is never asked for more. */
  async #makeStream(place: { logGroupName: string; logStreamName: string }, caller: Caller): Promise<void> {
    try {
      await this.#make("CreateLogStream", place, caller);
    } catch (error) {
      if (!isAwsError(error, "ResourceNotFoundException")) throw error;
      await this.#make("CreateLogGroup", { logGroupName: this.#group }, caller);
      await this.#make("CreateLogStream", place, caller);
    }
  }

  async #make(operation: string, input: object, caller: Caller): Promise<void> {
    try {
      await this.#kernel.call("logs", operation, input, caller);
    } catch (error) {
      if (!isAwsError(error, "ResourceAlreadyExistsException")) throw error;
    }
  }

  #lost(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#kernel.settings.log(`lambda: logs of ${this.#group} were not written: ${reason}`);
  }
}

function isAwsError(error: unknown, code: string): boolean {
  return error instanceof AwsError && error.code === code;
}
