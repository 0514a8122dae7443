import { stripVTControlCharacters } from "node:util";
import type { StepResult } from "./run-step.ts";

/** Lines in all: a log may be shown cut to so many of its last ones. */
const shownLines = 25;
/** Unit: characters of one failure. */
const shownLength = 300;

/** What the checks end with: each failure once more by name, a line for each step, and `N passed, N failed`. */
export function summaryOf(results: readonly StepResult[]): string[] {
  const failures = results.flatMap(({ name, failures }) =>
    (failures ?? []).map((line) => `${name}: ${stripVTControlCharacters(line)}`.slice(0, shownLength)),
  );
  // Besides them there is a line for each step, the sum, and the one that says how many more there are.
  const shownFailures = Math.max(5, shownLines - results.length - 2);
  const further = failures.length - shownFailures;
  const total = (of: "passed" | "failed") => results.reduce((sum, result) => sum + result[of], 0);
  return [
    ...failures.slice(0, shownFailures),
    ...(further > 0 ? [`and ${further} more`] : []),
    ...results.map(lineOf),
    `${total("passed")} passed, ${total("failed")} failed`,
  ];
}

function lineOf({ name, passed, failed, seconds, why }: StepResult): string {
  const verdict = failed === 0 ? "ok    " : "FAILED";
  return `${verdict} ${name.padEnd(10)} ${passed} passed, ${failed} failed, ${seconds} s${why ? ` (${why})` : ""}`;
}
