import { AwsError } from "../core/aws-error.ts";

/** SQS's errors by the names of its JSON protocol; the wire adds the older query names where clients ask for them. */

export function queueDoesNotExist(): AwsError {
  return new AwsError("QueueDoesNotExist", "The specified queue does not exist.", 400);
}

export function invalidAttributeName(name: string): AwsError {
  return new AwsError("InvalidAttributeName", `Unknown Attribute ${name}.`, 400);
}

export function invalidAttributeValue(name: string): AwsError {
  return new AwsError("InvalidAttributeValue", `Invalid value for the parameter ${name}.`, 400);
}

export function invalidParameter(reason: string): AwsError {
  return new AwsError("InvalidParameterValue", reason, 400);
}

export function missingParameter(name: string): AwsError {
  return new AwsError("MissingParameter", `The request must contain the parameter ${name}.`, 400);
}

export function notInCloud(what: string): AwsError {
  return new AwsError("NotImplemented", `the embedded cloud does not have ${what}`, 501);
}
