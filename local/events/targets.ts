import type { Target } from "@aws-sdk/client-eventbridge";
import { AwsError } from "../core/aws-error.ts";
import type { Caller, Kernel } from "../core/kernel.ts";
import { queueUrl } from "./dead-letters.ts";
import { checkTargetInput } from "./transform.ts";

/** How one kind of target is called. */
interface TargetKind {
  /** Whether a role must be given; the others are also reached through their own resource policies. */
  needsRole: boolean;
  invoke(kernel: Kernel, target: Target, input: string, deliveryId: string, caller: Caller): Promise<unknown>;
}

const kinds: readonly (readonly [RegExp, TargetKind])[] = [
  [
    /^arn:aws:states:[^:]+:\d+:stateMachine:.+$/,
    {
      needsRole: true,
      invoke: (kernel, target, input, deliveryId, caller) =>
        kernel.call("states", "StartExecution", { stateMachineArn: target.Arn, name: deliveryId, input }, caller),
    },
  ],
  [
    /^arn:aws:lambda:[^:]+:\d+:function:.+$/,
    {
      needsRole: false,
      invoke: (kernel, target, input, _deliveryId, caller) => {
        const Payload = new TextEncoder().encode(input);
        return kernel.call("lambda", "Invoke", { FunctionName: target.Arn, InvocationType: "Event", Payload }, caller);
      },
    },
  ],
  [
    /^arn:aws:sqs:[^:]+:\d+:[^:]+$/,
    {
      needsRole: false,
      invoke: (kernel, target, input, _deliveryId, caller) => {
        const message = { QueueUrl: queueUrl(kernel, target.Arn ?? ""), MessageBody: input };
        const group = target.SqsParameters?.MessageGroupId;
        return kernel.call(
          "sqs",
          "SendMessage",
          group === undefined ? message : { ...message, MessageGroupId: group },
          caller,
        );
      },
    },
  ],
  [
    /^arn:aws:sns:[^:]+:\d+:[^:]+$/,
    {
      needsRole: false,
      invoke: (kernel, target, input, _deliveryId, caller) =>
        kernel.call("sns", "Publish", { TopicArn: target.Arn, Message: input }, caller),
    },
  ],
  [
    /^arn:aws:logs:[^:]+:\d+:log-group:[^:]+(:\*)?$/,
    {
      needsRole: false,
      invoke: async (kernel, target, input, deliveryId, caller) => {
        const logGroupName = (target.Arn ?? "").split(":log-group:")[1]?.replace(/:\*$/, "");
        const stream = { logGroupName, logStreamName: deliveryId };
        await kernel.call("logs", "CreateLogStream", stream, caller);
        const logEvents = [{ timestamp: kernel.clock.now(), message: input }];
        await kernel.call("logs", "PutLogEvents", { ...stream, logEvents }, caller);
      },
    },
  ],
];

function kindOf(arn: string | undefined): TargetKind | undefined {
  return kinds.find(([pattern]) => pattern.test(arn ?? ""))?.[1];
}

/** Parameters of target kinds this cloud lacks, each with the services whose targets may have them. */
const refusedParameters = {
  KinesisParameters: ["kinesis"],
  RunCommandParameters: ["ssm"],
  EcsParameters: ["ecs"],
  BatchParameters: ["batch"],
  HttpParameters: ["events", "execute-api"],
  RedshiftDataParameters: ["redshift", "redshift-serverless"],
  SageMakerPipelineParameters: ["sagemaker"],
  AppSyncParameters: ["appsync"],
} as const;

/**
 * Checks a target before it is stored. Sentences as measured in badmintoncryer/cdk-preflight, rules/events.
 * @throws {AwsError} ValidationException; NotImplemented for a kind of target this cloud lacks, naming it.
 */
export function checkTarget(target: Target): void {
  if (!/^[.\-_A-Za-z0-9]{1,64}$/.test(target.Id ?? "")) throw invalid(`Target ID ${target.Id} is not valid.`);
  if (!/^arn:aws[\w-]*:[\w-]+:[^:]*:[^:]*:.+$/.test(target.Arn ?? "")) {
    throw invalid(`Parameter ${target.Arn} is not valid. Reason: Provided Arn is not in correct format.`);
  }
  checkParameters(target);
  const kind = kindOf(target.Arn);
  if (!kind) throw missing(`EventBridge targets such as ${target.Arn}`);
  if (kind.needsRole && target.RoleArn === undefined) throw invalid(`RoleArn is required for target ${target.Arn}.`);
  const { MaximumEventAgeInSeconds: age = 60, MaximumRetryAttempts: attempts = 0 } = target.RetryPolicy ?? {};
  if (age < 60 || age > 86_400) throw invalid("MaximumEventAgeInSeconds must be between 60 and 86400.");
  if (attempts < 0 || attempts > 185) throw invalid("MaximumRetryAttempts must be between 0 and 185.");
  checkDeadLetters(target.DeadLetterConfig?.Arn);
  checkTargetInput(target);
}

function checkParameters(target: Target): void {
  const service = serviceOf(target.Arn);
  for (const [name, services] of Object.entries(refusedParameters)) {
    if (target[name as keyof typeof refusedParameters] === undefined) continue;
    if (!services.some((allowed) => allowed === service)) {
      throw invalid(`Parameter(s) ${name} not supported for target: ${target.Id}`);
    }
    throw missing(`${name} of EventBridge targets`);
  }
  if (service === "sqs" && target.Arn?.endsWith(".fifo") && !target.SqsParameters) {
    throw invalid(`Parameter(s) SqsParameters must be specified for target: ${target.Id}`);
  }
}

function checkDeadLetters(arn: string | undefined): void {
  if (arn === undefined) return;
  const service = serviceOf(arn);
  if (service !== "sqs") throw invalid(`${service} is not supported as a dead letter resource`);
  if (arn.endsWith(".fifo")) throw invalid("SQS FIFO is not supported by Dead Letter Queues");
}

function serviceOf(arn: string | undefined): string | undefined {
  return arn?.split(":")[2];
}

/**
 * Calls a target once.
 * @param deliveryId Names the execution or log stream that the call makes: the same for every try of one delivery.
 * @throws {AwsError} As the target answers.
 */
export async function invokeTarget(
  kernel: Kernel,
  target: Target,
  input: string,
  deliveryId: string,
  caller: Caller,
): Promise<void> {
  await kindOf(target.Arn)?.invoke(kernel, target, input, deliveryId, caller);
}

function invalid(message: string): AwsError {
  return new AwsError("ValidationException", message, 400);
}

function missing(what: string): AwsError {
  return new AwsError("NotImplemented", `the embedded cloud does not have ${what}`, 501);
}
