import type { InvocationRequest, PutFunctionEventInvokeConfigCommandInput } from "@aws-sdk/client-lambda";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Caller, Kernel, Operation } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import { type FunctionCatalog, invalidParameter, type ResolvedFunction } from "./catalog.ts";
import { functionArn } from "./function-record.ts";
import type { Invocations } from "./invoke.ts";
import { parseFunctionReference, roleName } from "./names.ts";
import type { InvocationOutcome } from "./runner.ts";

/** One accepted asynchronous event, until it is done with. */
interface EventRecord {
  id: string;
  name: string;
  qualifier?: string;
  payload: string;
  acceptedAtMs: number;
  /** Attempts that ran and failed. */
  attempts: number;
  /** Times in a row that there was no concurrency for it. */
  throttles: number;
}

interface EventSettings {
  key: string;
  maxRetries: number;
  maxAgeSeconds: number;
  onFailureArn?: string;
  changedAtMs: number;
}

/** Source: "Asynchronous invocation", error handling: two retries, after one and two minutes, for events up to 6 hours old. */
const defaultRetries = 2;
const defaultAgeSeconds = 21_600;
const retryAfterSeconds = [60, 120];
/** Same source, throttling: back-off from 1 second to 5 minutes. */
const longestBackoffSeconds = 300;

const jobKind = "lambda.event";

/** Asynchronous invocations: accepted at once, carried out by durable jobs, retried, then given to a dead-letter target. */
export class AsynchronousEvents {
  readonly #kernel: Kernel;
  readonly #catalog: FunctionCatalog;
  readonly #invocations: Invocations;
  readonly #events: Collection<EventRecord>;
  readonly #settings: Collection<EventSettings>;
  readonly operations: Readonly<Record<string, Operation>>;

  constructor(kernel: Kernel, catalog: FunctionCatalog, invocations: Invocations) {
    this.#kernel = kernel;
    this.#catalog = catalog;
    this.#invocations = invocations;
    this.#events = kernel.store.collection("lambda.events");
    this.#settings = kernel.store.collection("lambda.event-settings");
    kernel.jobs.on<{ id: string }>(jobKind, ({ id }) => this.#attempt(id));
    type Input = PutFunctionEventInvokeConfigCommandInput;
    this.operations = {
      PutFunctionEventInvokeConfig: {
        permissions: (input: Input) => catalog.requirement("PutFunctionEventInvokeConfig", input),
        run: (input: Input) => this.#configure(input),
      },
      GetFunctionEventInvokeConfig: {
        permissions: (input: Input) => catalog.requirement("GetFunctionEventInvokeConfig", input),
        run: (input: Input) => this.#describe(this.#find(this.#keyOf(input))),
      },
      DeleteFunctionEventInvokeConfig: {
        permissions: (input: Input) => catalog.requirement("DeleteFunctionEventInvokeConfig", input),
        run: (input: Input) => {
          this.#settings.delete(this.#find(this.#keyOf(input)).key);
          return {};
        },
      },
    };
  }

  /** Accepts an event. @throws {AwsError} As `admit`. */
  accept(input: InvocationRequest, call: Call): { StatusCode: number } {
    const { payload } = this.#invocations.admit(input);
    const { name, qualifier } = parseFunctionReference(input.FunctionName, input.Qualifier);
    const now = this.#kernel.clock.now();
    const record: EventRecord = {
      id: call.requestId,
      name,
      ...(qualifier !== undefined && { qualifier }),
      payload,
      acceptedAtMs: now,
      attempts: 0,
      throttles: 0,
    };
    this.#events.put(record.id, record);
    this.#kernel.jobs.schedule(jobKind, now, { id: record.id }, `${jobKind}:${record.id}`);
    return { StatusCode: 202 };
  }

  async #attempt(id: string): Promise<void> {
    const event = this.#events.get(id);
    if (!event) return;
    let found: ResolvedFunction;
    try {
      found = this.#catalog.resolve({ name: event.name, qualifier: event.qualifier });
    } catch {
      // The function is gone, and its events with it.
      this.#events.delete(id);
      return;
    }
    try {
      const request = { payload: event.payload, requestId: event.id, clientContext: undefined };
      const outcome = await this.#invocations.run(found, request);
      if (outcome.kind === "answered") this.#events.delete(id);
      else await this.#failed(event, found, outcome);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      await this.#refused(event, found, error);
    }
  }

  async #failed(event: EventRecord, found: ResolvedFunction, outcome: InvocationOutcome): Promise<void> {
    const attempts = event.attempts + 1;
    const { maxRetries } = this.#settingsOf(found);
    const waitSeconds = retryAfterSeconds[event.attempts];
    if (attempts > maxRetries || waitSeconds === undefined) {
      return this.#giveUp({ ...event, attempts }, found, "RetriesExhausted", outcome);
    }
    await this.#again({ ...event, attempts, throttles: 0 }, found, waitSeconds);
  }

  async #refused(event: EventRecord, found: ResolvedFunction, error: AwsError): Promise<void> {
    this.#kernel.settings.log(`lambda: an event for ${event.name} waits: ${error.message}`);
    const waitSeconds = Math.min(longestBackoffSeconds, 2 ** event.throttles);
    await this.#again({ ...event, throttles: event.throttles + 1 }, found, waitSeconds);
  }

  async #again(event: EventRecord, found: ResolvedFunction, waitSeconds: number): Promise<void> {
    const dueMs = this.#kernel.clock.now() + waitSeconds * 1000;
    const { maxAgeSeconds } = this.#settingsOf(found);
    if (dueMs - event.acceptedAtMs > maxAgeSeconds * 1000) return this.#giveUp(event, found, "EventAgeExceeded");
    this.#events.put(event.id, event);
    this.#kernel.jobs.schedule(jobKind, dueMs, { id: event.id }, `${jobKind}:${event.id}`);
  }

  async #giveUp(event: EventRecord, found: ResolvedFunction, condition: string, outcome?: InvocationOutcome) {
    this.#events.delete(event.id);
    const { deadLetterArn, role, name } = found.version;
    const { accountId } = this.#kernel.settings;
    const arn = `arn:aws:sts::${accountId}:assumed-role/${roleName(role)}/${name}`;
    const caller: Caller = { kind: "role", arn, accountId, name: roleName(role) };
    const { onFailureArn } = this.#settingsOf(found);
    if (onFailureArn !== undefined) {
      const body = JSON.stringify(this.#failureRecord(event, found, condition, outcome));
      await this.#deliver(onFailureArn, body, {}, caller);
    }
    if (deadLetterArn !== undefined) {
      const errorMessage = outcome ? String(JSON.parse(outcome.payload).errorMessage) : condition;
      const attributes = { RequestID: event.id, ErrorCode: "200", ErrorMessage: errorMessage.slice(0, 1024) };
      await this.#deliver(deadLetterArn, event.payload, attributes, caller);
    }
  }

  /** Source: "Capturing records of Lambda asynchronous invocations", example invocation record. */
  #failureRecord(event: EventRecord, found: ResolvedFunction, condition: string, outcome?: InvocationOutcome) {
    return {
      version: "1.0",
      timestamp: new Date(this.#kernel.clock.now()).toISOString(),
      requestContext: {
        requestId: event.id,
        functionArn: functionArn(this.#kernel, event.name, event.qualifier ?? "$LATEST"),
        condition,
        approximateInvokeCount: event.attempts,
      },
      requestPayload: JSON.parse(event.payload),
      ...(outcome && {
        responseContext: {
          statusCode: 200,
          executedVersion: found.version.version,
          functionError: "Unhandled",
        },
        responsePayload: JSON.parse(outcome.payload),
      }),
    };
  }

  async #deliver(arn: string, body: string, attributes: Record<string, string>, caller: Caller): Promise<void> {
    const valued = Object.entries(attributes).map(([key, value]) => [key, { DataType: "String", StringValue: value }]);
    const { endpoint } = this.#kernel.settings;
    const [, , service, , account, name] = arn.split(":");
    try {
      if (service === "sns") {
        const input = { TopicArn: arn, Message: body, MessageAttributes: Object.fromEntries(valued) };
        await this.#kernel.call("sns", "Publish", input, caller);
      } else {
        const queue = { QueueName: name, QueueOwnerAWSAccountId: account };
        const found = await this.#kernel.call<{ QueueUrl?: string }>("sqs", "GetQueueUrl", queue, caller);
        const QueueUrl = found.QueueUrl ?? `${endpoint}/${account}/${name}`;
        const input = { QueueUrl, MessageBody: body, MessageAttributes: Object.fromEntries(valued) };
        await this.#kernel.call("sqs", "SendMessage", input, caller);
      }
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      this.#kernel.settings.log(`lambda: dead-letter target ${arn} refused an event: ${error.message}`);
    }
  }

  #configure(input: PutFunctionEventInvokeConfigCommandInput) {
    const key = this.#keyOf(input);
    const onFailureArn = input.DestinationConfig?.OnFailure?.Destination;
    if (input.DestinationConfig?.OnSuccess?.Destination !== undefined) {
      throw invalidParameter("The embedded cloud has no OnSuccess destinations.");
    }
    if (onFailureArn !== undefined && !/^arn:aws:(sqs|sns):/.test(onFailureArn)) {
      throw invalidParameter(`The embedded cloud delivers failures to SQS and SNS, not to ${onFailureArn}.`);
    }
    const record: EventSettings = {
      key,
      maxRetries: input.MaximumRetryAttempts ?? defaultRetries,
      maxAgeSeconds: input.MaximumEventAgeInSeconds ?? defaultAgeSeconds,
      ...(onFailureArn !== undefined && { onFailureArn }),
      changedAtMs: this.#kernel.clock.now(),
    };
    this.#settings.put(key, record);
    return this.#describe(record);
  }

  #describe(record: Readonly<EventSettings>) {
    return {
      FunctionArn: functionArn(this.#kernel, record.key),
      LastModified: new Date(record.changedAtMs),
      MaximumRetryAttempts: record.maxRetries,
      MaximumEventAgeInSeconds: record.maxAgeSeconds,
      DestinationConfig: { OnFailure: { Destination: record.onFailureArn }, OnSuccess: {} },
    };
  }

  #keyOf(input: { FunctionName?: string | undefined; Qualifier?: string | undefined }): string {
    const { name, qualifier } = parseFunctionReference(input.FunctionName, input.Qualifier);
    this.#catalog.resolve({ name, qualifier });
    return `${name}:${qualifier ?? "$LATEST"}`;
  }

  #find(key: string): Readonly<EventSettings> {
    const found = this.#settings.get(key);
    if (found) return found;
    const arn = functionArn(this.#kernel, key);
    throw new AwsError("ResourceNotFoundException", `The function ${arn} doesn't have an EventInvokeConfig`, 404);
  }

  #settingsOf(found: ResolvedFunction): Pick<EventSettings, "maxRetries" | "maxAgeSeconds" | "onFailureArn"> {
    const qualifier = found.arn.split(":")[7] ?? "$LATEST";
    const own = this.#settings.get(`${found.function.name}:${qualifier}`);
    return own ?? { maxRetries: defaultRetries, maxAgeSeconds: defaultAgeSeconds };
  }
}
