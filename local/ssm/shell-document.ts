import type { SendCommandCommandInput } from "@aws-sdk/client-ssm";
import { AwsError } from "../core/aws-error.ts";
import { type CommandRecord, shellDocument } from "./command-record.ts";
import { validation } from "./errors.ts";

/** 48 hours. Source: the document's allowedPattern of executionTimeout. */
const maxExecutionSeconds = 172_800;

/**
 * The parameters of a command, as AWS-RunShellScript takes them.
 * @throws {AwsError} InvalidDocument, InvalidParameters.
 */
export function checkedParameters(input: SendCommandCommandInput): Record<string, string[]> {
  if (input.DocumentName !== shellDocument) {
    throw new AwsError("InvalidDocument", `The embedded cloud has no document ${input.DocumentName}.`);
  }
  const members = ["OutputS3BucketName", "ServiceRoleArn", "CloudWatchOutputConfig", "AlarmConfiguration"] as const;
  const absent = members.find((name) => input[name] !== undefined);
  if (absent) throw validation(`The embedded cloud has no commands with ${absent}.`);
  const parameters = input.Parameters ?? {};
  const known = ["commands", "workingDirectory", "executionTimeout"];
  if (Object.keys(parameters).some((name) => !known.includes(name)) || !parameters["commands"]?.length) {
    throw new AwsError("InvalidParameters", `Parameters of ${shellDocument} are ${known.join(", ")}.`);
  }
  const [seconds = "3600"] = parameters["executionTimeout"] ?? [];
  if (!/^[1-9][0-9]*$/.test(seconds) || Number(seconds) > maxExecutionSeconds) {
    throw new AwsError("InvalidParameters", `executionTimeout must be between 1 and ${maxExecutionSeconds} seconds.`);
  }
  return parameters;
}

/** What the agent hands to the shell. */
export function scriptOf(command: CommandRecord): string {
  const lines = command.parameters["commands"] ?? [];
  const directory = command.parameters["workingDirectory"]?.[0];
  const quoted = directory && `cd '${directory.replaceAll("'", "'\\''")}' || exit 1`;
  return [...(quoted ? [quoted] : []), ...lines].join("\n");
}
