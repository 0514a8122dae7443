import { AwsError } from "../core/aws-error.ts";

export function invalidParameter(message: string): AwsError {
  return new AwsError("InvalidParameterException", message);
}

export function notFound(message: string): AwsError {
  return new AwsError("ResourceNotFoundException", message);
}

export function alreadyExists(message: string): AwsError {
  return new AwsError("ResourceAlreadyExistsException", message);
}
