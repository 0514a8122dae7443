import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import { notFound } from "./errors.ts";
import { type ChunkRecord, type GroupRecord, type LogEvent, type StreamRecord, streamKey } from "./records.ts";

/** A chunk is full with this many events or characters, so that adding one rewrites a small document. */
const chunkEvents = 64;
const chunkCharacters = 64 * 1024;

/**
 * One stream keeps at most this many full chunks, about 65,000 events: the cloud runs on a laptop for days, and AWS has
 * no limit. The oldest go first.
 */
const maxChunks = 1024;

/** Groups, streams and events. */
export class LogStore {
  readonly kernel: Kernel;
  readonly groups: Collection<GroupRecord>;
  readonly streams: Collection<StreamRecord>;
  readonly #chunks: Collection<ChunkRecord>;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.groups = kernel.store.collection("logs.groups");
    this.streams = kernel.store.collection("logs.streams");
    this.#chunks = kernel.store.collection("logs.chunks");
  }

  /** @throws {AwsError} ResourceNotFoundException. */
  group(name: string): Readonly<GroupRecord> {
    const found = this.groups.get(name);
    if (!found) throw notFound("The specified log group does not exist.");
    return found;
  }

  /** @throws {AwsError} ResourceNotFoundException. */
  stream(group: string, name: string): Readonly<StreamRecord> {
    this.group(group);
    const found = this.streams.get(streamKey(group, name));
    if (!found) throw notFound("The specified log stream does not exist.");
    return found;
  }

  streamsOf(group: string): Readonly<StreamRecord>[] {
    return this.streams.list(`${group}\u0000`);
  }

  /** Adds events in the order given. */
  append(stream: Readonly<StreamRecord>, events: LogEvent[]): void {
    let { firstChunk, nextChunk } = stream;
    let chunk = nextChunk > firstChunk ? this.#chunk(stream, nextChunk - 1) : undefined;
    let changed: LogEvent[] = chunk ? [...chunk.events] : [];
    if (!chunk) nextChunk += 1;
    for (const event of events) {
      if (isFull(changed)) {
        this.#chunks.put(this.#key(stream, nextChunk - 1), { events: changed });
        nextChunk += 1;
        changed = [];
        chunk = undefined;
      }
      changed.push(event);
    }
    this.#chunks.put(this.#key(stream, nextChunk - 1), { events: changed });
    while (nextChunk - firstChunk > maxChunks) this.#chunks.delete(this.#key(stream, firstChunk++));
    const times = events.map((event) => event.timestampMs);
    this.streams.put(streamKey(stream.group, stream.name), {
      ...stream,
      firstChunk,
      nextChunk,
      firstEventMs: Math.min(stream.firstEventMs ?? Number.POSITIVE_INFINITY, ...times),
      lastEventMs: Math.max(stream.lastEventMs ?? 0, ...times),
      lastIngestionMs: this.kernel.clock.now(),
    });
  }

  /** Events of a stream that are not older than the group keeps them, oldest chunk first. */
  events(stream: Readonly<StreamRecord>): LogEvent[] {
    const { retentionDays } = this.group(stream.group);
    const oldestMs = retentionDays === undefined ? 0 : this.kernel.clock.now() - retentionDays * 86_400_000;
    const events: LogEvent[] = [];
    for (let number = stream.firstChunk; number < stream.nextChunk; number++) {
      for (const event of this.#chunk(stream, number)?.events ?? []) {
        if (event.timestampMs >= oldestMs) events.push(event);
      }
    }
    return events;
  }

  deleteStream(stream: Readonly<StreamRecord>): void {
    for (let number = stream.firstChunk; number < stream.nextChunk; number++) {
      this.#chunks.delete(this.#key(stream, number));
    }
    this.streams.delete(streamKey(stream.group, stream.name));
  }

  #chunk(stream: Readonly<StreamRecord>, number: number): Readonly<ChunkRecord> | undefined {
    return this.#chunks.get(this.#key(stream, number));
  }

  #key(stream: Readonly<StreamRecord>, number: number): string {
    return `${streamKey(stream.group, stream.name)}\u0000${String(number).padStart(8, "0")}`;
  }
}

function isFull(events: readonly LogEvent[]): boolean {
  if (events.length >= chunkEvents) return true;
  return events.reduce((sum, event) => sum + event.message.length, 0) >= chunkCharacters;
}
