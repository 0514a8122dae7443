import type { CreateFunctionCommandInput, UpdateFunctionConfigurationCommandInput } from "@aws-sdk/client-lambda";
import { invalidParameter } from "./catalog.ts";
import type { VersionRecord } from "./function-record.ts";
import { vpcOf } from "./vpc.ts";

/** The parts of a version that its owner sets. */
export type Configuration = Omit<
  VersionRecord,
  | "name"
  | "version"
  | "codeSha256"
  | "codeBytes"
  | "revisionId"
  | "lastModifiedMs"
  | "activeAtMs"
  | "updatedAtMs"
  | "architectures"
>;

type ConfigurationInput = CreateFunctionCommandInput | UpdateFunctionConfigurationCommandInput;

/** Runtimes that the pinned Node can stand for. */
const runtimePattern = /^nodejs(20|22|24)\.x$/;

/** Limits from Lambda's service model: shapes Timeout, MemorySize, EphemeralStorageSize. */
const ranges = {
  Timeout: [1, 900],
  MemorySize: [128, 10_240],
  EphemeralStorage: [512, 10_240],
} as const;

/** All variables together, as JSON. Source: "Lambda quotas", environment variables. */
const maxVariablesBytes = 4096;

/** Variables only Lambda sets. Source: "Defined runtime environment variables", reserved. */
const reservedVariables = new Set([
  "_HANDLER",
  "_X_AMZN_TRACE_ID",
  "AWS_DEFAULT_REGION",
  "AWS_REGION",
  "AWS_EXECUTION_ENV",
  "AWS_LAMBDA_FUNCTION_NAME",
  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
  "AWS_LAMBDA_FUNCTION_VERSION",
  "AWS_LAMBDA_INITIALIZATION_TYPE",
  "AWS_LAMBDA_LOG_GROUP_NAME",
  "AWS_LAMBDA_LOG_STREAM_NAME",
  "AWS_ACCESS_KEY",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_LAMBDA_RUNTIME_API",
  "LAMBDA_TASK_ROOT",
  "LAMBDA_RUNTIME_DIR",
]);

/**
 * What `input` sets, on top of what was there.
 * @throws {AwsError} InvalidParameterValueException, also for a feature this cloud does not have, naming it.
 */
export function configure(name: string, input: ConfigurationInput, before?: Readonly<VersionRecord>): Configuration {
  refuseAbsentFeatures(input);
  const runtime = input.Runtime ?? before?.runtime;
  if (runtime === undefined || !runtimePattern.test(runtime)) {
    throw invalidParameter(
      `The runtime parameter of ${runtime} is not one the embedded cloud runs; it runs nodejs20.x, nodejs22.x and nodejs24.x.`,
    );
  }
  const handler = input.Handler ?? before?.handler;
  if (!handler)
    throw invalidParameter(
      "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
    );
  const deadLetterArn = input.DeadLetterConfig ? input.DeadLetterConfig.TargetArn : before?.deadLetterArn;
  const kmsKeyArn = input.KMSKeyArn ?? before?.kmsKeyArn;
  const vpc = input.VpcConfig ? vpcOf(input.VpcConfig) : before?.vpc;
  return {
    runtime,
    handler,
    role: roleArn(input.Role ?? before?.role),
    description: input.Description ?? before?.description ?? "",
    timeoutSeconds: within("Timeout", input.Timeout ?? before?.timeoutSeconds ?? 3),
    memoryMiB: within("MemorySize", input.MemorySize ?? before?.memoryMiB ?? 128),
    ephemeralStorageMiB: within("EphemeralStorage", input.EphemeralStorage?.Size ?? before?.ephemeralStorageMiB ?? 512),
    variables: input.Environment ? checkedVariables(input.Environment.Variables ?? {}) : (before?.variables ?? {}),
    tracing: input.TracingConfig?.Mode ?? before?.tracing ?? "PassThrough",
    logFormat: input.LoggingConfig?.LogFormat ?? before?.logFormat ?? "Text",
    logGroup: input.LoggingConfig?.LogGroup ?? before?.logGroup ?? `/aws/lambda/${name}`,
    ...(deadLetterArn && { deadLetterArn }),
    ...(kmsKeyArn && { kmsKeyArn }),
    ...(vpc && { vpc }),
  };
}

function refuseAbsentFeatures(input: ConfigurationInput): void {
  const absent: [name: string, used: boolean][] = [
    ["Layers", (input.Layers?.length ?? 0) > 0],
    ["FileSystemConfigs", (input.FileSystemConfigs?.length ?? 0) > 0],
    ["ImageConfig", input.ImageConfig !== undefined],
    ["SnapStart", input.SnapStart?.ApplyOn === "PublishedVersions"],
    ["CapacityProviderConfig", input.CapacityProviderConfig !== undefined],
    ["DurableConfig", input.DurableConfig !== undefined],
    ["PackageType Image", "PackageType" in input && input.PackageType === "Image"],
    ["CodeSigningConfigArn", "CodeSigningConfigArn" in input && input.CodeSigningConfigArn !== undefined],
    ["TenancyConfig", "TenancyConfig" in input && input.TenancyConfig !== undefined],
    [
      "LoggingConfig levels",
      input.LoggingConfig?.ApplicationLogLevel !== undefined || input.LoggingConfig?.SystemLogLevel !== undefined,
    ],
  ];
  const used = absent.filter(([, isUsed]) => isUsed).map(([name]) => name);
  if (used.length > 0) throw invalidParameter(`The embedded cloud has no functions with ${used.join(", ")}.`);
}

function within(name: keyof typeof ranges, value: number): number {
  const [min, max] = ranges[name];
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalidParameter(`'${name}' value ${value} is not a whole number from ${min} to ${max}.`);
}

function roleArn(arn: string | undefined): string {
  if (arn !== undefined && /^arn:aws[a-zA-Z-]*:iam::\d{12}:role\/.+$/.test(arn)) return arn;
  throw invalidParameter(`'${arn}' at 'role' is not the ARN of a role.`);
}

function checkedVariables(variables: Record<string, string>): Record<string, string> {
  const unable =
    "Lambda was unable to configure your environment variables because the environment variables you have provided";
  const reserved = Object.keys(variables).filter((name) => reservedVariables.has(name));
  if (reserved.length > 0) {
    throw invalidParameter(
      `${unable} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(", ")}`,
    );
  }
  const unnamed = Object.keys(variables).find((name) => !/^[a-zA-Z][a-zA-Z0-9_]+$/.test(name));
  if (unnamed !== undefined) throw invalidParameter(`'${unnamed}' is not a name for an environment variable.`);
  const json = JSON.stringify(variables);
  if (Buffer.byteLength(json) > maxVariablesBytes) {
    throw invalidParameter(`${unable} exceeded the 4KB limit. String measured: ${json}`);
  }
  return variables;
}
