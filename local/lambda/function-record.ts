import type { FunctionConfiguration } from "@aws-sdk/client-lambda";
import type { Kernel } from "../core/kernel.ts";

/** Everything that a published version freezes. */
export interface VersionRecord {
  name: string;
  /** `$LATEST` or a number in decimal. */
  version: string;
  runtime: string;
  handler: string;
  role: string;
  description: string;
  timeoutSeconds: number;
  memoryMiB: number;
  ephemeralStorageMiB: number;
  architectures: string[];
  variables: Record<string, string>;
  tracing: string;
  logFormat: string;
  logGroup: string;
  deadLetterArn?: string;
  kmsKeyArn?: string;
  vpc?: { subnetIds: string[]; securityGroupIds: string[] };
  codeSha256: string;
  codeBytes: number;
  revisionId: string;
  lastModifiedMs: number;
  /** Until then a new function is `Pending`. */
  activeAtMs: number;
  /** Until then an update of it is `InProgress`. */
  updatedAtMs: number;
}

/** What belongs to the function as a whole. */
export interface FunctionRecord {
  name: string;
  nextVersion: number;
  tags: Record<string, string>;
  reservedConcurrency?: number;
  latest: VersionRecord;
}

export interface AliasRecord {
  name: string;
  alias: string;
  version: string;
  description: string;
  revisionId: string;
  /** Share of invocations for one more version, in [0, 1]. */
  extra?: { version: string; weight: number };
}

/** Lambda writes `2026-01-01T00:00:00.000+0000`, not `Z`. */
export function lambdaTimestamp(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "+0000");
}

export function functionArn(kernel: Kernel, name: string, qualifier?: string): string {
  return kernel.arn("lambda", qualifier === undefined ? `function:${name}` : `function:${name}:${qualifier}`);
}

/** A version as API answers describe it. `qualified` says whether its ARN ends in the version. */
export function describeVersion(kernel: Kernel, record: VersionRecord, qualified: boolean): FunctionConfiguration {
  const now = kernel.clock.now();
  const pending = now < record.activeAtMs;
  return {
    FunctionName: record.name,
    FunctionArn: functionArn(kernel, record.name, qualified ? record.version : undefined),
    Runtime: record.runtime as FunctionConfiguration["Runtime"],
    Role: record.role,
    Handler: record.handler,
    CodeSize: record.codeBytes,
    Description: record.description,
    Timeout: record.timeoutSeconds,
    MemorySize: record.memoryMiB,
    LastModified: lambdaTimestamp(record.lastModifiedMs),
    CodeSha256: record.codeSha256,
    Version: record.version,
    ...(Object.keys(record.variables).length > 0 && { Environment: { Variables: record.variables } }),
    ...(record.kmsKeyArn !== undefined && { KMSKeyArn: record.kmsKeyArn }),
    ...(record.deadLetterArn !== undefined && { DeadLetterConfig: { TargetArn: record.deadLetterArn } }),
    ...(record.vpc && {
      VpcConfig: { SubnetIds: record.vpc.subnetIds, SecurityGroupIds: record.vpc.securityGroupIds },
    }),
    TracingConfig: { Mode: record.tracing as "Active" | "PassThrough" },
    RevisionId: record.revisionId,
    State: pending ? "Pending" : "Active",
    ...(pending && { StateReason: "The function is being created.", StateReasonCode: "Creating" }),
    LastUpdateStatus: now < Math.max(record.updatedAtMs, record.activeAtMs) ? "InProgress" : "Successful",
    PackageType: "Zip",
    Architectures: record.architectures as FunctionConfiguration["Architectures"],
    EphemeralStorage: { Size: record.ephemeralStorageMiB },
    SnapStart: { ApplyOn: "None", OptimizationStatus: "Off" },
    LoggingConfig: { LogFormat: record.logFormat as "Text" | "JSON", LogGroup: record.logGroup },
  };
}
