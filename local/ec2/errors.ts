import { AwsError } from "../core/aws-error.ts";

/** EC2's error codes are listed in its API reference under "Error codes for the Amazon EC2 API"; messages as AWS words them. */

export function invalidParameter(message: string): AwsError {
  return new AwsError("InvalidParameterValue", message);
}

export function badCombination(message: string): AwsError {
  return new AwsError("InvalidParameterCombination", message);
}

export function missingParameter(name: string): AwsError {
  return new AwsError("MissingParameter", `The request must contain the parameter ${name}`);
}

/** @throws {AwsError} MissingParameter when the value is undefined or empty. */
export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined || value === "") throw missingParameter(name);
  return value;
}

export function noSuchImage(imageId: string): AwsError {
  return new AwsError("InvalidAMIID.NotFound", `The image id '[${imageId}]' does not exist`);
}

/** How each kind of resource is found missing: id prefix, code, and AWS's sentence. */
const missing: Readonly<Record<string, { code: string; sentence: (id: string) => string }>> = {
  "i-": { code: "InvalidInstanceID.NotFound", sentence: (id) => `The instance ID '${id}' does not exist` },
  "ami-": { code: "InvalidAMIID.NotFound", sentence: (id) => `The image id '[${id}]' does not exist` },
  "snap-": { code: "InvalidSnapshot.NotFound", sentence: (id) => `The snapshot '${id}' does not exist.` },
  "vol-": { code: "InvalidVolume.NotFound", sentence: (id) => `The volume '${id}' does not exist.` },
  "lt-": {
    code: "InvalidLaunchTemplateId.NotFound",
    sentence: (id) => `The specified launch template, with template ID ${id}, does not exist.`,
  },
  "sg-": { code: "InvalidGroup.NotFound", sentence: (id) => `The security group '${id}' does not exist` },
  "subnet-": { code: "InvalidSubnetID.NotFound", sentence: (id) => `The subnet ID '${id}' does not exist` },
  "vpc-": { code: "InvalidVpcID.NotFound", sentence: (id) => `The vpc ID '${id}' does not exist` },
  "eni-": {
    code: "InvalidNetworkInterfaceID.NotFound",
    sentence: (id) => `The networkInterface ID '${id}' does not exist`,
  },
};

const malformed: Readonly<Record<string, string>> = {
  "i-": "InvalidInstanceID.Malformed",
  "ami-": "InvalidAMIID.Malformed",
  "snap-": "InvalidSnapshotID.Malformed",
  "vol-": "InvalidParameterValue",
  "lt-": "InvalidLaunchTemplateId.Malformed",
  "sg-": "InvalidGroupId.Malformed",
  "subnet-": "InvalidSubnetID.Malformed",
  "vpc-": "InvalidVpcID.Malformed",
};

/** The error for an id that names nothing, or that is none. @param prefix The kind expected, such as `i-`. */
export function notFound(prefix: string, id: string): AwsError {
  if (!new RegExp(`^${prefix}[0-9a-f]{8,17}$`).test(id)) {
    return new AwsError(malformed[prefix] ?? "InvalidID", `Invalid id: "${id}" (expecting "${prefix}...")`);
  }
  const known = missing[prefix];
  return new AwsError(known?.code ?? "InvalidID", known?.sentence(id) ?? `The ID '${id}' is not valid`);
}

export function tokenMismatch(): AwsError {
  return new AwsError(
    "IdempotentParameterMismatch",
    "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
  );
}
