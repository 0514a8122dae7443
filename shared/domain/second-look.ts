import type { Head } from "./head.ts";

/** A failed candidate of which nothing was found any more. */
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

/** The head once nothing of a failed candidate is found; it is to be looked for once more. */
export function vanished(head: Head, generation: string, at: string): Head {
  const { vanished: before = [] } = head;
  return before.some((one) => one.generation === generation)
    ? head
    : { ...head, vanished: [...before, { generation, at }] };
}

/** The head once a vanished candidate was looked for again. */
export function lookedForAgain(head: Head, generation: string): Head {
  const { vanished: before = [] } = head;
  const left = before.filter((one) => one.generation !== generation);
  return left.length === before.length ? head : { ...head, vanished: left };
}

/** Vanished candidates that are due to be looked for. */
export function dueSecondLooks({ vanished: candidates = [] }: Head, nowMs: number): string[] {
  const due = candidates.filter(({ at }) => nowMs - Date.parse(at) >= secondLookSeconds * 1000);
  return due.map(({ generation }) => generation);
}
