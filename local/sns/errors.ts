import { AwsError } from "../core/aws-error.ts";

/** SNS's errors, by the codes of its query protocol. */

export function invalidParameter(message: string): AwsError {
  return new AwsError("InvalidParameter", `Invalid parameter: ${message}`, 400);
}

export function topicNotFound(): AwsError {
  return new AwsError("NotFound", "Topic does not exist", 404);
}

export function subscriptionNotFound(): AwsError {
  return new AwsError("NotFound", "Subscription does not exist", 404);
}

export function notInCloud(what: string): AwsError {
  return new AwsError("NotImplemented", `the embedded cloud does not have ${what}`, 501);
}
