import { setTimeout as delay } from "node:timers/promises";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { CommandFailure } from "../failure.ts";

/** Errors of handlers after which the state machines try again; so does a command. */
const passing: ReadonlySet<string> = new Set(["ThrottledError", "TransientError"]);

/** Unit: milliseconds before each further attempt: a minute together, in which AWS's buckets have filled again. */
const pausesMs = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];

/** What invokes: the SDK's client. */
interface Invoker {
  send(command: InvokeCommand): Promise<{ Payload?: Uint8Array | undefined; FunctionError?: string | undefined }>;
}

/** Lambda functions of the stack that commands ask directly. */
export class Functions {
  readonly #lambda: Invoker;
  readonly #pause: (ms: number) => Promise<void>;

  constructor(lambda: Invoker, pause: (ms: number) => Promise<void> = delay) {
    this.#lambda = lambda;
    this.#pause = pause;
  }

  /**
   * Invokes a function and returns its answer; where AWS asks for patience or fails for the moment, again after a pause.
   * @throws {CommandFailure} with the function's own error.
   */
  async ask<T>(functionName: string, request: unknown): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#lambda.send(
        new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(request)) }),
      );
      const text = Buffer.from(answer.Payload ?? new Uint8Array()).toString("utf8");
      if (answer.FunctionError === undefined) return JSON.parse(text) as T;
      const { errorType, errorMessage } = readError(text);
      const pauseMs = pausesMs[attempt];
      if (pauseMs === undefined || !passing.has(errorType)) throw failed(functionName, errorType, errorMessage);
      await this.#pause(pauseMs);
    }
  }
}

function failed(functionName: string, errorType: string, errorMessage: string): CommandFailure {
  return new CommandFailure({
    name: errorType,
    what: `${functionName} failed with ${errorType}: ${errorMessage}`,
    left: "No release was touched.",
    fix: "Do what the message says, then run the command again.",
  });
}

function readError(text: string): { errorType: string; errorMessage: string } {
  try {
    const { errorType = "Error", errorMessage = text } = JSON.parse(text);
    return { errorType, errorMessage };
  } catch {
    return { errorType: "Error", errorMessage: text };
  }
}
