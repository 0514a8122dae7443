import { AwsError } from "../core/aws-error.ts";

export function parameterNotFound(name: string): AwsError {
  return new AwsError("ParameterNotFound", `Parameter ${name} not found.`);
}

export function validation(message: string): AwsError {
  return new AwsError("ValidationException", message);
}
