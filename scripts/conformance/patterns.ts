import { matchesPattern } from "../../local/events/pattern.ts";

/** One event pattern judged by AWS. */
export interface RecordedPattern {
  name: string;
  pattern: unknown;
  event: unknown;
  expect: "match" | "no-match" | "invalid-pattern";
}

/** Judges a recorded pattern as the embedded cloud does; returns the difference, or undefined. */
export function checkPattern({ pattern, event, expect }: RecordedPattern): string | undefined {
  const verdict = judge(pattern, event);
  return verdict === expect ? undefined : `recorded ${expect}, got ${verdict}`;
}

function judge(pattern: unknown, event: unknown): RecordedPattern["expect"] {
  try {
    return matchesPattern(pattern, event) ? "match" : "no-match";
  } catch {
    return "invalid-pattern";
  }
}
