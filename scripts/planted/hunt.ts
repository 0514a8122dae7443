import { Random } from "../../local/core/random.ts";
import { exhaustiveSeed } from "../simulate/exhaustive.ts";
import { faultKinds, noFaults, oneFault } from "../simulate/faults.ts";
import { runMix } from "../simulate/random-mix.ts";
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

/** Runs seeds, then single faults of the scenarios in a random order, until a promise is broken. */
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
  const random = new Random(patience.firstSeed);
  const lengths = new Map<string, number>();
  for (; tried < patience.plans; tried++) {
    const scenario = pick(random, scenarios);
    const begin = begins[scenario.begins];
    const calls =
      lengths.get(scenario.name) ?? (await plans.runPlan(scenario, begin, exhaustiveSeed, noFaults)).calls.length;
    lengths.set(scenario.name, calls);
    const [index, kind] = [Math.floor(random.between(0, calls)), pick(random, faultKinds)];
    const [problem] = (await plans.runPlan(scenario, begin, exhaustiveSeed, oneFault(index, kind))).problems;
    const by = `plan ${scenario.name}:${index}:${kind}`;
    if (problem !== undefined) return { bug, seeds: patience.seeds, plans: tried + 1, found: { by, problem } };
  }
  return { bug, seeds: patience.seeds, plans: tried, found: undefined };
}

function pick<T>(random: Random, among: readonly T[]): T {
  const found = among[Math.floor(random.between(0, among.length))];
  if (found === undefined) throw new Error("there is nothing to pick from");
  return found;
}
