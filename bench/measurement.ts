import type { BenchName, BenchResult } from "../scripts/documents/performance-page.ts";

/** What was asked of a run. */
export interface BenchOptions {
  /** The sizes and counts of the full measurement instead of the short one. */
  large: boolean;
  /** One line for a person who waits. */
  progress: (line: string) => void;
}

/** What a benchmark hands back; main adds when and where. */
export type Measurement = Pick<BenchResult, "settings" | "figures" | "tables" | "notes">;

/** One thing that can be measured. */
export interface Bench {
  name: BenchName;
  title: string;
  run: (options: BenchOptions) => Promise<Measurement>;
}

/**
 * The middle value; the mean of the two in the middle of an even number.
 * @throws {RangeError} when there are none.
 */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new RangeError("there is no median of nothing");
  return (lower + upper) / 2;
}

/** The value rounded to so many decimals: more would pretend a precision that is not there. */
export function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
