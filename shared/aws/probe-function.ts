import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import type { ProbeReport, ProbeRequest } from "../domain/probe.ts";

/**
 * Asks the probe function, which has no AWS permissions. It is called from here and not by the state machine, because the
 * trial secret must not stand in an execution's history.
 */
export class ProbeFunction {
  readonly #lambda: LambdaClient;
  readonly #name: string;

  constructor(lambda: LambdaClient, name: string) {
    this.#lambda = lambda;
    this.#name = name;
  }

  /** Makes the probes; an answer that is no report counts as an error of every probe, never as a pass. */
  async ask(request: ProbeRequest): Promise<ProbeReport> {
    const answer = await this.#lambda.send(
      new InvokeCommand({ FunctionName: this.#name, Payload: new TextEncoder().encode(JSON.stringify(request)) }),
    );
    const text = new TextDecoder().decode(answer.Payload);
    if (answer.FunctionError)
      return { verdict: "inconclusive", samples: [], reason: `the probe function failed: ${text.slice(0, 500)}` };
    return JSON.parse(text) as ProbeReport;
  }
}
