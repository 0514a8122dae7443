import { setTimeout as delay } from "node:timers/promises";
import type { AwsClients } from "./aws-clients.ts";
import { type Patience, until } from "./until.ts";

/** One call, or a few that belong together, and how to see later whether it was made. */
export interface JournalCall {
  /** For a report. */
  what: string;
  /** Resolves when the cloud has answered. */
  send(aws: AwsClients): Promise<unknown>;
  /** Whether its effect is there by now. @throws {Error} when half of it is. */
  isThere(aws: AwsClients): Promise<boolean>;
}

/** Makes the calls of one kind, by their number. */
export type JournalKind = (number: number) => JournalCall;

/** Pause of each kind between two calls. Unit: milliseconds. */
const pauseMs = 150;

/** A client that writes down what was answered, and sees afterwards whether it is there. */
export class Journal {
  readonly #kinds: readonly JournalKind[];
  readonly #patience: Patience;
  #number = 0;
  #unchecked: { call: JournalCall; answered: boolean }[] = [];
  readonly #refused: string[] = [];

  /** @param patience For what was answered to be seen: what is asynchronous on AWS is so here. */
  constructor(kinds: readonly JournalKind[], patience: Patience = { withinSeconds: 30 }) {
    this.#kinds = kinds;
    this.#patience = patience;
  }

  /** Makes calls of every kind at the same time, until the cloud answers no more or is not to be asked any more. */
  async write(aws: AwsClients, stop: AbortSignal): Promise<void> {
    await Promise.all(this.#kinds.map((kind) => this.#writeKind(kind, aws, stop)));
  }

  async #writeKind(kind: JournalKind, aws: AwsClients, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const entry = { call: kind(++this.#number), answered: false };
      this.#unchecked.push(entry);
      try {
        await entry.call.send(aws);
        entry.answered = true;
      } catch (error) {
        // A call that came too fast did nothing, and promises nothing.
        if (isThrottled(error)) {
          this.#unchecked.splice(this.#unchecked.indexOf(entry), 1);
          await delay(throttledMs, undefined, { signal: stop }).catch(() => undefined);
        } else if (isAnswer(error)) this.#refused.push(`${entry.call.what}: ${String(error)}`);
        else return;
      }
      await delay(pauseMs, undefined, { signal: stop }).catch(() => undefined);
    }
  }

  /** Looks for everything written since the last look: what was answered must be there, what was not may be, whole. */
  async check(aws: AwsClients): Promise<{ answered: number; lost: string[] }> {
    const entries = this.#unchecked.splice(0);
    const lost = this.#refused.splice(0);
    for (const { call, answered } of entries) {
      try {
        const isThere = () => atLeisure(() => call.isThere(aws));
        if (answered) await until("it to be there", isThere, this.#patience);
        else await isThere();
      } catch (error) {
        lost.push(`${call.what}${answered ? ", which was answered" : ""}: ${String(error)}`);
      }
    }
    return { answered: entries.filter((entry) => entry.answered).length, lost };
  }
}

/** Unit: milliseconds until a call that came too fast is made again: the slowest bucket gives three tokens a second. */
const throttledMs = 500;

/** Asks as often as it takes, slowly enough for AWS's limits. */
async function atLeisure<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isThrottled(error)) throw error;
      await delay(throttledMs);
    }
  }
}

function isThrottled(error: unknown): boolean {
  const names = ["Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"];
  return error instanceof Error && names.includes(error.name);
}

/** Whether an error is the cloud's own answer, and not the end of the connection to it. */
function isAnswer(error: unknown): boolean {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode !== undefined;
}
