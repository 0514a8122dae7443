import type {
  FilterLogEventsCommandInput,
  GetLogEventsCommandInput,
  PutLogEventsCommandInput,
} from "@aws-sdk/client-cloudwatch-logs";
import type { Operation } from "../core/kernel.ts";
import { invalidParameter } from "./errors.ts";
import { parseFilterPattern } from "./filter-pattern.ts";
import { groupName, onGroup, onStream } from "./groups.ts";
import type { LogStore } from "./log-store.ts";
import type { LogEvent, StreamRecord } from "./records.ts";

/** Limits of one PutLogEvents. Source: its API reference. */
const maxBatchEvents = 10_000;
const maxBatchBytes = 1_048_576;
/** Counted for each event beside its message. Same source. */
const eventOverheadBytes = 26;
const maxSpanMs = 24 * 3_600_000;
const oldestMs = 14 * 24 * 3_600_000;
const newestMs = 2 * 3_600_000;

/** Events a page at most. Source: API references of GetLogEvents and FilterLogEvents. */
const maxPageEvents = 10_000;
/** And bytes. Same source. */
const maxPageBytes = 1_048_576;

/** Operations that write and read events. */
export function eventOperations(store: LogStore): Record<string, Operation> {
  return {
    PutLogEvents: {
      permissions: (input: PutLogEventsCommandInput) => onStream(store, "PutLogEvents", input),
      run: (input: PutLogEventsCommandInput) => putEvents(store, input),
    },
    GetLogEvents: {
      permissions: (input: GetLogEventsCommandInput) =>
        onStream(store, "GetLogEvents", { logGroupName: groupName(input), logStreamName: input.logStreamName }),
      run: (input: GetLogEventsCommandInput) => getEvents(store, input),
    },
    FilterLogEvents: {
      permissions: (input: FilterLogEventsCommandInput) => onGroup(store, "FilterLogEvents", groupName(input)),
      run: (input: FilterLogEventsCommandInput) => filterEvents(store, input),
    },
  };
}

function putEvents(store: LogStore, input: PutLogEventsCommandInput) {
  const stream = store.stream(input.logGroupName ?? "", input.logStreamName ?? "");
  const events = input.logEvents ?? [];
  checkBatch(events);
  const now = store.kernel.clock.now();
  const { retentionDays } = store.group(stream.group);
  const expiredMs = retentionDays === undefined ? 0 : now - retentionDays * 86_400_000;
  const accepted: LogEvent[] = [];
  const rejected: {
    tooOldLogEventEndIndex?: number;
    tooNewLogEventStartIndex?: number;
    expiredLogEventEndIndex?: number;
  } = {};
  for (const [index, { timestamp = 0, message = "" }] of events.entries()) {
    if (timestamp > now + newestMs) rejected.tooNewLogEventStartIndex ??= index;
    else if (timestamp < now - oldestMs) rejected.tooOldLogEventEndIndex = index + 1;
    else if (timestamp < expiredMs) rejected.expiredLogEventEndIndex = index + 1;
    else accepted.push({ id: eventId(store, timestamp, index), timestampMs: timestamp, ingestionMs: now, message });
  }
  if (accepted.length > 0) {
    store.append(stream, accepted);
    const group = store.group(stream.group);
    const bytes = accepted.reduce((sum, event) => sum + event.message.length + eventOverheadBytes, 0);
    store.groups.put(group.name, { ...group, storedBytes: group.storedBytes + bytes });
  }
  return {
    nextSequenceToken: store.kernel.random.hex(32),
    ...(Object.keys(rejected).length > 0 && { rejectedLogEventsInfo: rejected }),
  };
}

/** Event IDs are numbers of 56 digits. They sort by time, then by when and in which place of a batch they came in. */
function eventId(store: LogStore, timestampMs: number, index: number): string {
  const now = store.kernel.clock.now();
  const digits = [...store.kernel.random.hex(20)].map((digit) => Number.parseInt(digit, 16) % 10).join("");
  return `3${String(timestampMs).padStart(14, "0")}${String(now).padStart(14, "0")}${String(index).padStart(7, "0")}${digits}`;
}

function checkBatch(events: readonly { timestamp?: number | undefined; message?: string | undefined }[]): void {
  if (events.length === 0 || events.length > maxBatchEvents) {
    throw invalidParameter(`A batch has 1 to ${maxBatchEvents} log events, not ${events.length}.`);
  }
  let bytes = 0;
  let last = 0;
  for (const { timestamp = 0, message = "" } of events) {
    if (message === "") {
      throw invalidParameter(
        "1 validation error detected: Value at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1",
      );
    }
    bytes += Buffer.byteLength(message) + eventOverheadBytes;
    if (timestamp < last) {
      throw invalidParameter("Log events in a single PutLogEvents request must be in chronological order.");
    }
    last = timestamp;
  }
  if (bytes > maxBatchBytes) {
    throw invalidParameter(`Upload too large: ${bytes} bytes exceeds limit of ${maxBatchBytes}`);
  }
  if (last - (events[0]?.timestamp ?? last) > maxSpanMs) {
    throw invalidParameter("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
}

interface Range {
  startTime?: number | undefined;
  endTime?: number | undefined;
}

function within(event: LogEvent, { startTime, endTime }: Range): boolean {
  return event.timestampMs >= (startTime ?? 0) && event.timestampMs < (endTime ?? Number.POSITIVE_INFINITY);
}

function byTime(a: { timestampMs: number }, b: { timestampMs: number }): number {
  return a.timestampMs - b.timestampMs;
}

function getEvents(store: LogStore, input: GetLogEventsCommandInput) {
  const stream = store.stream(groupName(input), input.logStreamName ?? "");
  const limit = checkedLimit(input.limit);
  const events = store
    .events(stream)
    .filter((event) => event.timestampMs >= (input.startTime ?? 0) && within(event, input))
    .sort(byTime);
  const token = input.nextToken === undefined ? undefined : /^([fb])\/(\d+)$/.exec(input.nextToken);
  if (token === null) throw invalidParameter("The specified nextToken is invalid.");
  const fromHead = token ? token[1] === "f" : (input.startFromHead ?? false);
  // A token is the index between events from which to read on, forwards or backwards.
  const at = token ? Number(token[2]) : fromHead ? 0 : events.length;
  const [from, to] = fromHead ? [at, fitForward(events, at, limit)] : [fitBackward(events, at, limit), at];
  return {
    events: events.slice(from, to).map((event) => ({
      timestamp: event.timestampMs,
      message: event.message,
      ingestionTime: event.ingestionMs,
    })),
    nextForwardToken: `f/${Math.max(from, to)}`,
    nextBackwardToken: `b/${from}`,
  };
}

function checkedLimit(limit: number | undefined): number {
  const value = limit ?? maxPageEvents;
  if (value >= 1 && value <= maxPageEvents) return value;
  throw invalidParameter(`The limit ${value} is not in the range 1 to ${maxPageEvents}.`);
}

function fitForward(events: readonly LogEvent[], from: number, limit: number): number {
  let bytes = 0;
  let to = from;
  while (to < events.length && to - from < limit) {
    bytes += (events[to]?.message.length ?? 0) + eventOverheadBytes;
    if (bytes > maxPageBytes && to > from) break;
    to += 1;
  }
  return to;
}

function fitBackward(events: readonly LogEvent[], to: number, limit: number): number {
  let bytes = 0;
  let from = Math.min(to, events.length);
  while (from > 0 && to - from < limit) {
    bytes += (events[from - 1]?.message.length ?? 0) + eventOverheadBytes;
    if (bytes > maxPageBytes && from < to) break;
    from -= 1;
  }
  return from;
}

function filterEvents(store: LogStore, input: FilterLogEventsCommandInput) {
  const group = groupName(input);
  store.group(group);
  if (input.logStreamNames && input.logStreamNamePrefix !== undefined) {
    throw invalidParameter("LogStreamNames and LogStreamNamePrefix are mutually exclusive parameters.");
  }
  const matches = parseFilterPattern(input.filterPattern);
  const found: (LogEvent & { stream: string })[] = [];
  for (const stream of wantedStreams(store, group, input)) {
    if ((stream.lastEventMs ?? 0) < (input.startTime ?? 0)) continue;
    for (const event of store.events(stream)) {
      if (within(event, input) && matches(event.message)) found.push({ ...event, stream: stream.name });
    }
  }
  found.sort((a, b) => byTime(a, b) || (a.id < b.id ? -1 : 1));
  const from = input.nextToken === undefined ? 0 : found.findIndex((event) => event.id === input.nextToken);
  if (from < 0) throw invalidParameter("The specified nextToken is invalid.");
  const to = fitForward(found, from, checkedLimit(input.limit));
  const next = found[to];
  return {
    events: found.slice(from, to).map((event) => ({
      logStreamName: event.stream,
      timestamp: event.timestampMs,
      message: event.message,
      ingestionTime: event.ingestionMs,
      eventId: event.id,
    })),
    searchedLogStreams: [],
    ...(next && { nextToken: next.id }),
  };
}

function wantedStreams(store: LogStore, group: string, input: FilterLogEventsCommandInput): Readonly<StreamRecord>[] {
  const { logStreamNames, logStreamNamePrefix } = input;
  if (logStreamNames) return logStreamNames.map((name) => store.stream(group, name));
  return store.streamsOf(group).filter((stream) => stream.name.startsWith(logStreamNamePrefix ?? ""));
}
