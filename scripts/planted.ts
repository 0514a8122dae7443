import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensurePackage } from "../cli/embedded/packaging.ts";
import { jsonText, projectRoot, writeDocuments } from "./documents/document.ts";
import { proofDocument } from "./documents/proof-page.ts";
import type { Hunt, Patience } from "./planted/hunt.ts";
import { plantedBugs } from "./planted/planted-bugs.ts";
import { plantedResultsFile, readPlantedResults, rowOf, seedsMedian, withRows } from "./planted/results.ts";
import { Pool } from "./simulate/pool.ts";
import { stageName } from "./simulate/simulated-stage.ts";

const usage = `usage: npm run planted                           every bug, and the record in the documentation
       npm run planted -- --bug NAME [--bug NAME …]   these, and their lines of the record
       npm run planted -- --quick                every bug, first with what found it the last time; records nothing
       --seeds N (60) --seed S (1) --plans N (200)   how far to look for each
       --workers N                               processes side by side; one for each processor`;

/** Plants each bug in turn and runs the simulation until it notices. Exit code 1: some bug was not found. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      bug: { type: "string", multiple: true },
      seeds: { type: "string", default: "60" },
      seed: { type: "string", default: "1" },
      plans: { type: "string", default: "200" },
      workers: { type: "string" },
    },
  });
  const ids = plantedBugs.map(({ id }) => id).filter((id) => values.bug?.includes(id) ?? true);
  if (ids.length === 0) {
    console.error(usage);
    return 2;
  }
  const patience = { firstSeed: Number(values.seed), seeds: Number(values.seeds), plans: Number(values.plans) };
  await ensurePackage(stageName);
  const pool = new Pool(values.workers === undefined ? undefined : Number(values.workers));
  try {
    const hunts = await huntAll(pool, ids, patience, values.quick);
    if (!values.quick) writeDocuments([proofDocument()]);
    const missed = hunts.filter(({ found }) => found === undefined).length;
    console.log(`median of ${seedsMedian(hunts.map(rowOf))} seeds`);
    console.log(`${hunts.length - missed} passed, ${missed} failed`);
    return missed === 0 ? 0 : 1;
  } finally {
    pool.close();
  }
}

function huntAll(pool: Pool, ids: readonly string[], patience: Patience, quick: boolean): Promise<Hunt[]> {
  const rows = quick ? (readPlantedResults()?.rows ?? []) : [];
  return Promise.all(
    ids.map(async (bug) => {
      const before = rows.find(({ id }) => id === bug)?.by ?? undefined;
      const { outcome } = await pool.run({ kind: "hunt", bug, patience: { ...patience, before } });
      if (outcome.kind !== "hunt") throw new Error("a worker answered something else than it was asked");
      console.log(lineOf(outcome));
      // At once: a run over all bugs takes many minutes, and one that is broken off was not for nothing.
      if (!quick) record(patience.firstSeed, outcome);
      return outcome;
    }),
  );
}

function lineOf({ id, seeds, plans, found }: Hunt): string {
  const effort = `${seeds} seeds, ${plans} plans`;
  return found ? `found  ${id}: ${effort}, ${found.by}: ${found.problem.slice(0, 200)}` : `MISSED ${id}: ${effort}`;
}

function record(firstSeed: number, hunted: Hunt): void {
  const ids = plantedBugs.map(({ id }) => id);
  const rows = withRows(readPlantedResults()?.rows ?? [], [rowOf(hunted)], ids);
  writeFileSync(join(projectRoot, plantedResultsFile), jsonText({ firstSeed, rows }));
}

process.exitCode = await main();
