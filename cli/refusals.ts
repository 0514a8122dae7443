import type { Refusal } from "../shared/aws/ledger.ts";

/** How many refusals are shown: enough to find the push that one is looking for. */
export const refusalsShown = 5;

/** What was refused before it became a release, each with its reason below; empty when nothing was. */
export function refusalsText(refusals: readonly Refusal[]): string[] {
  if (refusals.length === 0) return [];
  const lines = refusals.flatMap(({ at, error, message, key, execution }) => [
    `${at}  ${key ?? execution.split(":").at(-1)}`,
    `    ${error}: ${message}`,
  ]);
  return ["REFUSED (the newest, before they became releases)", ...lines];
}
