import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, readProjectFile } from "../documents/document.ts";
import type { Hunt } from "./hunt.ts";

/** How one bug was found. */
export interface PlantedRow {
  id: string;
  /** Seeds that were run, the finding one included. */
  seeds: number;
  /** Scenes, scenarios and single-fault plans that were run after the seeds had found nothing. */
  plans: number;
  /** The first promise that was broken, such as `S6 fencing`; null: nothing was noticed. */
  promise: string | null;
  /** What found it: `seed 7`, a scene or scenario, or a plan; null likewise. */
  by: string | null;
}

/** What `npm run planted` came to when each bug was last looked for. */
export interface PlantedResults {
  firstSeed: number;
  rows: PlantedRow[];
}

/** From the project's root. */
export const plantedResultsFile = "scripts/planted/results.json";

export function rowOf({ id, seeds, plans, found }: Hunt): PlantedRow {
  return { id, seeds, plans, promise: found ? (found.problem.split(":")[0] ?? "") : null, by: found?.by ?? null };
}

/** The record with new rows, each in the place of the one of the same bug; in the order of `ids`, others are forgotten. */
export function withRows(
  before: readonly PlantedRow[],
  rows: readonly PlantedRow[],
  ids: readonly string[],
): PlantedRow[] {
  const found = (id: string) => [...rows, ...before].find((row) => row.id === id) ?? [];
  return ids.flatMap(found);
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
