import type { Parameter } from "@aws-sdk/client-ssm";
import type { Kernel } from "../core/kernel.ts";

/** One version of a parameter. */
export interface ParameterVersion {
  version: number;
  type: string;
  /** For a SecureString the ciphertext, base64. */
  value: string;
  description?: string;
  allowedPattern?: string;
  dataType: string;
  tier: string;
  keyId?: string;
  modifiedAtMs: number;
  modifiedBy: string;
  labels: string[];
}

export interface ParameterRecord {
  name: string;
  tags: Record<string, string>;
  /** Oldest first; the last one is current. At most 100. */
  versions: ParameterVersion[];
  /** AWS's own, such as `/aws/service/…`: readable by everyone, changed by nobody. */
  isPublic: boolean;
}

/** ARN of a parameter: its path without the first slash; a public one belongs to no account. */
export function parameterArn(kernel: Kernel, name: string): string {
  const path = name.startsWith("/") ? name : `/${name}`;
  if (path.startsWith("/aws/service/")) return `arn:aws:ssm:${kernel.settings.region}::parameter${path}`;
  return kernel.arn("ssm", `parameter${path}`);
}

/** A parameter's name from a name or an ARN. */
export function nameOf(nameOrArn: string): string {
  if (!nameOrArn.startsWith("arn:")) return nameOrArn;
  const path = nameOrArn.slice(nameOrArn.indexOf(":parameter") + ":parameter".length);
  // A name without a slash and one with only its first look the same in an ARN.
  return path.lastIndexOf("/") === 0 ? path.slice(1) : path;
}

export function current(record: Readonly<ParameterRecord>): ParameterVersion {
  const last = record.versions.at(-1);
  if (!last) throw new Error(`parameter ${record.name} has no version`);
  return last;
}

export function describeParameter(
  kernel: Kernel,
  record: Readonly<ParameterRecord>,
  version: ParameterVersion,
  value: string,
  selector?: string,
): Parameter {
  return {
    Name: record.name,
    Type: version.type as Parameter["Type"],
    Value: value,
    Version: version.version,
    ...(selector !== undefined && { Selector: selector }),
    LastModifiedDate: new Date(version.modifiedAtMs),
    ARN: parameterArn(kernel, record.name),
    DataType: version.dataType,
  };
}
