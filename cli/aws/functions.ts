import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { CommandFailure } from "../failure.ts";

/** Lambda functions of the stack that commands ask directly. */
export class Functions {
  readonly #lambda: LambdaClient;

  constructor(lambda: LambdaClient) {
    this.#lambda = lambda;
  }

  /**
   * Invokes a function and returns its answer.
   * @throws {CommandFailure} with the function's own error.
   */
  async ask<T>(functionName: string, request: unknown): Promise<T> {
    const answer = await this.#lambda.send(
      new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(request)) }),
    );
    const text = Buffer.from(answer.Payload ?? new Uint8Array()).toString("utf8");
    if (answer.FunctionError === undefined) return JSON.parse(text) as T;
    const { errorType, errorMessage } = readError(text);
    throw new CommandFailure({
      name: errorType,
      what: `${functionName} failed with ${errorType}: ${errorMessage}`,
      left: "No release was touched.",
      fix: "Do what the message says, then run the command again.",
    });
  }
}

function readError(text: string): { errorType: string; errorMessage: string } {
  try {
    const { errorType = "Error", errorMessage = text } = JSON.parse(text);
    return { errorType, errorMessage };
  } catch {
    return { errorType: "Error", errorMessage: text };
  }
}
