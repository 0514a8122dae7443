import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { isNamed } from "../errors.ts";

/** What a user's function is told about the candidate it is to check. */
export interface CheckRequest {
  service: string;
  generation: string;
  version: string;
  /** `http://host:port` of the listener. */
  origin: string;
  /** Sent with a request, it reaches the candidate and nobody else. */
  header: { name: string; value: string };
  /** Host name the service is known by, when its route names one. */
  host: string | undefined;
}

/** Asks functions of the user's for a verdict. */
export class CheckFunctions {
  readonly #lambda: LambdaClient;

  constructor(lambda: LambdaClient) {
    this.#lambda = lambda;
  }

  /** What it answered, or why there is no answer; never throws for what the user's function does. */
  async ask(
    functionName: string,
    request: CheckRequest,
    timeoutSeconds: number,
  ): Promise<{ text: string } | { problem: string }> {
    try {
      const answer = await this.#lambda.send(
        new InvokeCommand({ FunctionName: functionName, Payload: new TextEncoder().encode(JSON.stringify(request)) }),
        { abortSignal: AbortSignal.timeout(timeoutSeconds * 1000) },
      );
      const text = new TextDecoder().decode(answer.Payload);
      return answer.FunctionError ? { problem: `it failed: ${text.slice(0, 500)}` } : { text };
    } catch (error) {
      if (isNamed(error, "AbortError", "TimeoutError")) return { problem: `no answer within ${timeoutSeconds} s` };
      if (isNamed(error, "ResourceNotFoundException")) return { problem: `there is no function ${functionName}` };
      throw error;
    }
  }
}
