import { NormalizedSchema } from "@smithy/core/schema";
import { AwsError } from "../../local/core/aws-error.ts";
import type { Kernel, Operation } from "../../local/core/kernel.ts";
import { loadSdkModel, operationName } from "../../local/step-functions/integrations/sdk-model.ts";
import { sdkServices } from "../../local/step-functions/integrations/sdk-services.ts";
import { toSdkInput } from "../../local/step-functions/integrations/sdk-values.ts";
import type { Json } from "../../local/step-functions/language/json.ts";
import { isObject } from "./compare.ts";

export interface RecordedEvent {
  id: number;
  previousEventId: number;
  type: string;
  [details: string]: unknown;
}

/** What a service answered to one task, read back from the history. */
interface RecordedAnswer {
  /** The integration as events name it: `lambda`, `aws-sdk:ssm`, or `function` for a Lambda ARN. */
  resourceType: string;
  action: string;
  end: RecordedEvent | undefined;
}

const optimizedModels: Readonly<Record<string, string>> = { states: "sfn", events: "eventbridge" };

/**
 * Registers services that answer each task as AWS did when the history was recorded, in the order of the recording.
 * Lambda functions are played back the same way: what they did is known only from what they answered.
 */
export async function registerRecordedServices(kernel: Kernel, history: readonly RecordedEvent[]): Promise<void> {
  const answers = recordedAnswers(history);
  const operations = new Map<string, Record<string, Operation>>();
  for (const { resourceType, action } of answers) {
    const sdkName = sdkNameOf(resourceType);
    const service = sdkServices[sdkName];
    if (!service || service.signingName === "states") continue;
    const model = await loadSdkModel(sdkName);
    const name = resourceType === "function" ? "Invoke" : operationName(action);
    const output = model.operations.get(name)?.output ?? NormalizedSchema.of("unit");
    const known = operations.get(service.signingName) ?? {};
    known[name] = { permissions: () => [], run: () => play(answers, resourceType, action, output) };
    operations.set(service.signingName, known);
  }
  for (const [id, known] of operations) kernel.register({ id, operations: known });
}

function sdkNameOf(resourceType: string): string {
  if (resourceType === "function") return "lambda";
  if (resourceType.startsWith("aws-sdk:")) return resourceType.slice("aws-sdk:".length);
  return optimizedModels[resourceType] ?? resourceType;
}

function recordedAnswers(history: readonly RecordedEvent[]): RecordedAnswer[] {
  const answers: RecordedAnswer[] = [];
  for (const event of history) {
    if (event.type !== "TaskScheduled" && event.type !== "LambdaFunctionScheduled") continue;
    const details = event["taskScheduledEventDetails"] as { resourceType: string; resource: string } | undefined;
    answers.push({
      resourceType: details?.resourceType ?? "function",
      action: details?.resource.split(".")[0] ?? "invoke",
      end: endOf(history, event.id),
    });
  }
  return answers;
}

/** The event that tells the answer: the submission for a task that waits afterwards, else the end. */
function endOf(history: readonly RecordedEvent[], scheduledId: number): RecordedEvent | undefined {
  let at = scheduledId;
  for (const event of history) {
    if (event.previousEventId !== at || event.id <= at) continue;
    at = event.id;
    if (/^(Task|LambdaFunction)(Submitted|Succeeded|Failed|SubmitFailed|TimedOut)$/.test(event.type)) return event;
  }
  return undefined;
}

function play(answers: RecordedAnswer[], resourceType: string, action: string, output: NormalizedSchema): unknown {
  const index = answers.findIndex((answer) => answer.resourceType === resourceType && answer.action === action);
  const [answer] = index < 0 ? [] : answers.splice(index, 1);
  const end = answer?.end;
  if (!end) throw new AwsError("InternalFailure", "the recording has no answer to this request", 500);
  if (end.type.endsWith("TimedOut")) return new Promise(() => {});
  const details = Object.values(end).find(isObject) ?? {};
  const isLambda = resourceType === "lambda" || resourceType === "function";
  if (end.type.endsWith("Failed")) return fail(details, isLambda);
  const result = parsed(details["output"]);
  if (resourceType === "function") return lambdaAnswer(JSON.stringify(result ?? null));
  if (!isObject(result)) return {};
  if (resourceType === "lambda") return lambdaAnswer(JSON.stringify(result["Payload"] ?? null), result);
  const members = Object.entries(result).filter(([name]) => !name.startsWith("Sdk"));
  return toSdkInput(output, Object.fromEntries(members) as Json);
}

/** The function's bytes are not in the recording, only how many there were; blanks make up the difference. */
function lambdaAnswer(payload: string, result: Record<string, unknown> = {}): unknown {
  const metadata = result["SdkHttpMetadata"] as { HttpHeaders?: Record<string, string> } | undefined;
  const length = Number(metadata?.HttpHeaders?.["Content-Length"] ?? 0);
  return {
    StatusCode: result["StatusCode"] ?? 200,
    ExecutedVersion: result["ExecutedVersion"] ?? "$LATEST",
    Payload: Buffer.from(payload.padEnd(length)),
  };
}

function fail(details: Record<string, unknown>, isLambda: boolean): unknown {
  const { cause } = details;
  const [, message = "", status = "400", code = ""] =
    /^([\s\S]*) \(Service: [^;,]+[;,] Status Code: (\d+)(?:; Error Code: (\w+))?[;,] Request ID/.exec(String(cause)) ??
    [];
  if (message !== "") {
    const [, name = ""] = /\.(\w+)$/.exec(String(details["error"])) ?? [];
    throw new AwsError(code || name, message, Number(status));
  }
  if (!isLambda) throw new AwsError(String(details["error"]), String(cause));
  const payload = typeof cause === "string" ? cause : JSON.stringify(cause);
  return { StatusCode: 200, FunctionError: "Unhandled", ExecutedVersion: "$LATEST", Payload: Buffer.from(payload) };
}

function parsed(value: unknown): unknown {
  return typeof value === "string" ? (JSON.parse(value) as unknown) : value;
}
