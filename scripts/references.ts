import { recordsDirectory, recordsOf, writeRecords } from "./references/records.ts";
import { type ReferenceRun, runReference } from "./references/reference.ts";
import { references } from "./references/references.ts";
import { packageInMemory } from "./simulate/package-files.ts";
import { situations } from "./simulate/scenarios.ts";
import { prepareStage, stageName } from "./simulate/simulated-stage.ts";

/**
 * `npm run references`: makes every reference run and writes down what the handlers did in it, when they are meant to do
 * something else than before. The difference is to be read before it is committed.
 */
const begins = await situations(await prepareStage(await packageInMemory(stageName)));
const runs = new Map<string, ReferenceRun>();
for (const reference of references) {
  const run = await runReference(reference, begins);
  for (const problem of run.problems) console.error(`${reference.name}: ${problem}`);
  if (run.problems.length > 0) process.exitCode = 1;
  runs.set(reference.name, run);
}
writeRecords(recordsOf(runs));
console.log(`${runs.size} records are in ${recordsDirectory}`);
