import fc from "fast-check";
import { archiveProperty } from "./archives.ts";
import { Outcomes } from "./outcomes.ts";
import { deployInputProperty, rollbackInputProperty, specProperty, specTextProperty } from "./texts.ts";
import { zipProperty } from "./zips.ts";

type Run = (outcomes: Outcomes, parameters: { seed: number; numRuns: number }) => Promise<void>;

/** Everything that strangers write and Kiln reads. */
export const fuzzTargets = {
  archive: async (outcomes, parameters) => fc.assert(archiveProperty(outcomes), parameters),
  zip: async (outcomes, parameters) => fc.assert(zipProperty(outcomes), parameters),
  spec: async (outcomes, parameters) => fc.assert(specProperty(outcomes), parameters),
  "spec text": async (outcomes, parameters) => fc.assert(specTextProperty(outcomes), parameters),
  "deploy input": async (outcomes, parameters) => fc.assert(deployInputProperty(outcomes), parameters),
  "rollback input": async (outcomes, parameters) => fc.assert(rollbackInputProperty(outcomes), parameters),
} as const satisfies Record<string, Run>;

export type FuzzTarget = keyof typeof fuzzTargets;

/**
 * Tries one target with inputs made from a seed; the same seed makes the same ones.
 * @throws an error with the smallest input that breaks the promise, and the seed.
 */
export async function fuzz(target: FuzzTarget, options: { seed: number; runs: number }): Promise<Outcomes> {
  const outcomes = new Outcomes();
  await fuzzTargets[target](outcomes, { seed: options.seed, numRuns: options.runs });
  return outcomes;
}
