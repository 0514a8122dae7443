import type { Target } from "@aws-sdk/client-scheduler";
import { AwsError } from "../core/aws-error.ts";
import type { Caller, Kernel } from "../core/kernel.ts";
import { queueUrl } from "../events/dead-letters.ts";
import { loadSdkModel, operationName } from "../step-functions/integrations/sdk-model.ts";
import { sdkServices } from "../step-functions/integrations/sdk-services.ts";
import { toSdkInput } from "../step-functions/integrations/sdk-values.ts";
import { invalid } from "./errors.ts";

/** Calls one kind of target with an input, as a caller. */
type Invoke = (kernel: Kernel, target: Target, input: string, caller: Caller) => Promise<unknown>;

/** Targets with a template of their own. Source: Scheduler user guide, "Templated targets". */
const templated: readonly (readonly [RegExp, Invoke])[] = [
  [
    /^arn:aws:states:[^:]+:\d+:stateMachine:.+$/,
    (kernel, target, input, caller) =>
      kernel.call("states", "StartExecution", { stateMachineArn: target.Arn, input }, caller),
  ],
  [
    /^arn:aws:lambda:[^:]+:\d+:function:.+$/,
    (kernel, target, input, caller) => {
      const Payload = new TextEncoder().encode(input);
      return kernel.call("lambda", "Invoke", { FunctionName: target.Arn, InvocationType: "Event", Payload }, caller);
    },
  ],
  [
    /^arn:aws:sqs:[^:]+:\d+:[^:]+$/,
    (kernel, target, input, caller) => {
      const message = { QueueUrl: queueUrl(kernel, target.Arn ?? ""), MessageBody: input };
      const group = target.SqsParameters?.MessageGroupId;
      return kernel.call(
        "sqs",
        "SendMessage",
        group === undefined ? message : { ...message, MessageGroupId: group },
        caller,
      );
    },
  ],
  [
    /^arn:aws:sns:[^:]+:\d+:[^:]+$/,
    (kernel, target, input, caller) => kernel.call("sns", "Publish", { TopicArn: target.Arn, Message: input }, caller),
  ],
  [
    /^arn:aws:events:[^:]+:\d+:event-bus\/.+$/,
    async (kernel, target, input, caller) => {
      const { DetailType, Source } = target.EventBridgeParameters ?? {};
      const entry = { EventBusName: target.Arn, DetailType, Source, Detail: input };
      const answer = await kernel.call<{ Entries?: { ErrorCode?: string; ErrorMessage?: string }[] }>(
        "events",
        "PutEvents",
        { Entries: [entry] },
        caller,
      );
      const refused = answer.Entries?.find(({ ErrorCode }) => ErrorCode !== undefined);
      if (refused) throw new AwsError(refused.ErrorCode ?? "", refused.ErrorMessage ?? "", 400);
    },
  ],
];

const universal = /^arn:aws:scheduler:::aws-sdk:([a-z0-9-]+):([a-zA-Z0-9]+)$/;

/** Calls that only read are no targets. Source: Scheduler user guide, "Using universal targets". */
const readOnlyAction =
  /^(get|describe|list|poll|receive|search|scan|query|select|read|discover|validate|batchGet|transactGet|head|detect|retrieve|lookup|test)/;

/** Parameters that only targets of one service may have. */
const parametersOf = {
  EcsParameters: "ecs",
  EventBridgeParameters: "events",
  KinesisParameters: "kinesis",
  SageMakerPipelineParameters: "sagemaker",
  SqsParameters: "sqs",
} as const;

/**
 * Checks a target before it is stored. Sentences as measured in badmintoncryer/cdk-preflight, rules/scheduler; those about
 * an event bus are only alike.
 * @throws {AwsError} ValidationException; NotImplemented for a kind of target this cloud lacks, naming it.
 */
export function checkTarget(target: Target | undefined, here: string): asserts target is Target {
  const arn = target?.Arn ?? "";
  if (!target || !/^arn:aws[\w-]*:.+$/.test(arn)) throw invalid("Provided Arn is not in correct format.");
  const [, , owner = "", region = ""] = arn.split(":");
  if (owner === "scheduler" && region !== "") throw invalid("scheduler is not a supported service for a target");
  if (region !== "" && region !== here) {
    throw invalid(`The target ARN provided does not match the current region ${here}.`);
  }
  for (const [name, service] of Object.entries(parametersOf)) {
    const given = target[name as keyof typeof parametersOf] !== undefined;
    if (given && service !== owner) throw invalid(`Parameters ${name} not supported for the target`);
  }
  const [, service = "", action = ""] = universal.exec(arn) ?? [];
  if (service !== "") {
    if (!sdkServices[service]) throw missing(`schedule targets of service ${service} (${arn})`);
    if (readOnlyAction.test(action)) throw invalid(`${action} API is not supported`);
    if (target.Input === undefined) throw invalid("You must provide an input to set this target for your schedule");
  } else if (!templated.some(([pattern]) => pattern.test(arn))) {
    throw missing(`schedule targets such as ${arn}`);
  }
  if (target.Input !== undefined) parseInput(target.Input);
  if (owner === "sqs") checkQueue(target, arn);
  if (arn.includes(":event-bus/")) {
    if (!target.EventBridgeParameters) throw invalid("Parameters EventBridgeParameters must be specified");
    if (target.Input === undefined) throw invalid("You must provide an input to set this target for your schedule");
  }
  checkRetryPolicy(target);
}

function checkQueue(target: Target, arn: string): void {
  const fifo = arn.endsWith(".fifo");
  if (fifo && !target.SqsParameters) throw invalid("Parameters SqsParameters must be specified");
  if (!fifo && target.SqsParameters?.MessageGroupId !== undefined) {
    throw invalid("Parameters MessageGroupId not valid for the target");
  }
}

function checkRetryPolicy(target: Target): void {
  const { MaximumEventAgeInSeconds: age = 60, MaximumRetryAttempts: attempts = 0 } = target.RetryPolicy ?? {};
  if (age < 60 || age > 86_400) throw invalid("MaximumEventAgeInSeconds must be between 60 and 86400.");
  if (attempts < 0 || attempts > 185) throw invalid("MaximumRetryAttempts must be between 0 and 185.");
}

/**
 * Calls a target once.
 * @param input What the target receives, with its placeholders filled in.
 * @throws {AwsError} As the target answers.
 */
export async function invokeTarget(kernel: Kernel, target: Target, input: string, caller: Caller): Promise<void> {
  const arn = target.Arn ?? "";
  const [, name = "", action = ""] = universal.exec(arn) ?? [];
  if (name === "") {
    await templated.find(([pattern]) => pattern.test(arn))?.[1](kernel, target, input, caller);
    return;
  }
  const { operations } = await loadSdkModel(name);
  const operation = operationName(action);
  const shapes = operations.get(operation);
  const signingName = sdkServices[name]?.signingName;
  if (!shapes || !signingName) throw invalid(`${name} has no action ${action}.`);
  await kernel.call(signingName, operation, sdkInput(shapes.input, parseInput(input)), caller);
}

function sdkInput(schema: Parameters<typeof toSdkInput>[0], input: Parameters<typeof toSdkInput>[1]): unknown {
  try {
    return toSdkInput(schema, input);
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
}

function parseInput(text: string): Parameters<typeof toSdkInput>[1] {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid("JSON syntax error in input for the target");
  }
}

function missing(what: string): AwsError {
  return new AwsError("NotImplemented", `the embedded cloud does not have ${what}`, 501);
}
