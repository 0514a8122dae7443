import type { Kernel } from "../core/kernel.ts";

export interface GroupRecord {
  name: string;
  createdAtMs: number;
  retentionDays?: number;
  kmsKeyArn?: string;
  groupClass: string;
  tags: Record<string, string>;
  storedBytes: number;
}

export interface StreamRecord {
  group: string;
  name: string;
  createdAtMs: number;
  firstEventMs?: number;
  lastEventMs?: number;
  lastIngestionMs?: number;
  /** Chunks are numbered; those from `firstChunk` up to but not including `nextChunk` exist. */
  firstChunk: number;
  nextChunk: number;
}

export interface LogEvent {
  id: string;
  timestampMs: number;
  ingestionMs: number;
  message: string;
}

/** A run of events of one stream, kept as one document so that a write touches little. */
export interface ChunkRecord {
  events: LogEvent[];
}

/** Keys of streams and chunks; a group's name cannot hold the separator. */
export function streamKey(group: string, stream: string): string {
  return `${group}\u0000${stream}`;
}

/** Without the `:*` that stands for its streams in older answers. */
export function groupArn(kernel: Kernel, group: string): string {
  return kernel.arn("logs", `log-group:${group}`);
}

export function streamArn(kernel: Kernel, group: string, stream: string): string {
  return kernel.arn("logs", `log-group:${group}:log-stream:${stream}`);
}
