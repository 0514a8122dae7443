import { exhaustiveSeed, parsePlan, textOf } from "../simulate/exhaustive.ts";
import { aPlan } from "../simulate/faults.ts";
import type { Begins, PlannedFault } from "../simulate/jobs.ts";
import { runMix } from "../simulate/random-mix.ts";
import { runPlan } from "../simulate/run-plan.ts";
import { type Scenario, scenarios, situationOf } from "../simulate/scenarios.ts";
import type { PlantedBug } from "./planted-bug.ts";
import { loadWith } from "./planted-code.ts";
import { scenes } from "./scenes.ts";

/** How a bug was found, or that it was not. */
export interface Hunt {
  id: string;
  /** Seeds that were run, the finding one included. */
  seeds: number;
  /** Plans that were run after the seeds had found nothing. */
  plans: number;
  /** Undefined: not found. `by` is what to run to see it again: `seed 7`, `deploy`, `first-deploy:46:timed-out`. */
  found: { by: string; problem: string } | undefined;
}

/** How far to look for one bug. */
export interface Patience {
  firstSeed: number;
  seeds: number;
  plans: number;
  /** What found it the last time is tried first, and not counted when it finds nothing now. */
  before?: string | undefined;
}

type Simulation = Awaited<ReturnType<typeof loadWith>>;

/**
 * Runs seeds, then the scene in which the mistake was made, then the reference scenarios and single faults, until a promise
 * is broken. What breaks without the bug as well says nothing about it.
 */
export async function hunt(bug: PlantedBug, begins: Begins, patience: Patience): Promise<Hunt> {
  const planted = await loadWith(bug);
  const { id } = bug;
  if (patience.before !== undefined) {
    const problem = await problemBy(patience.before, planted, begins);
    if (problem !== undefined) return { id, seeds: 0, plans: 0, found: { by: patience.before, problem } };
  }
  for (let tried = 1; tried <= patience.seeds; tried++) {
    const by = `seed ${patience.firstSeed + tried - 1}`;
    const problem = await problemBy(by, planted, begins);
    if (problem !== undefined) return { id, seeds: tried, plans: 0, found: { by, problem } };
  }
  const plans = (await plansFor(bug, begins)).slice(0, patience.plans);
  for (const [index, by] of plans.entries()) {
    const problem = await problemBy(by, planted, begins);
    if (problem !== undefined) return { id, seeds: patience.seeds, plans: index + 1, found: { by, problem } };
  }
  return { id, seeds: patience.seeds, plans: plans.length, found: undefined };
}

/** What goes wrong there with the bug and not without it. */
async function problemBy(by: string, planted: Simulation, begins: Begins): Promise<string | undefined> {
  const problems = await problemsIn(by, planted, begins);
  if (problems.length === 0) return undefined;
  const clean = await problemsIn(by, { mixes: { runMix }, plans: { runPlan } }, begins);
  return clean.length === 0 ? problems[0] : undefined;
}

async function problemsIn(
  by: string,
  { mixes, plans }: { mixes: Pick<Simulation["mixes"], "runMix">; plans: Pick<Simulation["plans"], "runPlan"> },
  begins: Begins,
): Promise<string[]> {
  const seed = /^seed (\d+)$/.exec(by)?.[1];
  if (seed !== undefined) return (await mixes.runMix(Number(seed), begins[situationOf(Number(seed))])).problems;
  const { scenario: name, faults } = by.includes(":") ? parsePlan(by) : { scenario: by, faults: [] };
  const scenario = named(name);
  return (await plans.runPlan(scenario, begins[scenario.begins], exhaustiveSeed, aPlan(faults))).problems;
}

/** What is tried after the seeds, in its order. */
async function plansFor({ scene, faults }: PlantedBug, begins: Begins): Promise<string[]> {
  const unharmed = [...(scene === undefined ? [] : [scene]), ...scenarios.map(({ name }) => name)];
  if (!faults) return unharmed;
  // The calls as the code makes them without the bug.
  const scenario = named(faults.scenario);
  const { calls } = await runPlan(scenario, begins[scenario.begins], exhaustiveSeed);
  const struck = calls
    .filter(({ handler, service, operation }) => faults.at.test(`${handler} ${service}:${operation}`))
    .map(({ index }): PlannedFault => ({ index, kind: faults.kind }));
  return [...unharmed, ...struck.map((fault) => textOf(scenario.name, [fault]))];
}

function named(name: string): Scenario {
  const found = [...scenarios, ...scenes].find((one) => one.name === name);
  if (!found) throw new Error(`no scenario and no scene is called ${name}`);
  return found;
}
