import { parseArgs } from "node:util";
import { production } from "./model/call.ts";
import { explore } from "./model/explore.ts";
import { relationOf } from "./model/relation.ts";
import { scenes, smallScenes } from "./model/scenes.ts";
import { packageInMemory } from "./simulate/package-files.ts";
import { situations } from "./simulate/scenarios.ts";
import { prepareStage, stageName } from "./simulate/simulated-stage.ts";
import { accountOf, modelledPlan, tracesOf } from "./simulate/traces.ts";

/**
 * `npm run model`: explores every scene to the end and prints how far that was. With `--traces N [--seed S]`: simulates N
 * seeds, and says whether everything that changed in them is something that the model allows.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { traces: { type: "string" }, seed: { type: "string", default: "1" } },
  });
  const failed =
    values.traces === undefined ? exploreAll() : await traceAll(Number(values.seed), Number(values.traces));
  return failed === 0 ? 0 : 1;
}

function exploreAll(): number {
  let broken = 0;
  for (const { name, world } of scenes()) {
    const began = performance.now();
    const { states, transitions, ends, violation } = explore(world, production);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const extent = `${states} states, ${transitions} transitions, ${ends} ends, ${seconds} s`;
    console.log(`${violation ? "BROKEN" : "ok    "} ${name}: ${extent}`);
    if (violation) console.log([violation.promise, ...violation.path].map((line) => `    ${line}`).join("\n"));
    if (violation) broken += 1;
  }
  console.log(`${scenes().length - broken} passed, ${broken} failed`);
  return broken;
}

async function traceAll(first: number, seeds: number): Promise<number> {
  const allowed = relationOf(smallScenes());
  console.log(`the model allows ${allowed.size} kinds of change`);
  const begins = await situations(await prepareStage(await packageInMemory(stageName)));
  let [strange, steps] = [0, 0];
  for (let seed = first; seed < first + seeds; seed++) {
    const plan = modelledPlan(seed);
    const verdicts = await tracesOf(plan, begins[plan.begins], allowed);
    const told = verdicts.filter((verdict) => verdict.strange);
    for (const verdict of told) console.log(accountOf(verdict));
    steps += verdicts.reduce((sum, verdict) => sum + verdict.steps.length, 0);
    strange += told.length > 0 ? 1 : 0;
  }
  console.log(`${steps} steps of ${seeds} seeds`);
  console.log(`${seeds - strange} passed, ${strange} failed`);
  return strange;
}

process.exitCode = await main();
