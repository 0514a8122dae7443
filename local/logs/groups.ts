import type {
  AssociateKmsKeyCommandInput,
  CreateLogGroupCommandInput,
  CreateLogStreamCommandInput,
  DeleteLogStreamCommandInput,
  DescribeLogGroupsCommandInput,
  DescribeLogStreamsCommandInput,
  LogGroup,
  LogStream,
  PutRetentionPolicyCommandInput,
} from "@aws-sdk/client-cloudwatch-logs";
import type { Operation, Requirement } from "../core/kernel.ts";
import { requestTagConditions, resourceTagConditions } from "../core/tag-conditions.ts";
import { alreadyExists, invalidParameter } from "./errors.ts";
import type { LogStore } from "./log-store.ts";
import { type GroupRecord, groupArn, type StreamRecord, streamArn, streamKey } from "./records.ts";

/** Source: API reference of PutRetentionPolicy. */
const retentionChoices = new Set([
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
]);

/** Patterns LogGroupName and LogStreamName of the service model. */
const groupPattern = /^[.\-_/#A-Za-z0-9]{1,512}$/;
const streamPattern = /^[^:*]{1,512}$/;

type GroupInput = { logGroupName?: string | undefined };

/** A permission on a group, as every action names it. */
export function onGroup(store: LogStore, action: string, name: string | undefined): Requirement[] {
  const context = resourceTagConditions(store.groups.get(name ?? "")?.tags);
  return [{ action: `logs:${action}`, resource: groupArn(store.kernel, name ?? ""), context }];
}

/**
 * A permission on a stream. Policies grant it on `log-group:name:*` or on `log-group:name:log-stream:stream`, which the
 * stream's ARN matches both.
 */
export function onStream(
  store: LogStore,
  action: string,
  input: { logGroupName?: string | undefined; logStreamName?: string | undefined },
): Requirement[] {
  const context = resourceTagConditions(store.groups.get(input.logGroupName ?? "")?.tags);
  const resource = streamArn(store.kernel, input.logGroupName ?? "", input.logStreamName ?? "");
  return [{ action: `logs:${action}`, resource, context }];
}

/** The group's name from a name or an ARN, as most operations that read take either. */
export function groupName(input: {
  logGroupName?: string | undefined;
  logGroupIdentifier?: string | undefined;
}): string {
  const { logGroupName, logGroupIdentifier } = input;
  if (logGroupName !== undefined && logGroupIdentifier !== undefined) {
    throw invalidParameter("LogGroup name and LogGroup ARN are mutually exclusive parameters.");
  }
  const text = logGroupName ?? logGroupIdentifier ?? "";
  return text.startsWith("arn:") ? text.split(":").slice(6, 7).join("") : text;
}

/** Operations on groups and streams. */
export function groupOperations(store: LogStore): Record<string, Operation> {
  return {
    CreateLogGroup: {
      permissions: (input: CreateLogGroupCommandInput) => {
        const [requirement] = onGroup(store, "CreateLogGroup", input.logGroupName);
        return requirement ? [{ ...requirement, context: requestTagConditions(input.tags) }] : [];
      },
      run: (input: CreateLogGroupCommandInput) => createGroup(store, input),
    },
    DeleteLogGroup: {
      permissions: (input: GroupInput) => onGroup(store, "DeleteLogGroup", input.logGroupName),
      run: (input: GroupInput) => {
        const { name } = store.group(input.logGroupName ?? "");
        for (const stream of store.streamsOf(name)) store.deleteStream(stream);
        store.groups.delete(name);
        return {};
      },
    },
    DescribeLogGroups: {
      run: (input: DescribeLogGroupsCommandInput) => describeGroups(store, input),
    },
    PutRetentionPolicy: {
      permissions: (input: GroupInput) => onGroup(store, "PutRetentionPolicy", input.logGroupName),
      run: (input: PutRetentionPolicyCommandInput) => {
        const group = store.group(input.logGroupName ?? "");
        if (!retentionChoices.has(input.retentionInDays ?? 0)) {
          throw invalidParameter(
            `1 validation error detected: Value '${input.retentionInDays}' at 'retentionInDays' failed to satisfy constraint`,
          );
        }
        store.groups.put(group.name, { ...group, retentionDays: input.retentionInDays ?? 0 });
        return {};
      },
    },
    DeleteRetentionPolicy: {
      permissions: (input: GroupInput) => onGroup(store, "DeleteRetentionPolicy", input.logGroupName),
      run: (input: GroupInput) => {
        const { retentionDays: _, ...group } = store.group(input.logGroupName ?? "");
        store.groups.put(group.name, group);
        return {};
      },
    },
    AssociateKmsKey: {
      permissions: (input: GroupInput) => onGroup(store, "AssociateKmsKey", input.logGroupName),
      run: (input: AssociateKmsKeyCommandInput) => {
        const group = store.group(input.logGroupName ?? "");
        store.groups.put(group.name, { ...group, kmsKeyArn: input.kmsKeyId ?? "" });
        return {};
      },
    },
    DisassociateKmsKey: {
      permissions: (input: GroupInput) => onGroup(store, "DisassociateKmsKey", input.logGroupName),
      run: (input: GroupInput) => {
        const { kmsKeyArn: _, ...group } = store.group(input.logGroupName ?? "");
        store.groups.put(group.name, group);
        return {};
      },
    },
    CreateLogStream: {
      permissions: (input: CreateLogStreamCommandInput) => onStream(store, "CreateLogStream", input),
      run: (input: CreateLogStreamCommandInput) => createStream(store, input),
    },
    DeleteLogStream: {
      permissions: (input: DeleteLogStreamCommandInput) => onStream(store, "DeleteLogStream", input),
      run: (input: DeleteLogStreamCommandInput) => {
        store.deleteStream(store.stream(input.logGroupName ?? "", input.logStreamName ?? ""));
        return {};
      },
    },
    DescribeLogStreams: {
      permissions: (input: DescribeLogStreamsCommandInput) => onGroup(store, "DescribeLogStreams", groupName(input)),
      run: (input: DescribeLogStreamsCommandInput) => describeStreams(store, input),
    },
  };
}

function createGroup(store: LogStore, input: CreateLogGroupCommandInput) {
  const name = input.logGroupName ?? "";
  if (!groupPattern.test(name)) {
    throw invalidParameter(
      `1 validation error detected: Value '${name}' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+`,
    );
  }
  if (input.deletionProtectionEnabled) {
    throw invalidParameter("The embedded cloud has no deletion protection of log groups.");
  }
  if (store.groups.get(name)) throw alreadyExists("The specified log group already exists");
  store.groups.put(name, {
    name,
    createdAtMs: store.kernel.clock.now(),
    groupClass: input.logGroupClass ?? "STANDARD",
    tags: input.tags ?? {},
    storedBytes: 0,
    ...(input.kmsKeyId !== undefined && { kmsKeyArn: input.kmsKeyId }),
  });
  return {};
}

function createStream(store: LogStore, input: CreateLogStreamCommandInput) {
  const { name: group } = store.group(input.logGroupName ?? "");
  const name = input.logStreamName ?? "";
  if (!streamPattern.test(name)) {
    throw invalidParameter(
      `1 validation error detected: Value '${name}' at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*`,
    );
  }
  const key = streamKey(group, name);
  if (store.streams.get(key)) throw alreadyExists("The specified log stream already exists");
  store.streams.put(key, { group, name, createdAtMs: store.kernel.clock.now(), firstChunk: 0, nextChunk: 0 });
  return {};
}

function describeGroups(store: LogStore, input: DescribeLogGroupsCommandInput) {
  const { logGroupNamePrefix, logGroupNamePattern, logGroupIdentifiers, logGroupClass } = input;
  if (logGroupNamePrefix !== undefined && logGroupNamePattern !== undefined) {
    throw invalidParameter("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  }
  const wanted = logGroupIdentifiers?.map((one) => groupName({ logGroupIdentifier: one }));
  const groups = store.groups
    .list(logGroupNamePrefix)
    .filter((group) => logGroupNamePattern === undefined || group.name.includes(logGroupNamePattern))
    .filter((group) => wanted === undefined || wanted.includes(group.name))
    .filter((group) => logGroupClass === undefined || group.groupClass === logGroupClass);
  const { items, nextToken } = page(groups, input);
  return { logGroups: items.map((group) => describeGroup(store, group)), nextToken };
}

function describeGroup(store: LogStore, group: Readonly<GroupRecord>): LogGroup {
  const arn = groupArn(store.kernel, group.name);
  return {
    logGroupName: group.name,
    creationTime: group.createdAtMs,
    ...(group.retentionDays !== undefined && { retentionInDays: group.retentionDays }),
    metricFilterCount: 0,
    arn: `${arn}:*`,
    logGroupArn: arn,
    storedBytes: group.storedBytes,
    ...(group.kmsKeyArn !== undefined && { kmsKeyId: group.kmsKeyArn }),
    logGroupClass: group.groupClass as LogGroup["logGroupClass"],
  };
}

function describeStreams(store: LogStore, input: DescribeLogStreamsCommandInput) {
  const group = groupName(input);
  store.group(group);
  const byTime = input.orderBy === "LastEventTime";
  if (byTime && input.logStreamNamePrefix !== undefined) {
    throw invalidParameter("Cannot order by LastEventTime with a logStreamNamePrefix.");
  }
  const streams = store.streamsOf(group).filter((one) => one.name.startsWith(input.logStreamNamePrefix ?? ""));
  if (byTime) streams.sort((a, b) => (a.lastEventMs ?? 0) - (b.lastEventMs ?? 0));
  if (input.descending) streams.reverse();
  const { items, nextToken } = page(streams, input);
  return { logStreams: items.map((stream) => describeStream(store, stream)), nextToken };
}

function describeStream(store: LogStore, stream: Readonly<StreamRecord>): LogStream {
  return {
    logStreamName: stream.name,
    creationTime: stream.createdAtMs,
    firstEventTimestamp: stream.firstEventMs,
    lastEventTimestamp: stream.lastEventMs,
    lastIngestionTime: stream.lastIngestionMs,
    uploadSequenceToken: stream.lastIngestionMs === undefined ? undefined : String(stream.nextChunk),
    arn: streamArn(store.kernel, stream.group, stream.name),
    storedBytes: 0,
  };
}

/** At most 50 items a page. Source: API references of the Describe operations. */
function page<T>(all: T[], input: { limit?: number | undefined; nextToken?: string | undefined }) {
  const from = input.nextToken === undefined ? 0 : Number(input.nextToken);
  if (!Number.isInteger(from)) throw invalidParameter("The specified nextToken is invalid.");
  const size = input.limit ?? 50;
  if (size < 1 || size > 50) throw invalidParameter(`The limit ${size} is not in the range 1 to 50.`);
  const nextToken = from + size < all.length ? String(from + size) : undefined;
  return { items: all.slice(from, from + size), nextToken };
}
