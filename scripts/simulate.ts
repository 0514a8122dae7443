import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { ensurePackage } from "../cli/embedded/packaging.ts";
import { coverageLines } from "./simulate/coverage-tally.ts";
import { exhaustiveSeed, outcomeOf, pairsOfFaults, parsePlan, type Row, singleFaults } from "./simulate/exhaustive.ts";
import { minimalPlan, parseMixPlan, replayed } from "./simulate/findings.ts";
import { type MixSummary, runMixes } from "./simulate/mixes.ts";
import { Pool } from "./simulate/pool.ts";
import type { MixResult } from "./simulate/random-mix.ts";
import { scenarios } from "./simulate/scenarios.ts";
import { stageName } from "./simulate/simulated-stage.ts";

const usage = `usage: npm run simulate -- --seeds N [--seed S] [--json]        random mixes, from seed S (1)
       npm run simulate -- --minutes M [--seed S] [--json]      as many of them as fit in so many minutes
       npm run simulate -- --single [--every N] [--scenario NAME]   one fault at every (Nth) call
       npm run simulate -- --pairs [--every N] [--window N] [--scenario NAME]   two faults in cutover, rollback and sweep,
                                                                the second at most N (all) calls after the first
       npm run simulate -- --plan SCENARIO:CALL:FAULT[+CALL:FAULT]  replays one of those
       npm run simulate -- --plan '{"seed":…}' or --plan FILE.json  replays a mix, with a timeline
       --workers N                                              processes side by side; one for each processor`;

/** Where two faults at once are tried: the scenario, and the handlers whose calls are struck. */
const pairPlaces: readonly { scenario: string; handlers: ReadonlySet<string> }[] = [
  { scenario: "deploy", handlers: new Set(["cutover"]) },
  { scenario: "hot-rollback", handlers: new Set(["admit", "cutover", "settle"]) },
  { scenario: "sweep", handlers: new Set(["admit", "cutover", "reap", "settle"]) },
];

/** Seeds whose smallest plan is looked for: each takes about a minute, and most have the same cause. */
const explainedMax = 2;

/** A finding has its own exit code 1; wrong usage is 2. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string" },
      minutes: { type: "string" },
      seed: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
      single: { type: "boolean", default: false },
      pairs: { type: "boolean", default: false },
      every: { type: "string", default: "1" },
      window: { type: "string", default: "Infinity" },
      scenario: { type: "string" },
      plan: { type: "string" },
      workers: { type: "string" },
    },
  });
  const { seeds, minutes, plan, scenario } = values;
  if (seeds === undefined && minutes === undefined && plan === undefined && !values.single && !values.pairs) {
    console.error(usage);
    return 2;
  }
  // Workers read the package; that it is made here keeps them from making it at the same time.
  await ensurePackage(stageName);
  const pool = new Pool(values.workers === undefined ? undefined : Number(values.workers));
  try {
    if (plan !== undefined && /^\{|\.json$/.test(plan)) return await replayMix(pool, plan);
    if (plan !== undefined) return await replay(pool, plan);
    const every = Number(values.every);
    if (values.single) return await exhaust((name) => singleFaults(pool, name, every), names(scenario));
    if (values.pairs) {
      const placeOf = (name: string) => pairPlaces.find((place) => place.scenario === name)?.handlers ?? new Set();
      const places = pairPlaces.map((place) => place.scenario).filter((name) => names(scenario).includes(name));
      const choice = (name: string) => ({ handlers: placeOf(name), every, window: Number(values.window) });
      return await exhaust((name) => pairsOfFaults(pool, name, choice(name)), places);
    }
    return await mixes(pool, { first: Number(values.seed), seeds, minutes }, values.json);
  } finally {
    pool.close();
  }
}

function names(only: string | undefined): string[] {
  return scenarios.map(({ name }) => name).filter((name) => only === undefined || name === only);
}

async function mixes(
  pool: Pool,
  { first, seeds, minutes }: { first: number; seeds: string | undefined; minutes: string | undefined },
  json: boolean,
): Promise<number> {
  const limit = {
    seeds: seeds === undefined ? Number.POSITIVE_INFINITY : Number(seeds),
    endMs: minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + Number(minutes) * 60_000,
  };
  // Whoever interrupts a long run is told what it came to.
  process.once("SIGINT", () => {
    limit.endMs = 0;
  });
  const violated: MixResult[] = [];
  const summary = await runMixes(pool, first, limit, (result) => {
    violated.push(result);
    console.error(`seed ${result.seed}: ${result.problems.join("\n  ")}`);
    console.error(`  npm run simulate -- --seeds 1 --seed ${result.seed}`);
  });
  violated.sort((a, b) => a.seed - b.seed);
  for (const result of violated.slice(0, explainedMax)) await explain(pool, result);
  if (json) console.log(JSON.stringify(summary));
  else print(summary);
  return summary.violations === 0 ? 0 : 1;
}

function print({ coverage, ...figures }: MixSummary): void {
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(24)} ${value}`);
  for (const line of coverageLines(coverage)) console.log(line);
}

/** What is the least that makes this seed fail, and what happens then. */
async function explain(pool: Pool, result: MixResult): Promise<void> {
  const plan = await minimalPlan(pool, result);
  const { timeline } = await replayed(pool, plan, true);
  console.error(`\nseed ${result.seed} in small:`);
  for (const line of timeline) console.error(line);
  console.error(`npm run simulate -- --plan '${JSON.stringify(plan)}'`);
}

async function replayMix(pool: Pool, text: string): Promise<number> {
  const plan = parseMixPlan(text.startsWith("{") ? text : await readFile(text, "utf8"));
  const { timeline, problems, hash } = await replayed(pool, plan, true);
  for (const line of timeline) console.log(line);
  console.log(problems.length === 0 ? `nothing is wrong; hash ${hash}` : `${problems.length} problems; hash ${hash}`);
  return problems.length === 0 ? 0 : 1;
}

async function exhaust(
  rowsOf: (scenario: string) => Promise<Row[]>,
  scenarioNames: readonly string[],
): Promise<number> {
  const beganMs = performance.now();
  const rows: Row[] = [];
  const show = (cells: readonly (string | number)[]) =>
    console.log(cells.map((cell, index) => String(cell).padEnd(index < 2 ? 20 : 8)).join(""));
  show(["scenario", "faults", "plans", "violations"]);
  for (const name of scenarioNames) {
    for (const row of await rowsOf(name)) {
      rows.push(row);
      show([row.scenario, row.faults, row.plans, row.violations.length]);
      for (const { plan, calls, problems } of row.violations) {
        console.log(`  at ${calls.join(" and ")}: ${problems.join("\n    ")}`);
        console.log(`  npm run simulate -- --plan ${plan}`);
      }
    }
  }
  const plans = rows.reduce((sum, row) => sum + row.plans, 0);
  const failed = rows.reduce((sum, row) => sum + row.violations.length, 0);
  console.log(`${plans} plans in ${Math.round((performance.now() - beganMs) / 1000)} s`);
  console.log(`${plans - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

async function replay(pool: Pool, text: string): Promise<number> {
  const { scenario, faults } = parsePlan(text);
  const { path, problems, struck, calls } = await outcomeOf(pool, scenario, faults);
  console.log(
    `seed ${exhaustiveSeed}, struck: ${struck.map((index) => `${index} ${calls[index]}`).join(", ") || "nothing"}`,
  );
  console.log(path.join(" → "));
  for (const problem of problems) console.log(problem);
  return problems.length === 0 ? 0 : 1;
}

process.exitCode = await main();
