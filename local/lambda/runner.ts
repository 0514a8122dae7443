import type { Caller } from "../core/kernel.ts";

/** What an execution environment is started with; it stays the same for its life. */
export interface ExecutionEnvironment {
  /** The only variables the program sees, the role's credentials among them. */
  variables: Readonly<Record<string, string>>;
  /** The environment's own log stream. */
  logStream: string;
  /** Modelled time at which its credentials end; it takes no invocation that could outlive them. Milliseconds since the epoch. */
  expiresAtMs: number;
  /** Who the function is to other services. */
  caller: Caller;
}

/** One invocation, with all a runner needs to carry it out. */
export interface Invocation {
  /** Environments may be shared by invocations of equal keys only: function, version and revision. */
  environmentKey: string;
  functionName: string;
  version: string;
  invokedFunctionArn: string;
  requestId: string;
  traceId: string;
  handler: string;
  timeoutSeconds: number;
  memoryMiB: number;
  /** The event as JSON. */
  payload: string;
  /** Client context as JSON, decoded. */
  clientContext: string | undefined;
  logGroup: string;
  codeDigest: string;
  readCode(): Promise<Uint8Array>;
  /** Called when a new environment has to be started. @throws {AwsError} When the role cannot be assumed. */
  openEnvironment(): Promise<ExecutionEnvironment>;
  /** Called once an environment has the invocation, before its handler runs. */
  started(environment: ExecutionEnvironment, coldStart: boolean): void;
  /** One message the function printed. */
  printed(message: string): void;
}

/** How an invocation ended. Times are real milliseconds, as compute is not compressed. */
export interface InvocationOutcome {
  kind: "answered" | "failed" | "timed-out" | "crashed";
  /** The answer or the error object, as JSON. */
  payload: string;
  durationMs: number;
  /** Only when this invocation started its environment. */
  initMs?: number;
  maxMemoryMiB: number;
}

/** What runs functions: child processes in the cloud, functions of the same process in tests and simulation. */
export interface FunctionRunner {
  /** @throws {AwsError} When the environment cannot be started; a failing function is an outcome. */
  run(invocation: Invocation): Promise<InvocationOutcome>;
  /** Ends idle environments whose key starts with `prefix`; busy ones finish their invocation first. */
  retire(prefix: string): void;
  stop(): Promise<void>;
}

/** The error object of an invocation, as the Runtime API posts it. */
export function errorPayload(errorType: string, errorMessage: string, trace?: string[]): string {
  return JSON.stringify({ errorType, errorMessage, ...(trace && { trace }) });
}

/** Lambda's words for a function that did not answer in time. */
export function timedOutPayload(requestId: string, timeoutSeconds: number): string {
  const message = `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
  return errorPayload("Sandbox.Timedout", message);
}

/** Lambda's words for a program that ended by itself. */
export function crashedPayload(requestId: string, how: string): string {
  return errorPayload("Runtime.ExitError", `RequestId: ${requestId} Error: Runtime exited with error: ${how}`);
}
