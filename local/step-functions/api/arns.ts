import { AwsError } from "../../core/aws-error.ts";
import type { Kernel } from "../../core/kernel.ts";

/** Characters no name of this service may have. Source: CreateStateMachine API reference. */
const forbiddenInNames = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}\ud800-\udfff]/u;
/** Longest name of a state machine or execution. Unit: characters. */
const nameLengthMax = 80;

/** @throws {AwsError} InvalidName */
export function assertName(name: string): void {
  if (name.length === 0 || name.length > nameLengthMax || forbiddenInNames.test(name)) {
    throw new AwsError("InvalidName", `Invalid Name: '${name}'`);
  }
}

export function stateMachineArn(kernel: Kernel, name: string): string {
  return kernel.arn("states", `stateMachine:${name}`);
}

export function executionArn(kernel: Kernel, machineName: string, name: string): string {
  return kernel.arn("states", `execution:${machineName}:${name}`);
}

/** A state machine's ARN taken apart; the qualifier is a version's number or an alias' name. */
export interface MachineReference {
  /** The machine's own ARN, without the qualifier. */
  arn: string;
  name: string;
  qualifier?: string;
}

const machinePattern = /^(arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:stateMachine:([^:]+))(?::([^:]+))?$/;
const executionPattern = /^arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:execution:[^:]+:[^:]+$/;

/** @throws {AwsError} InvalidArn */
export function parseMachineArn(arn: string | undefined): MachineReference {
  const [, machineArn, name, qualifier] = machinePattern.exec(arn ?? "") ?? [];
  if (machineArn === undefined || name === undefined) throw invalidArn(arn);
  return { arn: machineArn, name, ...(qualifier === undefined ? {} : { qualifier }) };
}

/** @throws {AwsError} InvalidArn */
export function assertExecutionArn(arn: string | undefined): string {
  if (arn === undefined || !executionPattern.test(arn)) throw invalidArn(arn);
  return arn;
}

export function invalidArn(arn: string | undefined): AwsError {
  return new AwsError("InvalidArn", `Invalid Arn: '${arn ?? ""}'`);
}

export function isVersion(qualifier: string): boolean {
  return /^\d+$/.test(qualifier);
}
