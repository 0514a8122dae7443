import { AwsError } from "../core/aws-error.ts";

export function invalidValue(message: string): AwsError {
  return new AwsError("InvalidParameterValue", message);
}

export function invalidCombination(message: string): AwsError {
  return new AwsError("InvalidParameterCombination", message);
}

export function missing(message: string): AwsError {
  return new AwsError("MissingParameter", message);
}

/** The wording of constraints that the service's model states. */
export function validation(message: string): AwsError {
  return new AwsError("ValidationError", message);
}
