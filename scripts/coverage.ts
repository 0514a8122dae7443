import { parseArgs } from "node:util";
import { coveredCells, faultCell, faultCells, machineCells } from "./simulate/coverage.ts";
import { packageInMemory } from "./simulate/package-files.ts";
import { runMix } from "./simulate/random-mix.ts";
import { situationOf, situations } from "./simulate/scenarios.ts";
import { openStage, prepareStage, stageName } from "./simulate/simulated-stage.ts";

/**
 * `npm run coverage -- --seeds N`: which states, retriers and catchers of the machines, and which kinds of fault at which
 * calls of handlers, random mixes have reached; the rest by name.
 */
const { values } = parseArgs({
  options: { seeds: { type: "string", default: "100" }, seed: { type: "string", default: "1" } },
});
const begins = await situations(await prepareStage(await packageInMemory(stageName)));
const all = new Set(machineCells(await openStage(0, begins.nothing)));
const covered = new Set<string>();
const first = Number(values.seed);
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  await runMix(seed, begins[situationOf(seed)], (stage) => {
    for (const cell of coveredCells(stage)) covered.add(cell);
    const { calls, struck } = stage.cloud.faults;
    for (const cell of faultCells(calls)) all.add(cell);
    for (const { call, kind } of struck) covered.add(faultCell(call, kind));
  });
}
for (const kind of ["state", "retry", "catch", "fault"]) {
  const cells = [...all].filter((cell) => cell.startsWith(`${kind} `));
  const missing = cells.filter((cell) => !covered.has(cell));
  console.log(`${kind.padEnd(8)} ${cells.length - missing.length} of ${cells.length}`);
  for (const cell of missing.sort()) console.log(`  not: ${cell}`);
}
