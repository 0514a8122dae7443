import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, readProjectFile } from "../documents/document.ts";
import type { Hunt } from "./hunt.ts";

/** How one bug was found. */
export interface PlantedRow {
  id: string;
  /** Seeds that were run, the finding one included. */
  seeds: number;
  /** Single-fault plans that were run after the seeds had found nothing. */
  plans: number;
  /** The first promise that was broken, such as `S6 fencing`; null: nothing was noticed. */
  promise: string | null;
}

/** What `npm run planted` came to when it was last run to the end. */
export interface PlantedResults {
  firstSeed: number;
  rows: PlantedRow[];
}

/** From the project's root. */
export const plantedResultsFile = "scripts/planted/results.json";

/** Seeds that a bug may have taken to be looked for on every change. */
const quickSeeds = 6;

export function rowOf({ bug, seeds, plans, found }: Hunt): PlantedRow {
  return { id: bug.id, seeds, plans, promise: found ? (found.problem.split(":")[0] ?? "") : null };
}

/** Whether few seeds found it. */
export function isQuick({ seeds, plans, promise }: PlantedRow): boolean {
  return promise !== null && plans === 0 && seeds <= quickSeeds;
}

/** The median over the bugs that seeds found. */
export function seedsMedian(rows: readonly PlantedRow[]): number {
  const seeds = rows.filter(({ promise, plans }) => promise !== null && plans === 0).map((row) => row.seeds);
  return seeds.sort((a, b) => a - b)[Math.floor(seeds.length / 2)] ?? 0;
}

export function readPlantedResults(): PlantedResults | undefined {
  if (!existsSync(join(projectRoot, plantedResultsFile))) return undefined;
  return JSON.parse(readProjectFile(plantedResultsFile)) as PlantedResults;
}
