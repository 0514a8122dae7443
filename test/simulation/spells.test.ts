import { beforeAll, describe, expect, it } from "vitest";
import type { Deed } from "../../scripts/simulate/deeds.ts";
import type { Happening, MixPlan } from "../../scripts/simulate/mix-plan.ts";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import { runMixPlan } from "../../scripts/simulate/random-mix.ts";
import { type Situation, situations } from "../../scripts/simulate/scenarios.ts";
import {
  type PreparedStage,
  prepareStage,
  type SimulatedStage,
  stageName,
} from "../../scripts/simulate/simulated-stage.ts";
import { type SpellKind, spellKinds } from "../../scripts/simulate/spells.ts";

let begins: Record<Situation, PreparedStage>;

beforeAll(async () => {
  begins = await situations(await prepareStage(await packageInMemory(stageName)));
}, 120_000);

const at = (atSeconds: number, deed: Deed): Happening => ({ atSeconds, ...deed });
const spell = (what: SpellKind, seconds: number, which = 0.3): Deed => ({ do: "spell", what, seconds, which });
const push = (version: string): Deed => ({ do: "push", service: "web", version });
const rollback: Deed = { do: "begin", machine: "Rollback", input: { service: "web" } };

/** Runs the plan; says how its deploys and rollbacks ended, and what was broken. */
async function ran(happenings: Happening[], begin: Situation = "live and standby") {
  const plan: MixPlan = { seed: 5, begins: begin, happenings, faults: [] };
  const ends: string[] = [];
  const see = (stage: SimulatedStage) => {
    for (const machine of ["deploy", "rollback"] as const) {
      for (const { arn, error } of stage.executions(machine).filter(({ startMs }) => startMs > Date.UTC(2026, 0, 1))) {
        ends.push(`${machine} ${stage.path(arn).at(-1)}${error === undefined ? "" : ` ${error}`}`);
      }
    }
  };
  const { problems } = await runMixPlan(plan, begins[begin], { see });
  return { ends, problems };
}

describe("a deploy and a rollback", () => {
  it.each(spellKinds)("under %s leave nothing wrong, and the next ones work", async (what) => {
    const { ends, problems } = await ran([
      at(0, spell(what, 240)),
      at(20, push("3")),
      at(90, rollback),
      at(400, spell(what, 120, 0.8)),
      at(420, push("4")),
    ]);
    expect(problems).toEqual([]);
    expect(ends).toHaveLength(5);
  });
});

describe("an instance of live that is lost", () => {
  it("keeps neither a deploy nor a rollback from its end", async () => {
    const lost: Deed = { do: "lose-instance", which: 0.1 };
    const { problems } = await ran([at(0, push("3")), at(45, lost), at(120, rollback), at(130, lost)]);
    expect(problems).toEqual([]);
  });
});

describe("an artifact that is uploaded anew under its key while it is being baked", () => {
  it("changes nothing of what the first deploy bakes, and is deployed after it", async () => {
    const overwrite: Deed = { do: "overwrite", service: "web", version: "3", build: "other bytes" };
    const { problems } = await ran([at(0, push("3")), at(6, overwrite)]);
    expect(problems).toEqual([]);
  });
});
