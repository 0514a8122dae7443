import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensurePackage } from "../../cli/embedded/packaging.ts";
import { projectRoot } from "../documents/document.ts";
import { stageName } from "../simulate/simulated-stage.ts";
import { type Judged, Judging } from "./judging.ts";
import { type MutatedCode, mutated } from "./mutants.ts";
import type { MutationRow } from "./results.ts";

/** The probe function talks to no AWS, so that no simulation runs it: its own tests judge it. */
const judgedByTests = "functions/probe.ts";

/** Unit: characters of a replacement that are printed. */
const printedMax = 100;

/** The files of handlers that reference runs judge, from the project's root. */
function handlerFiles(): string[] {
  const files = readdirSync(join(projectRoot, "functions")).map((name) => `functions/${name}`);
  return files.filter((file) => file.endsWith(".ts") && file !== judgedByTests).sort();
}

/**
 * Changes one thing at a time in handlers, and asks the reference runs whether they notice. Prints what survived.
 * @param chosen Files, from the project's root; every handler when there are none.
 */
export async function mutateHandlers(chosen: readonly string[]): Promise<MutationRow[]> {
  const code = await mutated(chosen.length > 0 ? chosen : handlerFiles());
  await ensurePackage(stageName);
  const file = join(projectRoot, ".kiln", `mutated-${process.pid}.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(code));
  const judging = new Judging(file);
  try {
    return rowsOf(code, await judging.judge(code.mutants, tell));
  } finally {
    judging.close();
    rmSync(file, { force: true });
  }
}

function tell(one: Judged): void {
  if (one.fate === "survived" || one.fate === "unreached" || one.isEndless) console.log(lineOf(one));
}

function rowsOf(code: MutatedCode, judged: readonly Judged[]): MutationRow[] {
  return Object.keys(code.sources).map((source) => rowOf(source, judged));
}

function lineOf({ mutant: { file, line, mutator, replacement }, fate, isEndless }: Judged): string {
  const text = replacement.replace(/\s+/g, " ").slice(0, printedMax);
  return `${(isEndless ? "endless" : fate).padEnd(9)} ${file}:${line} ${mutator}: ${text}`;
}

/** Sentences and what is computed while a module is loaded say nothing, as with the pure decisions. */
function rowOf(file: string, judged: readonly Judged[]): MutationRow {
  const fates = judged.flatMap(({ mutant, fate }) => (mutant.file === file ? [fate] : []));
  const counted = fates.filter((fate) => fate !== "ignored" && fate !== "loading");
  return { file, mutants: counted.length, killed: counted.filter((fate) => fate === "noticed").length };
}
