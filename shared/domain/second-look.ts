import type { Head } from "./head.ts";
import { ordinalOf } from "./names.ts";

/** A candidate that never served, and of which nothing was found any more. */
export interface Vanished {
  generation: string;
  /** ISO time of the last look. */
  at: string;
}

/**
 * Unit: seconds. What EC2 creates may be hidden from reads for minutes ("Eventual consistency", EC2 API guide). A candidate is
 * looked for once more after this long, by whoever comes then: holding its lease for so long would make the next deploy wait.
 */
export const secondLookSeconds = 180;

/** The head once nothing of a generation is found: one that never served is to be looked for once more. */
export function vanished(head: Head, generation: string, at: string): Head {
  const { vanished: before = [] } = head;
  const isFirst = !before.some((one) => one.generation === generation);
  if (isFirst) return hasServed(head, generation) ? head : { ...head, vanished: [...before, { generation, at }] };
  // A repetition right after the first look is none.
  if (!dueSecondLooks(head, Date.parse(at)).includes(generation)) return head;
  return { ...head, vanished: before.filter((one) => one.generation !== generation) };
}

/** Whether a generation is kept, or older than all that are: then it was dropped, and made long ago. */
function hasServed({ service, kept }: Head, generation: string): boolean {
  const ordinal = ordinalOf(service, generation) ?? 0;
  const oldest = Math.min(...kept.map((one) => ordinalOf(service, one) ?? 0));
  return kept.includes(generation) || (kept.length > 0 && ordinal < oldest);
}

/** Vanished candidates that are due to be looked for. */
export function dueSecondLooks({ vanished: candidates = [] }: Head, nowMs: number): string[] {
  const due = candidates.filter(({ at }) => nowMs - Date.parse(at) >= secondLookSeconds * 1000);
  return due.map(({ generation }) => generation);
}
