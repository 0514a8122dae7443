import { createHash } from "node:crypto";
import { isObject } from "./compare.ts";

/** What is known to be wrong with one recorded case, and how the recording has it. */
interface Damage {
  /** What happened to the text, for people. */
  reason: string;
  /** Where the recording itself can be read. */
  source: string;
  /** The members as they were recorded. */
  recorded: Record<string, unknown>;
}

/**
 * Cases whose text does not say what AWS was asked, by the SHA-256 of the damaged case as canonical JSON. The digest
 * covers every member, so that a corrected or changed case is judged as it stands.
 */
const damages: Readonly<Record<string, Damage>> = {
  b258c0b9ad0c2faa60bcb7f7dac63d1412095c6fefa7f0503e8d026483215ec0: {
    reason:
      'a comment stripper took "/*", "*/dir/*" for a comment: the pattern excludes "*/init/*" and "*/dir/*", the file has "*/initdir/*"',
    source:
      "localstack/localstack commit d6e926c, tests/aws/services/events/event_pattern_templates/content_anything_wildcard_list_NEG.json5",
    recorded: { pattern: { detail: { state: [{ "anything-but": { wildcard: ["*/init/*", "*/dir/*"] } }] } } },
  },
};

/** A case to judge, and what was put right about it. */
export interface Restored<T> {
  recorded: T;
  /** Undefined for a case that is judged as it stands in the file. */
  note?: string;
}

/** Puts back what a known damage took from a recorded case. */
export function restored<T extends object>(recorded: T): Restored<T> {
  const damage = damages[digestOf(recorded)];
  if (damage === undefined) return { recorded };
  return {
    recorded: { ...recorded, ...damage.recorded },
    note: `judged as AWS recorded it, not as the file has it: ${damage.reason} (${damage.source})`,
  };
}

/** SHA-256 of a value as JSON with sorted members, in lower-case hex. */
export function digestOf(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(value)))
    .digest("hex");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}
