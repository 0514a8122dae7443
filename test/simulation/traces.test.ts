import { beforeAll, describe, expect, it } from "vitest";
import { relationOf } from "../../scripts/model/relation.ts";
import { smallestScenes } from "../../scripts/model/scenes.ts";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import { type Situation, situationOf, situations } from "../../scripts/simulate/scenarios.ts";
import { type PreparedStage, prepareStage, stageName } from "../../scripts/simulate/simulated-stage.ts";
import { accountOf, traceOf } from "../../scripts/simulate/traces.ts";

let begins: Readonly<Record<Situation, PreparedStage>>;

/** What overlaps more than this is for `npm run model -- --traces N`. */
const allowed = relationOf(smallestScenes());

beforeAll(async () => {
  begins = await situations(await prepareStage(await packageInMemory(stageName)));
}, 120_000);

describe("what a simulation changes", () => {
  it.each([1, 5, 10])("is what the small model allows: seed %i", async (seed) => {
    const verdict = await traceOf(seed, begins[situationOf(seed)], allowed);
    expect(verdict.strange && accountOf(verdict)).toBeUndefined();
    expect(verdict.steps).toBeGreaterThan(5);
  });

  it("is told step by step up to the first one that the model does not allow", async () => {
    const without = new Set([...allowed].filter((shape) => !/^deploy under its own lease: rule/.test(shape)));
    const verdict = await traceOf(10, begins[situationOf(10)], without);
    expect(verdict.strange?.step.shape).toMatch(/^deploy under its own lease: rule/);
    expect(accountOf(verdict)).toMatch(/^seed 10: the model does not allow the last of these steps\n/);
    expect(accountOf(verdict).split("\n").at(-2)).toMatch(/ deploy:\S+ (Modify|Create)Rule$/);
  });
});
