import { beforeAll, describe, expect, it } from "vitest";
import { exhaustiveSeed } from "../../scripts/simulate/exhaustive.ts";
import { experimentScenarios, orExperiments, withExperiment } from "../../scripts/simulate/experiment-scenarios.ts";
import { faultKinds, oneFault } from "../../scripts/simulate/faults.ts";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import { runMix } from "../../scripts/simulate/random-mix.ts";
import { runPlan } from "../../scripts/simulate/run-plan.ts";
import { type Scenario, type Situation, situations } from "../../scripts/simulate/scenarios.ts";
import { type PreparedStage, prepareStage, stageName } from "../../scripts/simulate/simulated-stage.ts";

let begins: Record<Situation, PreparedStage>;
let serving: PreparedStage;

beforeAll(async () => {
  begins = await situations(await prepareStage(await packageInMemory(stageName)));
  serving = await withExperiment(begins["one release"]);
}, 120_000);

/** What went wrong after one fault. @param every 1 strikes each call; 7 every seventh, another seventh for each kind. */
async function problems(scenario: Scenario, begin: PreparedStage, every: number): Promise<string[]> {
  const free = await runPlan(scenario, begin, exhaustiveSeed);
  expect(free.problems).toEqual([]);
  expect(free.calls.length).toBeGreaterThan(5 * every);
  const found: string[] = [];
  for (const [offset, kind] of faultKinds.entries()) {
    for (let index = offset % every; index < free.calls.length; index += every) {
      const struck = await runPlan(scenario, begin, exhaustiveSeed, oneFault(index, kind));
      found.push(...struck.problems.map((problem) => `${scenario.name}:${index}:${kind} ${problem}`));
    }
  }
  return found;
}

describe("one fault", () => {
  it("at any call of the sweep that ends an experiment leaves nothing of it, and production as it was", async () => {
    expect(await problems(experimentScenarios.end, serving, 3)).toEqual([]);
  }, 120_000);

  it("while an experiment starts leaves it serving or gone, and production as it was", async () => {
    expect(await problems(experimentScenarios.start, begins["one release"], 17)).toEqual([]);
  }, 120_000);

  it("while it is promoted loses neither the image nor a request", async () => {
    expect(await problems(experimentScenarios.promote, serving, 17)).toEqual([]);
  }, 120_000);
});

describe("a random mix", () => {
  it.each([11, 12, 13, 14, 15, 16])(
    "of deploys, rollbacks, sweeps and experiments leaves nothing wrong (seed %i)",
    async (seed) => {
      const mixed = await runMix(seed, begins["one release"], undefined, orExperiments);
      expect(mixed.problems).toEqual([]);
    },
    120_000,
  );
});
