/** Where a line of a deploy's story comes from. */
export const logSources = ["machine", "instances", "probes", "functions"] as const;
export type LogSource = (typeof logSources)[number];

/** One line of what happened to a release. */
export interface LogLine {
  /** ISO time; null for an instance's console, which carries none. */
  at: string | null;
  source: LogSource;
  /** The execution, instance, path or function that says it. */
  from: string;
  text: string;
}

/** Lines in the order of their times; those without a time stand at the end, in the order they were read. */
export function inOrder(lines: readonly LogLine[]): LogLine[] {
  const rank = ({ at }: LogLine) => at ?? "~";
  return lines.toSorted((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
}

/** One line for a person. */
export function lineText({ at, source, from, text }: LogLine): string {
  return `${at ?? "-".padEnd(24)}  ${source.padEnd(9)}  ${from}  ${text}`.trimEnd();
}

/** Tells the lines that were not there before, each once. */
export class NewLines {
  readonly #seen = new Set<string>();

  take(lines: readonly LogLine[]): LogLine[] {
    return lines.filter((line) => {
      const key = JSON.stringify([line.at, line.source, line.from, line.text]);
      if (this.#seen.has(key)) return false;
      this.#seen.add(key);
      return true;
    });
  }
}
