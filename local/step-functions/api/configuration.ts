import type { LoggingConfiguration, ValidateStateMachineDefinitionCommandInput } from "@aws-sdk/client-sfn";
import { AwsError } from "../../core/aws-error.ts";
import { invalidDefinitionMessage } from "../validation/diagnostics.ts";
import { variableReferences } from "../validation/variable-references.ts";
import type { RevisionDocument } from "./machine-documents.ts";
import { checkDefinition } from "./prepared-definition.ts";

/** A revision as the describing operations return it. */
export function describeRevision(revision: Readonly<RevisionDocument>) {
  const references = variableReferences(JSON.parse(revision.definition));
  return {
    definition: revision.definition,
    roleArn: revision.roleArn,
    loggingConfiguration: revision.logging,
    tracingConfiguration: { enabled: revision.tracing },
    encryptionConfiguration: { type: "AWS_OWNED_KEY" as const },
    revisionId: revision.id,
    ...(Object.keys(references).length === 0 ? {} : { variableReferences: references }),
  };
}

/**
 * Logging as it is kept and described.
 * @throws {AwsError} InvalidLoggingConfiguration
 */
export function loggingOf(configuration: LoggingConfiguration | undefined): LoggingConfiguration {
  const level = configuration?.level ?? "OFF";
  const destinations = configuration?.destinations ?? [];
  const groupArn = destinations[0]?.cloudWatchLogsLogGroup?.logGroupArn;
  const broken =
    destinations.length > 1 ||
    (level !== "OFF" && !/^arn:aws[a-z-]*:logs:[^:]+:\d{12}:log-group:.+:\*$/.test(groupArn ?? ""));
  if (broken)
    throw new AwsError(
      "InvalidLoggingConfiguration",
      "Invalid Logging Configuration: Must specify exactly one Log Destination.",
    );
  const includeExecutionData = configuration?.includeExecutionData === true;
  return { level, includeExecutionData, ...(destinations.length === 0 ? {} : { destinations }) };
}

/** @throws {AwsError} InvalidDefinition with AWS's list, or NotImplemented naming what this cloud lacks. */
export async function assertDefinition(text: string): Promise<void> {
  const { diagnostics, missing } = await checkDefinition(text);
  if (diagnostics.length > 0) throw new AwsError("InvalidDefinition", invalidDefinitionMessage(diagnostics));
  if (missing.length > 0) {
    throw new AwsError("NotImplemented", `the embedded cloud does not have ${missing.join("; ")}`, 501);
  }
}

/** ValidateStateMachineDefinition. */
export async function validate(input: ValidateStateMachineDefinitionCommandInput) {
  const { diagnostics } = await checkDefinition(input.definition ?? "", input.type);
  const max = input.maxResults || 100;
  return {
    result: diagnostics.length === 0 ? ("OK" as const) : ("FAIL" as const),
    diagnostics: diagnostics.slice(0, max),
    truncated: diagnostics.length > max,
  };
}
