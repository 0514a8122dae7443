import type {
  IncludedData,
  LogDestination,
  LoggingConfiguration,
  ValidateStateMachineDefinitionCommandInput,
} from "@aws-sdk/client-sfn";
import { AwsError } from "../../core/aws-error.ts";
import { invalidDefinitionMessage } from "../validation/diagnostics.ts";
import { variableReferences } from "../validation/variable-references.ts";
import type { RevisionDocument } from "./machine-documents.ts";
import { checkDefinition } from "./prepared-definition.ts";

/**
 * A revision as the describing operations return it.
 * @param included With METADATA_ONLY the definition is `{}`. Source: DescribeStateMachine API reference.
 */
export function describeRevision(revision: Readonly<RevisionDocument>, included: IncludedData = "ALL_DATA") {
  const definition = included === "ALL_DATA" ? revision.definition : "{}";
  const references = variableReferences(JSON.parse(definition));
  return {
    definition,
    roleArn: revision.roleArn,
    loggingConfiguration: revision.logging,
    tracingConfiguration: { enabled: revision.tracing },
    encryptionConfiguration: { type: "AWS_OWNED_KEY" as const },
    revisionId: revision.id,
    ...(Object.keys(references).length === 0 ? {} : { variableReferences: references }),
  };
}

/**
 * Logging as it is kept and described. Sentences as measured in badmintoncryer/cdk-preflight, pf-sfn-logging-destination.
 * @throws {AwsError} InvalidLoggingConfiguration
 */
export function loggingOf(configuration: LoggingConfiguration | undefined): LoggingConfiguration {
  const level = configuration?.level ?? "OFF";
  const destinations = configuration?.destinations ?? [];
  const complaint = destinations.length > 1 || level !== "OFF" ? destinationComplaint(destinations) : undefined;
  if (complaint !== undefined) {
    throw new AwsError("InvalidLoggingConfiguration", `Invalid Logging Configuration: ${complaint}`);
  }
  const includeExecutionData = configuration?.includeExecutionData === true;
  return { level, includeExecutionData, ...(destinations.length === 0 ? {} : { destinations }) };
}

function destinationComplaint(destinations: readonly LogDestination[]): string | undefined {
  const [destination, ...more] = destinations;
  if (!destination || more.length > 0) return "Must specify exactly one Log Destination.";
  const arn = destination.cloudWatchLogsLogGroup?.logGroupArn ?? "";
  if (arn === "") return "Must set valid CloudWatch Log Group ARN.";
  if (!/^arn:aws[a-z-]*:logs:[^:]+:\d{12}:log-group:./.test(arn)) {
    return "Provided ARN is not CloudWatch Logs Log Group ARN.";
  }
  return arn.endsWith(":*") ? undefined : "Log Group ARN must be provided with '*' qualifier.";
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
