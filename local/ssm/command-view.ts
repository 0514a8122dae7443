import type { Command, CommandInvocation, CommandPlugin } from "@aws-sdk/client-ssm";
import { type CommandRecord, type InvocationRecord, shellDocument } from "./command-record.ts";

const pluginName = "aws:runShellScript";

/** Status details add where a time-out happened. Source: "Understanding command statuses". */
function details({ status, undelivered }: Pick<InvocationRecord, "status" | "undelivered">): string {
  if (status === "TimedOut") return undelivered ? "Delivery Timed Out" : "Execution Timed Out";
  return status === "InProgress" ? "In Progress" : status;
}

/** Where the output of a plugin in a list of invocations is cut. Source: CommandPluginOutput, ListCommandInvocations. */
const maxListedCharacters = 2500;

/** Both streams as a list of invocations shows them. */
function listedOutput({ stdout, stderr }: Readonly<InvocationRecord>): string {
  const output = stderr === "" ? stdout : `${stdout}\n----------ERROR-------\n${stderr}`;
  return output.length <= maxListedCharacters
    ? output
    : `${output.slice(0, maxListedCharacters - truncationMark.length)}${truncationMark}`;
}

/** Source: amazon-ssm-agent, OutputTruncatedSuffix. */
const truncationMark = "--output truncated--";

/** A command's status is that of its invocations together. */
function overall(invocations: readonly Readonly<InvocationRecord>[]): string {
  const statuses = invocations.map((one) => one.status);
  if (statuses.every((status) => status === "Pending")) return "Pending";
  if (statuses.some((status) => status === "Pending" || status === "InProgress")) return "InProgress";
  return statuses.find((status) => status !== "Success") ?? "Success";
}

export function describeCommand(
  command: Readonly<CommandRecord>,
  invocations: readonly Readonly<InvocationRecord>[],
): Command {
  const over = invocations.filter((one) => one.endedAtMs !== undefined);
  const status = overall(invocations);
  return {
    CommandId: command.id,
    DocumentName: shellDocument,
    DocumentVersion: "$DEFAULT",
    Comment: command.comment,
    ExpiresAfter: new Date(command.requestedAtMs + command.timeoutSeconds * 1000),
    Parameters: command.parameters,
    InstanceIds: command.instanceIds,
    Targets: [],
    RequestedDateTime: new Date(command.requestedAtMs),
    Status: status as Command["Status"],
    StatusDetails: details({ status, undelivered: over.some((one) => one.undelivered) }),
    MaxConcurrency: "50",
    MaxErrors: "0",
    TargetCount: command.instanceIds.length,
    CompletedCount: over.length,
    ErrorCount: over.filter((one) => one.status !== "Success").length,
    DeliveryTimedOutCount: over.filter((one) => one.undelivered).length,
    TimeoutSeconds: command.timeoutSeconds,
  };
}

export function describeInvocation(
  record: Readonly<InvocationRecord>,
  comment: string,
  withPlugins: boolean,
): CommandInvocation {
  const status = record.status as CommandInvocation["Status"];
  return {
    CommandId: record.commandId,
    InstanceId: record.instanceId,
    Comment: comment,
    DocumentName: shellDocument,
    DocumentVersion: "$DEFAULT",
    RequestedDateTime: new Date(record.requestedAtMs),
    Status: status,
    StatusDetails: details(record),
    CommandPlugins: withPlugins
      ? [
          {
            Name: pluginName,
            Status: record.status as CommandPlugin["Status"],
            StatusDetails: details(record),
            ResponseCode: record.exitCode,
            ...(record.startedAtMs !== undefined && { ResponseStartDateTime: new Date(record.startedAtMs) }),
            ...(record.endedAtMs !== undefined && { ResponseFinishDateTime: new Date(record.endedAtMs) }),
            Output: listedOutput(record),
          },
        ]
      : [],
  };
}

export function invocationDetail(record: Readonly<InvocationRecord>, command: Readonly<CommandRecord>) {
  const { startedAtMs, endedAtMs } = record;
  const elapsedMs = (endedAtMs ?? 0) - (startedAtMs ?? 0);
  return {
    CommandId: record.commandId,
    InstanceId: record.instanceId,
    Comment: command.comment,
    DocumentName: shellDocument,
    DocumentVersion: "$DEFAULT",
    PluginName: pluginName,
    ResponseCode: record.exitCode,
    ExecutionStartDateTime: startedAtMs === undefined ? "" : new Date(startedAtMs).toISOString(),
    ExecutionElapsedTime: endedAtMs === undefined ? "" : `PT${elapsedMs / 1000}S`,
    ExecutionEndDateTime: endedAtMs === undefined ? "" : new Date(endedAtMs).toISOString(),
    Status: record.status,
    StatusDetails: details(record),
    StandardOutputContent: record.stdout,
    StandardOutputUrl: "",
    StandardErrorContent: record.stderr,
    StandardErrorUrl: "",
    CloudWatchOutputConfig: { CloudWatchLogGroupName: "", CloudWatchOutputEnabled: false },
  };
}
