import { expect, test } from "vitest";
import { type FuzzTarget, fuzz, fuzzTargets } from "../../scripts/fuzz/targets.ts";

/** Enough to meet every kind of outcome; `npm run fuzz` tries far more. */
const runs = 400;

test.each(Object.keys(fuzzTargets) as FuzzTarget[])(
  "whatever strangers write as %s is accepted or refused in words, quickly",
  async (target) => {
    const outcomes = await fuzz(target, { seed: 20_260_101, runs });
    expect(outcomes.total()).toBe(runs);
    expect(outcomes.counts.size).toBeGreaterThan(1);
    expect(outcomes.slowestMs).toBeLessThan(5_000);
  },
);
