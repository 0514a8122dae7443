import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { type FaultKind, oneFault } from "./simulate/faults.ts";
import { packageInMemory } from "./simulate/package-files.ts";
import { runMix } from "./simulate/random-mix.ts";
import { runPlan } from "./simulate/run-plan.ts";
import { type Situation, scenarios, situationOf, situations } from "./simulate/scenarios.ts";
import { type PreparedStage, prepareStage, stageName } from "./simulate/simulated-stage.ts";
import { exhaustiveSeed, type Row, singleFaults } from "./simulate/single-faults.ts";

const usage = `usage: npm run simulate -- --seeds N [--seed S] [--json]     random mixes, from seed S (1)
       npm run simulate -- --single [--every N] [--scenario NAME]  one fault at every (Nth) call
       npm run simulate -- --plan SCENARIO:CALL:FAULT              replays one of those`;

/** A finding has its own exit code 1; wrong usage is 2. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string" },
      seed: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
      single: { type: "boolean", default: false },
      every: { type: "string", default: "1" },
      scenario: { type: "string" },
      plan: { type: "string" },
    },
  });
  if (values.seeds === undefined && values.plan === undefined && !values.single) {
    console.error(usage);
    return 2;
  }
  const begins = await situations(await prepareStage(await packageInMemory(stageName)));
  if (values.plan !== undefined) return replay(values.plan, begins);
  if (values.single) return exhaust(Number(values.every), values.scenario, begins);
  return mixes(Number(values.seed), Number(values.seeds), values.json, begins);
}

async function mixes(
  first: number,
  count: number,
  json: boolean,
  begins: Readonly<Record<Situation, PreparedStage>>,
): Promise<number> {
  const hash = createHash("sha256");
  const faults: number[] = [];
  const began = process.cpuUsage();
  let deploys = 0;
  let violations = 0;
  for (let seed = first; seed < first + count; seed++) {
    const result = await runMix(seed, begins[situationOf(seed)]);
    hash.update(result.hash);
    faults.push(result.faults);
    deploys += result.deploys;
    if (result.problems.length === 0) continue;
    violations += 1;
    console.error(`seed ${seed}: ${result.problems.join("\n  ")}`);
    console.error(`  npm run simulate -- --seeds 1 --seed ${seed}`);
  }
  // Processor time, so that the figure is one core's whatever else runs on the machine.
  const { user, system } = process.cpuUsage(began);
  const seconds = (user + system) / 1_000_000;
  const faultsPerRunMedian = faults.sort((a, b) => a - b)[Math.floor(faults.length / 2)] ?? 0;
  const deploysPerSecondPerCore = Math.round((deploys / seconds) * 10) / 10;
  const summary = { seeds: count, violations, hash: hash.digest("hex"), faultsPerRunMedian, deploysPerSecondPerCore };
  if (json) console.log(JSON.stringify(summary));
  else for (const [name, value] of Object.entries(summary)) console.log(`${name.padEnd(24)} ${value}`);
  return violations === 0 ? 0 : 1;
}

async function exhaust(
  every: number,
  only: string | undefined,
  begins: Readonly<Record<Situation, PreparedStage>>,
): Promise<number> {
  const rows: Row[] = [];
  const show = (cells: readonly (string | number)[]) =>
    console.log(cells.map((cell, index) => String(cell).padEnd(index < 2 ? 20 : 8)).join(""));
  show(["scenario", "fault", "plans", "passed", "violations"]);
  for (const scenario of scenarios) {
    if (only !== undefined && scenario.name !== only) continue;
    await singleFaults(scenario, begins[scenario.begins], every, (row) => {
      rows.push(row);
      show([row.scenario, row.kind, row.plans, row.passed, row.violations.length]);
      for (const { index, call, problems } of row.violations) {
        console.log(`  at call ${index}, ${call}: ${problems.join("\n    ")}`);
        console.log(`  npm run simulate -- --plan ${row.scenario}:${index}:${row.kind}`);
      }
    });
  }
  return rows.every(({ violations }) => violations.length === 0) ? 0 : 1;
}

async function replay(plan: string, begins: Readonly<Record<Situation, PreparedStage>>): Promise<number> {
  const [name, index, kind] = plan.split(":");
  const scenario = scenarios.find((one) => one.name === name);
  if (!scenario) throw new Error(`no scenario is called ${name}: ${scenarios.map((one) => one.name).join(", ")}`);
  const fault = oneFault(Number(index), kind as FaultKind);
  const { path, problems } = await runPlan(scenario, begins[scenario.begins], exhaustiveSeed, fault);
  console.log(path.join(" → "));
  for (const problem of problems) console.log(problem);
  return problems.length === 0 ? 0 : 1;
}

process.exitCode = await main();
