import type { Caller, Kernel } from "../../core/kernel.ts";
import type { Json, JsonObject } from "../language/json.ts";
import { lambdaRequest, plainFunctionRequest } from "./lambda.ts";
import { optimizedRequest } from "./optimized.ts";
import { failureOf, type Outcome } from "./outcome.ts";
import type { TaskResource } from "./resource.ts";
import { operationName, sdkModel } from "./sdk-model.ts";
import { sdkServices } from "./sdk-services.ts";
import { toResult, toSdkInput } from "./sdk-values.ts";

/** One request of a task, made as the state machine's role. */
export interface TaskRequest {
  kernel: Kernel;
  caller: Caller;
  parameters: Json;
  executionArn: string;
  stateMachineArn: string;
}

/** The SDK models the integration of a resource needs; loaded together with the state machine. */
export function modelsNeededBy(resource: TaskResource): string[] {
  if (resource.kind === "function") return ["lambda"];
  const optimized: Readonly<Record<string, string>> = { states: "sfn", events: "eventbridge" };
  return [resource.kind === "sdk" ? resource.service : (optimized[resource.service] ?? resource.service)];
}

/** Makes the request and says how it ended; never throws. */
export function perform(resource: TaskResource, request: TaskRequest): Promise<Outcome> {
  if (resource.kind === "function") return plainFunctionRequest(resource.functionArn, request);
  if (resource.kind === "sdk") return sdkRequest(resource, request);
  return resource.service === "lambda" ? lambdaRequest(request) : optimizedRequest(resource.service, request);
}

async function sdkRequest(
  resource: TaskResource & { kind: "sdk" | "optimized" },
  request: TaskRequest,
): Promise<Outcome> {
  const model = sdkModel(resource.service);
  const service = sdkServices[resource.service];
  const operation = model.operations.get(operationName(resource.action));
  const requestId = request.kernel.random.uuid();
  const prefix = service?.prefix ?? resource.service;
  const dialect = { prefix, unknown: `${prefix}Exception`, service: prefix, version: 2 as const };
  try {
    if (!service || !operation) throw new Error(`no operation ${resource.action} of ${resource.service}`);
    const input = toSdkInput(operation.input, request.parameters as JsonObject);
    const answer = await request.kernel.call(
      service.signingName,
      operationName(resource.action),
      input,
      request.caller,
      "states.amazonaws.com",
    );
    return { kind: "succeeded", output: (await toResult(operation.output, answer ?? {})) ?? {} };
  } catch (error) {
    return failureOf(error, model, dialect, requestId);
  }
}
