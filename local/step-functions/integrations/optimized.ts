import { isObject, type Json } from "../language/json.ts";
import { StateFailure } from "../language/state-error.ts";
import { type ErrorDialect, failureOf, httpMetadata, type Outcome } from "./outcome.ts";
import type { TaskRequest } from "./requests.ts";
import { sdkModel } from "./sdk-model.ts";
import { toResult, toSdkInput } from "./sdk-values.ts";

interface OptimizedService {
  signingName: string;
  model: string;
  operation: string;
  dialect: ErrorDialect;
  /** Makes the request the API takes out of what the definition says. */
  prepare: (parameters: Record<string, Json>, request: TaskRequest) => Record<string, Json>;
}

const dialectOf = (prefix: string, unknown: string, service: string): ErrorDialect => ({
  prefix,
  unknown,
  service,
  version: 1,
});

const services: Readonly<Record<string, OptimizedService>> = {
  states: {
    signingName: "states",
    model: "sfn",
    operation: "StartExecution",
    dialect: dialectOf("StepFunctions", "AWSStepFunctionsException", "AWSStepFunctions"),
    prepare: (parameters) => textMembers(parameters, ["Input"]),
  },
  sqs: {
    signingName: "sqs",
    model: "sqs",
    operation: "SendMessage",
    dialect: dialectOf("SQS", "AmazonSQSException", "AmazonSQS"),
    prepare: (parameters) => textMembers(parameters, ["MessageBody"]),
  },
  sns: {
    signingName: "sns",
    model: "sns",
    operation: "Publish",
    dialect: dialectOf("SNS", "AmazonSNSException", "AmazonSNS"),
    prepare: (parameters) => textMembers(parameters, ["Message"]),
  },
  events: {
    signingName: "events",
    model: "eventbridge",
    operation: "PutEvents",
    dialect: dialectOf("EventBridge", "AmazonEventBridgeException", "AmazonEventBridge"),
    prepare: eventEntries,
  },
};

/** `states:startExecution`, `sqs:sendMessage`, `sns:publish` and `events:putEvents`. */
export async function optimizedRequest(name: string, request: TaskRequest): Promise<Outcome> {
  const service = services[name];
  if (!service) throw new Error(`no optimised integration with ${name}`);
  const model = sdkModel(service.model);
  const requestId = request.kernel.random.uuid();
  try {
    const operation = model.operations.get(service.operation);
    if (!operation || !isObject(request.parameters)) {
      throw new StateFailure("States.Runtime", "The Arguments of this task must be an object");
    }
    const parameters = service.prepare(request.parameters as Record<string, Json>, request);
    const input = toSdkInput(operation.input, parameters);
    const answer = await request.kernel.call(
      service.signingName,
      service.operation,
      input,
      request.caller,
      "states.amazonaws.com",
    );
    const result = (await toResult(operation.output, answer)) as Record<string, Json>;
    if (name === "events" && result["FailedEntryCount"]) {
      return { kind: "failed", error: "EventBridge.FailedEntry", cause: JSON.stringify(result) };
    }
    const headers = {
      connection: "keep-alive",
      "Content-Length": String(Buffer.byteLength(JSON.stringify(result))),
      "Content-Type": "application/x-amz-json-1.0",
    };
    const metadata = httpMetadata(requestId, headers, request.kernel.clock.now());
    return { kind: "succeeded", output: { ...result, ...metadata } };
  } catch (error) {
    return failureOf(error, model, service.dialect, requestId);
  }
}

/** Members the API takes as text may be written as JSON in a definition. */
function textMembers(parameters: Record<string, Json>, names: readonly string[]): Record<string, Json> {
  const prepared = { ...parameters };
  for (const name of names) {
    const value = prepared[name];
    if (value !== undefined && typeof value !== "string") prepared[name] = JSON.stringify(value);
  }
  return prepared;
}

/** Step Functions adds the execution and its machine to the event's resources. Source: its guide, "Add EventBridge events". */
function eventEntries(parameters: Record<string, Json>, request: TaskRequest): Record<string, Json> {
  const entries = Array.isArray(parameters["Entries"]) ? (parameters["Entries"] as Json[]) : [];
  return {
    ...parameters,
    Entries: entries.map((entry) => {
      if (!isObject(entry)) return entry;
      const named = Array.isArray(entry["Resources"]) ? (entry["Resources"] as Json[]) : [];
      const resources = [...named, request.executionArn, request.stateMachineArn];
      return { ...textMembers(entry as Record<string, Json>, ["Detail"]), Resources: resources };
    }),
  };
}
