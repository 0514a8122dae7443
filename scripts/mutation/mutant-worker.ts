import { readFileSync } from "node:fs";
import { packageInMemory } from "../simulate/package-files.ts";
import { situations } from "../simulate/scenarios.ts";
import { prepareStage, stageName } from "../simulate/simulated-stage.ts";
import type { MutatedCode } from "./mutants.ts";
import { loadMutated, mutantSwitch } from "./mutated-code.ts";

/** What a worker is asked. */
export type MutantOrder =
  /** Makes every reference run without a mutant, to know what each of them reaches. */
  | { kind: "survey" }
  /** Makes the runs in their order until one is other than without the mutant. */
  | { kind: "judge"; mutant: string; runs: readonly string[] };

/** What one reference run is without a mutant. */
export interface Surveyed {
  run: string;
  problems: string[];
  /** Mutants that it reaches. */
  reached: string[];
  tookMs: number;
}

export type MutantAnswer =
  | { kind: "ready" }
  /** Another run begins: what is said before the answer, so that patience is with each run. */
  | { kind: "running" }
  /** `whileLoading`: mutants that were reached while modules were loaded. */
  | { kind: "surveyed"; runs: Surveyed[]; whileLoading: string[] }
  /** `by`: the run that noticed, and how. */
  | { kind: "judged"; mutant: string; by: { run: string; how: string } | undefined };

/** A process that judges mutants for its parent, one at a time. Its one argument is a file with the mutated code. */
async function main(file: string): Promise<void> {
  const { sources } = JSON.parse(readFileSync(file, "utf8")) as MutatedCode;
  const begins = await situations(await prepareStage(await packageInMemory(stageName)));
  const active = mutantSwitch();
  const { references, runs } = await loadMutated(sources);
  const expected = new Map<string, string[]>();
  process.on("message", (order: MutantOrder) => void answer(order));
  process.on("disconnect", () => process.exit(0));
  tell({ kind: "ready" });

  async function answer(order: MutantOrder): Promise<void> {
    if (order.kind === "survey") return tell(await survey());
    tell({ kind: "judged", mutant: order.mutant, by: await judge(order.mutant, order.runs) });
  }

  async function survey(): Promise<MutantAnswer> {
    const surveyed: Surveyed[] = [];
    for (const { name } of references.references) {
      active.currentTestId = name;
      active.world = name;
      const began = performance.now();
      const { problems } = await clean(name);
      const tookMs = Math.round(performance.now() - began);
      surveyed.push({ run: name, problems, tookMs, reached: Object.keys(active.mutantCoverage?.perTest[name] ?? {}) });
    }
    active.currentTestId = undefined;
    active.world = undefined;
    return { kind: "surveyed", runs: surveyed, whileLoading: Object.keys(active.mutantCoverage?.static ?? {}) };
  }

  async function judge(mutant: string, names: readonly string[]): Promise<{ run: string; how: string } | undefined> {
    for (const name of names) if (!expected.has(name)) await clean(name);
    active.activeMutant = mutant;
    active.world = mutant;
    try {
      for (const name of names) {
        const how = await difference(name);
        if (how !== undefined) return { run: name, how };
      }
      return undefined;
    } finally {
      active.activeMutant = undefined;
      active.world = undefined;
    }
  }

  async function clean(name: string) {
    tell({ kind: "running" });
    const run = await runs.runReference(reference(name), begins);
    expected.set(name, run.lines);
    return run;
  }

  /** How a run is other than it was without the mutant. */
  async function difference(name: string): Promise<string | undefined> {
    tell({ kind: "running" });
    const before = expected.get(name) ?? [];
    // The sweeps that follow a run do nothing else when everything until then was the same.
    const isEnough = (line: string, index: number) => line !== before[index] || index === before.length - 1;
    const { problems, lines } = await runs.runReference(reference(name), begins, isEnough);
    const at = lines.findIndex((line, index) => line !== before[index]);
    if (at >= 0) return `${lines[at]} instead of ${before[at]}`;
    if (lines.length < before.length) return `nothing instead of ${before[lines.length]}`;
    return problems[0];
  }

  function reference(name: string) {
    const found = references.references.find((one) => one.name === name);
    if (!found) throw new Error(`no reference run is called ${name}`);
    return found;
  }
}

function tell(message: MutantAnswer): void {
  process.send?.(message);
}

await main(process.argv[2] ?? "");
