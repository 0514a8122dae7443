import type { Outcome } from "./execution/outcome.ts";

/** How a deploy, rollback or sweep ended, in a line or two for a person. */
export function outcomeText(what: string, { end, reason, seconds, execution }: Outcome): string {
  const because = reason === undefined ? "" : `: ${reason}`;
  return `${what}  ${end}${because}  after ${seconds.toFixed(1)} s\n${execution}`;
}
