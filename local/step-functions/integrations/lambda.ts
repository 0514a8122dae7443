import type { InvokeCommandOutput } from "@aws-sdk/client-lambda";
import type { Random } from "../../core/random.ts";
import { isObject, type Json } from "../language/json.ts";
import { failureOf, httpMetadata, type Outcome } from "./outcome.ts";
import type { TaskRequest } from "./requests.ts";
import { sdkModel } from "./sdk-model.ts";
import { toSdkInput } from "./sdk-values.ts";

const dialect = { prefix: "Lambda", unknown: "AWSLambdaException", service: "AWSLambda", version: 1 as const };

type Answer = Partial<InvokeCommandOutput>;

/** `arn:aws:states:::lambda:invoke`: the result is the whole answer of Invoke, with the payload as JSON. */
export async function lambdaRequest(request: TaskRequest): Promise<Outcome> {
  const requestId = request.kernel.random.uuid();
  const model = sdkModel("lambda");
  try {
    const operation = model.operations.get("Invoke");
    if (!operation) throw new Error("the SDK has no Invoke");
    const input = toSdkInput(operation.input, withPayload(request.parameters)) as Record<string, unknown>;
    const answer = await invoke(request, input);
    const text = textOf(answer);
    if (answer.FunctionError !== undefined) return functionError(text);
    const version = answer.ExecutedVersion;
    const metadata = httpMetadata(requestId, answerHeaders(answer, request.kernel.random), request.kernel.clock.now());
    const output: Record<string, Json> = {
      ...(version === undefined ? {} : { ExecutedVersion: version }),
      Payload: text === "" ? null : parsed(text),
      ...metadata,
      StatusCode: answer.StatusCode ?? 200,
    };
    return { kind: "succeeded", output };
  } catch (error) {
    return failureOf(error, model, dialect, requestId);
  }
}

/** A Lambda ARN as the Resource: the result is what the function returned. */
export async function plainFunctionRequest(functionArn: string, request: TaskRequest): Promise<Outcome> {
  const requestId = request.kernel.random.uuid();
  try {
    const payload = Buffer.from(JSON.stringify(request.parameters), "utf8");
    const answer = await invoke(request, { FunctionName: functionArn, Payload: payload });
    const text = textOf(answer);
    if (answer.FunctionError !== undefined) return functionError(text);
    return { kind: "succeeded", output: text === "" ? null : parsed(text) };
  } catch (error) {
    return failureOf(error, sdkModel("lambda"), dialect, requestId);
  }
}

function invoke({ kernel, caller }: TaskRequest, input: Record<string, unknown>): Promise<Answer> {
  return kernel.call<Answer>("lambda", "Invoke", input, caller, "states.amazonaws.com");
}

function answerHeaders(answer: Answer, random: Random): Record<string, string> {
  const trace = `Root=1-${random.hex(8)}-${random.hex(24)};Parent=${random.hex(16)};Sampled=0`;
  return {
    Connection: "keep-alive",
    "Content-Length": String(answer.Payload?.byteLength ?? 0),
    "Content-Type": "application/json",
    "X-Amz-Executed-Version": answer.ExecutedVersion ?? "$LATEST",
    "X-Amzn-Trace-Id": trace,
    "x-amzn-Remapped-Content-Length": "0",
  };
}

/** Without a Payload the function gets an empty object; any JSON is sent as it is. */
function withPayload(parameters: Json): Json {
  if (!isObject(parameters)) return parameters;
  const payload = parameters["Payload"];
  return { ...parameters, Payload: payload === undefined ? "{}" : JSON.stringify(payload) } as Json;
}

function textOf(answer: Answer): string {
  return Buffer.from(answer.Payload ?? new Uint8Array()).toString("utf8");
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/**
 * A function's own error: its type is the error's name, the payload the cause. Newer runtimes report a time-out as
 * `Sandbox.Timedout`; without any type it is `Lambda.Unknown`. Source: Step Functions guide, "Handle Lambda service exceptions".
 */
function functionError(text: string): Outcome {
  const payload = parsed(text);
  const type = isObject(payload) ? payload["errorType"] : undefined;
  if (typeof type === "string" && type !== "") return { kind: "failed", error: type, cause: text };
  return {
    kind: "failed",
    error: "Lambda.Unknown",
    cause: `The cause could not be determined because Lambda did not return an error type. Returned payload: ${text}`,
  };
}
