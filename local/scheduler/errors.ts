import { AwsError } from "../core/aws-error.ts";

/** Scheduler's errors, with the statuses of its API reference. */

export function invalid(message: string): AwsError {
  return new AwsError("ValidationException", message, 400);
}

export function notFound(what: string): AwsError {
  return new AwsError("ResourceNotFoundException", `${what} does not exist.`, 404);
}

export function conflict(message: string): AwsError {
  return new AwsError("ConflictException", message, 409);
}
