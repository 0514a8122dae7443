import { AwsError } from "../core/aws-error.ts";

/** What Auto Scaling answers for nearly every wrong parameter, a missing group included. */
export function invalid(message: string): AwsError {
  return new AwsError("ValidationError", message);
}

/** For what AWS takes and this cloud cannot act on: naming it is better than ignoring it. */
export function unsupported(what: string): AwsError {
  return new AwsError("NotImplemented", `the embedded cloud's Auto Scaling does not have ${what}`, 501);
}
