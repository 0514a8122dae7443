import type { InvocationRequest, InvokeCommandOutput } from "@aws-sdk/client-lambda";
import type { AssumeRoleCommandOutput, Credentials } from "@aws-sdk/client-sts";
import { AwsError } from "../core/aws-error.ts";
import { PacedClock } from "../core/clock.ts";
import type { Call, Kernel } from "../core/kernel.ts";
import { conflict, type FunctionCatalog, type ResolvedFunction } from "./catalog.ts";
import { InvocationLog } from "./invocation-log.ts";
import { parseFunctionReference, roleName } from "./names.ts";
import { fileDigest, type Packages } from "./packages.ts";
import {
  type ExecutionEnvironment,
  errorPayload,
  type FunctionRunner,
  type Invocation,
  type InvocationOutcome,
} from "./runner.ts";

/** Records a metric of AWS's own, such as Invocations; the CloudWatch service provides it. */
export type MetricRecorder = (
  namespace: string,
  name: string,
  dimensions: Readonly<Record<string, string>>,
  value: number,
  unit: string,
) => void;

export interface InvokeParts {
  catalog: FunctionCatalog;
  packages: Packages;
  runner: FunctionRunner;
  record: MetricRecorder;
}

/** Source: "Lambda quotas", invocation payload: 6 MB synchronous, 1 MB asynchronous. */
const maxRequestBytes = 6_291_456;
const maxEventBytes = 1_048_576;
const maxResponseBytes = 6_291_556;

/** Credentials of an environment last this long on the wall clock at most; STS gives no more than 12 modelled hours. */
const credentialSeconds = 3600;
const longestSessionSeconds = 43_200;

/** Carries out invocations: admits them, runs them, words their outcome. */
export class Invocations {
  readonly #kernel: Kernel;
  readonly #parts: InvokeParts;
  /** Invocations running now, by function; lost with the process, as the invocations are. */
  readonly #running = new Map<string, number>();

  constructor(kernel: Kernel, parts: InvokeParts) {
    this.#kernel = kernel;
    this.#parts = parts;
  }

  /**
   * Checks everything that Lambda checks before it accepts an invocation.
   * @throws {AwsError} ResourceNotFound-, RequestTooLarge-, InvalidRequestContent- or ResourceConflictException.
   */
  admit(input: InvocationRequest): { found: ResolvedFunction; payload: string } {
    const found = this.#parts.catalog.resolve(parseFunctionReference(input.FunctionName, input.Qualifier));
    const limitBytes = input.InvocationType === "Event" ? maxEventBytes : maxRequestBytes;
    const body = input.Payload ?? new Uint8Array();
    if (body.byteLength > limitBytes) {
      const message = `Request must be smaller than ${limitBytes} bytes for the InvokeFunction operation`;
      throw new AwsError("RequestEntityTooLargeException", message, 413);
    }
    if (this.#kernel.clock.now() < found.version.activeAtMs) {
      throw conflict(
        "The operation cannot be performed at this time. The function is currently in the following state: Pending",
      );
    }
    return { found, payload: jsonOf(body) };
  }

  /** A synchronous invocation, from admission to answer. */
  async requestResponse(input: InvocationRequest, call: Call): Promise<Omit<InvokeCommandOutput, "$metadata">> {
    const { found, payload } = this.admit(input);
    const log = new InvocationLog(this.#kernel, found.version.logGroup);
    const clientContext =
      input.ClientContext === undefined ? undefined : Buffer.from(input.ClientContext, "base64").toString();
    const outcome = await this.run(found, { payload, requestId: call.requestId, clientContext }, log);
    return {
      StatusCode: 200,
      ExecutedVersion: found.version.version,
      Payload: new TextEncoder().encode(outcome.payload) as InvokeCommandOutput["Payload"],
      ...(outcome.kind !== "answered" && { FunctionError: "Unhandled" }),
      ...(input.LogType === "Tail" && { LogResult: log.tail() }),
    };
  }

  /**
   * Runs one admitted invocation.
   * @throws {AwsError} TooManyRequestsException when the concurrency is used up.
   */
  async run(
    found: ResolvedFunction,
    request: { payload: string; requestId: string; clientContext: string | undefined },
    log = new InvocationLog(this.#kernel, found.version.logGroup),
  ): Promise<InvocationOutcome> {
    const { name } = found.function;
    const release = this.#take(found);
    try {
      const outcome = bounded(await this.#parts.runner.run(this.#invocation(found, request, log)));
      this.#finish(found, request.requestId, outcome, log);
      await log.close();
      return outcome;
    } finally {
      release();
      this.#count(name, "Invocations", 1);
    }
  }

  #take(found: ResolvedFunction): () => void {
    const { name, reservedConcurrency } = found.function;
    const running = this.#running.get(name) ?? 0;
    if (reservedConcurrency !== undefined && running >= reservedConcurrency) {
      this.#count(name, "Throttles", 1);
      throw new AwsError("TooManyRequestsException", "Rate Exceeded.", 429, {
        Type: "User",
        Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
      });
    }
    this.#running.set(name, running + 1);
    return () => this.#running.set(name, (this.#running.get(name) ?? 1) - 1);
  }

  #invocation(
    { version, arn }: ResolvedFunction,
    request: { payload: string; requestId: string; clientContext: string | undefined },
    log: InvocationLog,
  ): Invocation {
    const { random } = this.#kernel;
    return {
      environmentKey: `${version.name}:${version.version}@${version.revisionId}`,
      functionName: version.name,
      version: version.version,
      invokedFunctionArn: arn,
      requestId: request.requestId,
      traceId: `Root=1-${random.hex(8)}-${random.hex(24)};Parent=${random.hex(16)};Sampled=0`,
      handler: version.handler,
      timeoutSeconds: version.timeoutSeconds,
      memoryMiB: version.memoryMiB,
      payload: request.payload,
      clientContext: request.clientContext,
      logGroup: version.logGroup,
      codeDigest: fileDigest(version.codeSha256),
      readCode: () => this.#parts.packages.read(version.codeSha256),
      openEnvironment: () => this.#openEnvironment(version),
      started: (environment, coldStart) => {
        log.open(environment.logStream, environment.caller);
        if (coldStart)
          log.print(`INIT_START Runtime Version: ${version.runtime.replace(/^nodejs(\d+)\.x$/, "nodejs:$1")}`);
        log.print(`START RequestId: ${request.requestId} Version: ${version.version}`);
      },
      printed: (message) => log.print(message),
    };
  }

  async #openEnvironment(version: ResolvedFunction["version"]): Promise<ExecutionEnvironment> {
    const { clock, random, settings } = this.#kernel;
    const factor = clock instanceof PacedClock ? clock.factor : 1;
    const durationSeconds = Math.min(longestSessionSeconds, Math.ceil(credentialSeconds * Math.max(1, factor)));
    const { credentials, arn } = await this.#assume(version, durationSeconds);
    const day = new Date(clock.now()).toISOString().slice(0, 10).replaceAll("-", "/");
    const logStream = `${day}/[${version.version}]${random.hex(32)}`;
    const memory = String(version.memoryMiB);
    return {
      logStream,
      expiresAtMs: credentials.Expiration?.getTime() ?? clock.now() + durationSeconds * 1000,
      caller: { kind: "role", arn, accountId: settings.accountId, name: roleName(version.role) },
      variables: {
        ...version.variables,
        _HANDLER: version.handler,
        AWS_REGION: settings.region,
        AWS_DEFAULT_REGION: settings.region,
        AWS_EXECUTION_ENV: `AWS_Lambda_${version.runtime}`,
        AWS_LAMBDA_FUNCTION_NAME: version.name,
        AWS_LAMBDA_FUNCTION_VERSION: version.version,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory,
        AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
        AWS_LAMBDA_LOG_GROUP_NAME: version.logGroup,
        AWS_LAMBDA_LOG_STREAM_NAME: logStream,
        AWS_LAMBDA_LOG_FORMAT: version.logFormat,
        AWS_ENDPOINT_URL: settings.endpoint,
        AWS_ACCESS_KEY_ID: credentials.AccessKeyId ?? "",
        AWS_SECRET_ACCESS_KEY: credentials.SecretAccessKey ?? "",
        AWS_SESSION_TOKEN: credentials.SessionToken ?? "",
      },
    };
  }

  async #assume(version: ResolvedFunction["version"], durationSeconds: number) {
    const input = { RoleArn: version.role, RoleSessionName: version.name, DurationSeconds: durationSeconds };
    try {
      const service = this.#kernel.serviceCaller("lambda.amazonaws.com");
      const output = await this.#kernel.call<AssumeRoleCommandOutput>("sts", "AssumeRole", input, service);
      const credentials: Partial<Credentials> = output.Credentials ?? {};
      return { credentials, arn: output.AssumedRoleUser?.Arn ?? version.role };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const message = `The role defined for the function cannot be assumed by Lambda. (${error.message})`;
      throw new AwsError("AccessDeniedException", message, 403);
    }
  }

  #finish(found: ResolvedFunction, requestId: string, outcome: InvocationOutcome, log: InvocationLog): void {
    const { name, memoryMiB } = found.version;
    if (outcome.kind === "timed-out") {
      const time = new Date(this.#kernel.clock.now()).toISOString();
      log.print(`${time} ${requestId} Task timed out after ${found.version.timeoutSeconds.toFixed(2)} seconds`);
    }
    if (outcome.kind === "crashed") log.print(JSON.parse(outcome.payload).errorMessage);
    log.print(`END RequestId: ${requestId}`);
    const billedMs = Math.ceil(outcome.durationMs + (outcome.initMs ?? 0));
    log.print(
      [
        `REPORT RequestId: ${requestId}`,
        `Duration: ${outcome.durationMs.toFixed(2)} ms`,
        `Billed Duration: ${billedMs} ms`,
        `Memory Size: ${memoryMiB} MB`,
        `Max Memory Used: ${outcome.maxMemoryMiB} MB`,
        ...(outcome.initMs === undefined ? [] : [`Init Duration: ${outcome.initMs.toFixed(2)} ms`]),
        ...(outcome.kind === "timed-out" ? ["Status: timeout"] : []),
      ].join("\t"),
    );
    this.#count(name, "Errors", outcome.kind === "answered" ? 0 : 1);
    this.#parts.record("AWS/Lambda", "Duration", { FunctionName: name }, outcome.durationMs, "Milliseconds");
  }

  #count(functionName: string, metric: string, value: number): void {
    this.#parts.record("AWS/Lambda", metric, { FunctionName: functionName }, value, "Count");
  }
}

/** The event as JSON text; nothing sent means an empty object. */
function jsonOf(body: Uint8Array): string {
  if (body.byteLength === 0) return "{}";
  const text = new TextDecoder().decode(body);
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AwsError("InvalidRequestContentException", `Could not parse request body into json: ${reason}`);
  }
}

function bounded(outcome: InvocationOutcome): InvocationOutcome {
  if (Buffer.byteLength(outcome.payload) <= maxResponseBytes) return outcome;
  const message = `Response payload size exceeded maximum allowed payload size (${maxResponseBytes} bytes).`;
  return { ...outcome, kind: "failed", payload: errorPayload("Function.ResponseSizeTooLarge", message) };
}
