import { stripVTControlCharacters } from "node:util";
import type { StepResult } from "./run-step.ts";

/** Lines of failures in all. With a line for each step and the last one, a log cut to its last 25 lines shows every name. */
const shownFailures = 12;
/** Unit: characters of one failure. */
const shownLength = 300;

/** What the checks end with: each failure once more by name, a line for each step, and `N passed, N failed`. */
export function summaryOf(results: readonly StepResult[]): string[] {
  const failures = results.flatMap(({ name, failures }) =>
    (failures ?? []).map((line) => `${name}: ${stripVTControlCharacters(line)}`.slice(0, shownLength)),
  );
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
