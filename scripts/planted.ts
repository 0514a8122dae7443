import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { jsonText, projectRoot, writeDocuments } from "./documents/document.ts";
import { proofDocument } from "./documents/proof-page.ts";
import { type Hunt, hunt, type Patience } from "./planted/hunt.ts";
import type { PlantedBug } from "./planted/planted-bug.ts";
import { plantedBugs } from "./planted/planted-bugs.ts";
import {
  isQuick,
  type PlantedResults,
  plantedResultsFile,
  readPlantedResults,
  rowOf,
  seedsMedian,
} from "./planted/results.ts";
import { packageInMemory } from "./simulate/package-files.ts";
import { situations } from "./simulate/scenarios.ts";
import { prepareStage, stageName } from "./simulate/simulated-stage.ts";

const usage = `usage: npm run planted                      every bug, and the record in the documentation
       npm run planted -- --quick           those that a few seeds find
       npm run planted -- --bug NAME
       --seeds N (200) --seed S (1) --plans N (400)   how far to look for each`;

/** Plants each bug in turn and runs the simulation until it notices. Exit code 1: some bug was not found. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      bug: { type: "string" },
      seeds: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      plans: { type: "string", default: "400" },
    },
  });
  const bugs = chosen(values.quick, values.bug);
  if (bugs.length === 0) {
    console.error(usage);
    return 2;
  }
  const patience: Patience = {
    firstSeed: Number(values.seed),
    seeds: Number(values.seeds),
    plans: values.quick ? 0 : Number(values.plans),
  };
  const begins = await situations(await prepareStage(await packageInMemory(stageName)));
  const hunts: Hunt[] = [];
  for (const bug of bugs) {
    const found = await hunt(bug, begins, patience);
    hunts.push(found);
    console.log(lineOf(found));
  }
  const missed = hunts.filter(({ found }) => found === undefined).length;
  console.log(`median of ${seedsMedian(hunts.map(rowOf))} seeds`);
  console.log(`${hunts.length - missed} passed, ${missed} failed`);
  if (!values.quick && values.bug === undefined) record({ firstSeed: patience.firstSeed, rows: hunts.map(rowOf) });
  return missed === 0 ? 0 : 1;
}

function chosen(quick: boolean, id: string | undefined): readonly PlantedBug[] {
  if (id !== undefined) return plantedBugs.filter((bug) => bug.id === id);
  if (!quick) return plantedBugs;
  const rows = readPlantedResults()?.rows ?? [];
  return plantedBugs.filter(({ id: name }) => rows.some((row) => row.id === name && isQuick(row)));
}

function lineOf({ bug, seeds, plans, found }: Hunt): string {
  if (!found) return `MISSED ${bug.id}: ${seeds} seeds, ${plans} plans`;
  const effort = plans > 0 ? `${seeds} seeds, ${plans} plans` : `${seeds} seeds`;
  return `found  ${bug.id}: ${effort}, ${found.by}: ${found.problem.slice(0, 200)}`;
}

function record(results: PlantedResults): void {
  writeFileSync(join(projectRoot, plantedResultsFile), jsonText(results));
  writeDocuments([proofDocument()]);
}

process.exitCode = await main();
