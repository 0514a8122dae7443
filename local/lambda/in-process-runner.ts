import type { Clock } from "../core/clock.ts";
import type { Caller } from "../core/kernel.ts";
import {
  type ExecutionEnvironment,
  errorPayload,
  type FunctionRunner,
  type Invocation,
  type InvocationOutcome,
  timedOutPayload,
} from "./runner.ts";

/** What an in-process function gets beside its event: Lambda's context where it matters, and who it is. */
export interface InProcessContext {
  awsRequestId: string;
  functionName: string;
  functionVersion: string;
  invokedFunctionArn: string;
  getRemainingTimeInMillis(): number;
  variables: Readonly<Record<string, string>>;
  caller: Caller;
}

export type InProcessFunction = (event: unknown, context: InProcessContext) => unknown;

/**
 * Runs functions of this process, found by function name, on the cloud's own clock: for tests and simulation. A function
 * that outlives its time-out goes on running, as nothing can end it; its answer is dropped.
 */
export class InProcessRunner implements FunctionRunner {
  readonly #clock: Clock;
  readonly #find: (functionName: string) => InProcessFunction | undefined;
  readonly #environments = new Map<string, ExecutionEnvironment>();

  constructor(clock: Clock, functions: Readonly<Record<string, InProcessFunction>>) {
    this.#clock = clock;
    this.#find = (name) => functions[name];
  }

  async run(invocation: Invocation): Promise<InvocationOutcome> {
    const { environment, coldStart } = await this.#environmentOf(invocation);
    invocation.started(environment, coldStart);
    const beganMs = this.#clock.now();
    const end = await this.#answer(invocation, environment);
    return { ...end, durationMs: this.#clock.now() - beganMs, maxMemoryMiB: 0 };
  }

  retire(prefix: string): void {
    for (const key of this.#environments.keys()) if (key.startsWith(prefix)) this.#environments.delete(key);
  }

  async stop(): Promise<void> {
    this.#environments.clear();
  }

  async #environmentOf(invocation: Invocation) {
    const known = this.#environments.get(invocation.environmentKey);
    if (known && this.#clock.now() + invocation.timeoutSeconds * 1000 < known.expiresAtMs) {
      return { environment: known, coldStart: false };
    }
    const environment = await invocation.openEnvironment();
    this.#environments.set(invocation.environmentKey, environment);
    return { environment, coldStart: true };
  }

  async #answer(invocation: Invocation, environment: ExecutionEnvironment) {
    const run = this.#find(invocation.functionName);
    if (!run) {
      const message = `no in-process function is called ${invocation.functionName}`;
      return { kind: "failed" as const, payload: errorPayload("Runtime.HandlerNotFound", message) };
    }
    const deadlineMs = this.#clock.now() + invocation.timeoutSeconds * 1000;
    let cancel = () => {};
    const timedOut = new Promise<"timed-out">((resolve) => {
      cancel = this.#clock.at(deadlineMs, () => resolve("timed-out"));
    });
    const context: InProcessContext = {
      awsRequestId: invocation.requestId,
      functionName: invocation.functionName,
      functionVersion: invocation.version,
      invokedFunctionArn: invocation.invokedFunctionArn,
      getRemainingTimeInMillis: () => Math.max(0, deadlineMs - this.#clock.now()),
      variables: environment.variables,
      caller: environment.caller,
    };
    try {
      const work = Promise.resolve(run(JSON.parse(invocation.payload), context)).then((answer) => ({ answer }));
      const end = await Promise.race([work, timedOut]);
      if (end === "timed-out") {
        return {
          kind: "timed-out" as const,
          payload: timedOutPayload(invocation.requestId, invocation.timeoutSeconds),
        };
      }
      return { kind: "answered" as const, payload: JSON.stringify(end.answer) ?? "null" };
    } catch (error) {
      const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
      return { kind: "failed" as const, payload: errorPayload(name, message, (stack ?? "").split("\n")) };
    } finally {
      cancel();
    }
  }
}
