import { AwsError } from "../core/aws-error.ts";

export function notFound(message: string): AwsError {
  return new AwsError("NotFoundException", message);
}

export function validation(message: string): AwsError {
  return new AwsError("ValidationException", message);
}
