import { createHash } from "node:crypto";
import type { Reached } from "./coverage.ts";
import { type Coverage, CoverageTally } from "./coverage-tally.ts";
import type { Done, Pool } from "./pool.ts";
import type { MixResult } from "./random-mix.ts";

/** What many random mixes came to. */
export interface MixSummary {
  seeds: number;
  violations: number;
  /** Of the event logs of all seeds in their order. */
  hash: string;
  faultsPerRunMedian: number;
  /** Of processor time, so that the figure is one core's whatever else runs on the machine. */
  deploysPerSecondPerCore: number;
  coverage: Coverage;
}

type Measured = MixResult & { reached: Reached; cpuSeconds: number };

/** Runs a seed after the other until one of the limits is reached; what is under way then is still counted. */
export async function runMixes(
  pool: Pool,
  first: number,
  limit: { seeds: number; endMs: number },
  violated: (result: MixResult) => void,
): Promise<MixSummary> {
  const results: Measured[] = [];
  const tally = new CoverageTally(await cellsOf(pool));
  let next = first;
  const lane = async () => {
    while (next < first + limit.seeds && Date.now() < limit.endMs) {
      const result = mixOf(await pool.run({ kind: "mix", seed: next++ }));
      results.push(result);
      tally.add(result.reached);
      if (result.problems.length > 0) violated(result);
    }
  };
  await Promise.all(Array.from({ length: pool.size }, lane));
  return { ...summaryOf(results.sort((a, b) => a.seed - b.seed)), coverage: tally.result() };
}

async function cellsOf(pool: Pool): Promise<string[]> {
  const { outcome } = await pool.run({ kind: "cells" });
  if (outcome.kind !== "cells") throw new Error("a worker answered something else than it was asked");
  return outcome.cells;
}

function mixOf({ outcome, cpuSeconds }: Done): Measured {
  if (outcome.kind !== "mix") throw new Error("a worker answered something else than it was asked");
  return { ...outcome, cpuSeconds };
}

function summaryOf(results: readonly Measured[]): Omit<MixSummary, "coverage"> {
  const hash = createHash("sha256");
  for (const result of results) hash.update(result.hash);
  const faults = results.map((result) => result.faults).sort((a, b) => a - b);
  const total = (of: (result: Measured) => number) => results.reduce((sum, result) => sum + of(result), 0);
  const perSecond =
    total(({ deploys }) => deploys) /
    Math.max(
      total(({ cpuSeconds }) => cpuSeconds),
      0.001,
    );
  return {
    seeds: results.length,
    violations: results.filter(({ problems }) => problems.length > 0).length,
    hash: hash.digest("hex"),
    faultsPerRunMedian: faults[Math.floor(faults.length / 2)] ?? 0,
    deploysPerSecondPerCore: Math.round(perSecond * 10) / 10,
  };
}
