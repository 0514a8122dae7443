import { exhaustiveSeed } from "../simulate/exhaustive.ts";
import { noFaults, oneFault } from "../simulate/faults.ts";
import { runMix } from "../simulate/random-mix.ts";
import { runPlan } from "../simulate/run-plan.ts";
import { type Situation, scenarios, situationOf } from "../simulate/scenarios.ts";
import type { PreparedStage } from "../simulate/simulated-stage.ts";
import type { PlantedBug } from "./planted-bug.ts";
import { loadWith } from "./planted-code.ts";

/** How a bug was found, or that it was not. */
export interface Hunt {
  bug: PlantedBug;
  /** Seeds that were run, the finding one included. */
  seeds: number;
  /** Plans that were run after the seeds had found nothing. */
  plans: number;
  /** Undefined: not found. */
  found: { by: string; problem: string } | undefined;
}

/** How far to look for one bug. */
export interface Patience {
  firstSeed: number;
  seeds: number;
  plans: number;
}

/** Runs seeds, then the scenarios without a fault, then single faults in them, until a promise is broken. */
export async function hunt(
  bug: PlantedBug,
  begins: Readonly<Record<Situation, PreparedStage>>,
  patience: Patience,
): Promise<Hunt> {
  const { mixes, plans } = await loadWith(bug);
  for (let tried = 0; tried < patience.seeds; tried++) {
    const seed = patience.firstSeed + tried;
    const begin = begins[situationOf(seed)];
    const [problem] = (await mixes.runMix(seed, begin)).problems;
    if (problem === undefined) continue;
    // What breaks without the bug as well says nothing about it.
    if ((await runMix(seed, begin)).problems.length > 0) continue;
    return { bug, seeds: tried + 1, plans: 0, found: { by: `seed ${seed}`, problem } };
  }
  let tried = 0;
  for (const scenario of scenarios) {
    if (tried >= patience.plans) break;
    tried += 1;
    const [problem] = (await plans.runPlan(scenario, begins[scenario.begins], exhaustiveSeed, noFaults)).problems;
    if (problem !== undefined) {
      return { bug, seeds: patience.seeds, plans: tried, found: { by: `${scenario.name} without a fault`, problem } };
    }
  }
  for (const { scenario, index, kind } of await faultsOf(bug, begins)) {
    if (tried >= patience.plans) break;
    tried += 1;
    const fault = oneFault(index, kind);
    const [problem] = (await plans.runPlan(scenario, begins[scenario.begins], exhaustiveSeed, fault)).problems;
    const by = `plan ${scenario.name}:${index}:${kind}`;
    if (problem !== undefined) return { bug, seeds: patience.seeds, plans: tried, found: { by, problem } };
  }
  return { bug, seeds: patience.seeds, plans: tried, found: undefined };
}

/** The faults to try, at the calls as the code makes them without the bug. */
async function faultsOf({ faults }: PlantedBug, begins: Readonly<Record<Situation, PreparedStage>>) {
  const scenario = scenarios.find(({ name }) => name === faults?.scenario);
  if (!scenario || !faults) return [];
  const { calls } = await runPlan(scenario, begins[scenario.begins], exhaustiveSeed);
  return calls
    .filter(({ handler, service, operation }) => faults.at.test(`${handler} ${service}:${operation}`))
    .map(({ index }) => ({ scenario, index, kind: faults.kind }));
}
