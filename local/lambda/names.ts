import { AwsError } from "../core/aws-error.ts";

/** A function as a request names it. Without a qualifier the request means `$LATEST`. */
export interface FunctionReference {
  name: string;
  qualifier: string | undefined;
}

/** Pattern of FunctionName in Lambda's service model: a name, a partial ARN or an ARN, each with an optional qualifier. */
const referencePattern =
  /^(?:arn:aws[a-zA-Z-]*:lambda:)?(?:[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d:)?(?:\d{12}:)?(?:function:)?([a-zA-Z0-9-_]+)(?::(\$LATEST|[a-zA-Z0-9-_]+))?$/;

/**
 * Reads the ways a request may name a function.
 * @throws {AwsError} ValidationException for a malformed name, InvalidParameterValueException for two different qualifiers.
 */
export function parseFunctionReference(text: string | undefined, qualifier?: string): FunctionReference {
  const match = referencePattern.exec(text ?? "");
  if (!match?.[1]) {
    throw new AwsError(
      "ValidationException",
      `1 validation error detected: Value '${text}' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: ${referencePattern.source}`,
    );
  }
  const named = match[2];
  if (named !== undefined && qualifier !== undefined && named !== qualifier) {
    throw new AwsError(
      "InvalidParameterValueException",
      "The derived qualifier from the function name does not match the specified qualifier.",
    );
  }
  return { name: match[1], qualifier: named ?? qualifier };
}

/** The name in a role ARN; its path is not part of it: `arn:aws:iam::123456789012:role/kiln/dev/admit` is `admit`. */
export function roleName(roleArn: string): string {
  return roleArn.slice(roleArn.lastIndexOf("/") + 1);
}
