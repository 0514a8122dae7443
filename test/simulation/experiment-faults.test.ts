import { beforeAll, describe, expect, it } from "vitest";
import { experimentScenarios, orExperiments, withExperiment } from "../../scripts/simulate/experiment-scenarios.ts";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import { runMix } from "../../scripts/simulate/random-mix.ts";
import { type Situation, situations } from "../../scripts/simulate/scenarios.ts";
import { type PreparedStage, prepareStage, stageName } from "../../scripts/simulate/simulated-stage.ts";
import { singleFaults } from "../../scripts/simulate/single-faults.ts";

let begins: Record<Situation, PreparedStage>;
let serving: PreparedStage;

beforeAll(async () => {
  begins = await situations(await prepareStage(await packageInMemory(stageName)));
  serving = await withExperiment(begins["one release"]);
}, 120_000);

describe("one fault", () => {
  it("at any call of the sweep that ends an experiment leaves nothing of it, and production as it was", async () => {
    const rows = await singleFaults(experimentScenarios.end, serving, 2);
    expect(rows.flatMap(({ violations }) => violations)).toEqual([]);
    expect(rows.every(({ plans }) => plans > 20)).toBe(true);
  }, 120_000);

  it("while an experiment starts leaves it serving or gone, and production as it was", async () => {
    const rows = await singleFaults(experimentScenarios.start, begins["one release"], 17);
    expect(rows.flatMap(({ violations }) => violations)).toEqual([]);
  }, 120_000);

  it("while it is promoted loses neither the image nor a request", async () => {
    const rows = await singleFaults(experimentScenarios.promote, serving, 17);
    expect(rows.flatMap(({ violations }) => violations)).toEqual([]);
  }, 120_000);
});

describe("a random mix", () => {
  it.each([11, 12, 13, 14, 15, 16])(
    "of deploys, rollbacks, sweeps and experiments leaves nothing wrong (seed %i)",
    async (seed) => {
      const { problems } = await runMix(seed, begins["one release"], orExperiments);
      expect(problems).toEqual([]);
    },
    120_000,
  );
});
