import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, readProjectFile } from "../documents/document.ts";

/** What became of the mutants of one file. */
export interface MutationRow {
  file: string;
  mutants: number;
  /** Noticed by a test: it failed, or did not end. */
  killed: number;
}

/** The part of Stryker's report that is read. Source: the mutation testing report schema, version 2. */
export interface MutationReport {
  files: Record<string, { mutants: { status: string }[] }>;
}

/** From the project's root. */
export const mutationResultsFile = "scripts/mutation/results.json";

/** Mutants that say nothing: they do not compile, or were left out on purpose. */
const saysNothing: ReadonlySet<string> = new Set(["CompileError", "RuntimeError", "Ignored", "Pending"]);

export function rowsOf({ files }: MutationReport): MutationRow[] {
  return Object.entries(files).map(([file, { mutants }]) => {
    const judged = mutants.filter(({ status }) => !saysNothing.has(status));
    const killed = judged.filter(({ status }) => status === "Killed" || status === "Timeout");
    return { file, mutants: judged.length, killed: killed.length };
  });
}

/** The rows of before with those that were measured anew, by file; files that are gone are left out. */
export function merged(before: readonly MutationRow[], measured: readonly MutationRow[]): MutationRow[] {
  const anew = new Set(measured.map(({ file }) => file));
  const kept = before.filter(({ file }) => !anew.has(file) && existsSync(join(projectRoot, file)));
  return [...kept, ...measured].sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** Unit: percent of the mutants, one digit after the point. 100 when there are none. */
export function scoreOf(rows: readonly MutationRow[]): number {
  const sum = (of: (row: MutationRow) => number) => rows.reduce((total, row) => total + of(row), 0);
  const mutants = sum((row) => row.mutants);
  return mutants === 0 ? 100 : Math.round((sum((row) => row.killed) / mutants) * 1000) / 10;
}

export function readMutationResults(): MutationRow[] {
  if (!existsSync(join(projectRoot, mutationResultsFile))) return [];
  return JSON.parse(readProjectFile(mutationResultsFile)) as MutationRow[];
}
