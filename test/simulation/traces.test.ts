import { beforeAll, describe, expect, it } from "vitest";
import { relationOf } from "../../scripts/model/relation.ts";
import { smallestScenes } from "../../scripts/model/scenes.ts";
import type { Deed } from "../../scripts/simulate/deeds.ts";
import type { Happening, MixPlan } from "../../scripts/simulate/mix-plan.ts";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import { type Situation, situations } from "../../scripts/simulate/scenarios.ts";
import { type PreparedStage, prepareStage, stageName } from "../../scripts/simulate/simulated-stage.ts";
import { accountOf, modelledPlan, type TraceVerdict, tracesOf } from "../../scripts/simulate/traces.ts";

let begins: Readonly<Record<Situation, PreparedStage>>;

/** What overlaps more than this is for `npm run model -- --traces N`. */
const allowed = relationOf(smallestScenes());

beforeAll(async () => {
  begins = await situations(await prepareStage(await packageInMemory(stageName)));
}, 120_000);

/** What becomes of a service in a mix; `web` moves traffic at once, `api` in steps. */
async function verdictOn(
  service: "web" | "api",
  plan: MixPlan,
  by: ReadonlySet<string> = allowed,
): Promise<TraceVerdict> {
  const verdicts = await tracesOf(plan, begins[plan.begins], by);
  return verdicts.find((verdict) => verdict.service === service) as TraceVerdict;
}

/** Unit: seconds of virtual time after which that deploy observes its first share. */
const steppingSeconds = 85;

/** A deploy in steps, and what happens a while after its push. */
function stepping(atSeconds: number, deed: Deed): MixPlan {
  const push: Happening = { atSeconds: 5, do: "push", service: "api", version: "2" };
  return { seed: 1, begins: "two services", happenings: [push, { atSeconds, ...deed }], faults: [] };
}

describe("what a simulation changes", () => {
  it.each([1, 5, 10])("is what the small model allows: seed %i", async (seed) => {
    const verdict = await verdictOn("web", modelledPlan(seed));
    expect(verdict.strange && accountOf(verdict)).toBeUndefined();
    expect(verdict.steps.length).toBeGreaterThan(5);
  });

  it.each<[string, Deed, RegExp]>([
    ["ends well", { do: "begin", machine: "Sweep", input: {} }, /: rule a and 50 % b over \S+ → b over a;/],
    [
      "is stopped",
      { do: "stop", which: 0, whileSlow: false },
      /^sweep under its own lease: rule a and 10 % b over \S+ → a/m,
    ],
    [
      "gives way to a rollback",
      { do: "begin", machine: "Rollback", input: { service: "api" } },
      /^rollback under its own lease: rule a and 10 % b over \S+ → a/m,
    ],
  ])("is what the small model allows where a deploy that moves traffic in steps %s", async (_, deed, shape) => {
    const verdict = await verdictOn("api", stepping(steppingSeconds, deed));
    expect(verdict.strange && accountOf(verdict)).toBeUndefined();
    expect(verdict.steps.map((step) => step.shape).join("\n")).toMatch(shape);
  });

  it("is told step by step up to the first one that the model does not allow", async () => {
    const without = new Set([...allowed].filter((shape) => !/^deploy under its own lease: rule/.test(shape)));
    const verdict = await verdictOn("web", modelledPlan(10), without);
    expect(verdict.strange?.step.shape).toMatch(/^deploy under its own lease: rule/);
    expect(accountOf(verdict)).toMatch(/^seed 10, web: the model does not allow the last of these steps\n/);
    expect(accountOf(verdict).split("\n").at(-2)).toMatch(/ deploy:\S+ (Modify|Create)Rule$/);
  });
});
