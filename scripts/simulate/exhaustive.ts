import { everyFaultKind, type FaultKind, faultKinds } from "./faults.ts";
import type { PlannedFault, PlanOutcome } from "./jobs.ts";
import type { Pool } from "./pool.ts";

/** The seed of every exhaustive run: the call with a number is the same call in each of them. */
export const exhaustiveSeed = 1;

/** What one plan made go wrong. */
export interface Violation {
  /** As `--plan` takes it, such as `deploy:12:crash` or `deploy:12:crash+15:denied`. */
  plan: string;
  /** The calls that were struck, such as `settle s3:PutObject`. */
  calls: string[];
  problems: string[];
}

/** One row of the table. */
export interface Row {
  scenario: string;
  faults: string;
  plans: number;
  violations: Violation[];
}

/** One fault at every (`every`-th) call of a scenario: a row for each kind. */
export async function singleFaults(pool: Pool, scenario: string, every: number): Promise<Row[]> {
  const { calls } = await faultFree(pool, scenario);
  return Promise.all(
    everyFaultKind.map((kind, offset) => {
      const plans: PlannedFault[][] = [];
      for (let index = offset % every; index < calls.length; index += every) plans.push([{ index, kind }]);
      return rowOf(pool, scenario, kind, plans);
    }),
  );
}

/** Which pairs of faults are tried. */
export interface PairChoice {
  /** Whose calls are struck. */
  handlers: ReadonlySet<string>;
  /** Only every so many-th plan. */
  every: number;
  /** How many of those handlers' calls the second fault may come after the first; Infinity for all. */
  window: number;
}

/**
 * Every pair of faults at calls of some handlers: the second strikes a later call of the run that the first has disturbed.
 * A row for each kind of the first.
 */
export async function pairsOfFaults(pool: Pool, scenario: string, choice: PairChoice): Promise<Row[]> {
  const { calls } = await faultFree(pool, scenario);
  const rows: Row[] = [];
  for (const kind of faultKinds) {
    const firsts = indexesOf(calls, choice.handlers).filter((index) => tellingKinds(calls, index).includes(kind));
    const found = await Promise.all(firsts.map((index) => pairsAfter(pool, scenario, choice, { index, kind })));
    const plans = found.flat().filter((_, position) => position % choice.every === 0);
    rows.push(await rowOf(pool, scenario, `${kind} +`, plans));
  }
  return rows;
}

async function pairsAfter(
  pool: Pool,
  scenario: string,
  { handlers, window }: PairChoice,
  first: PlannedFault,
): Promise<PlannedFault[][]> {
  const { calls } = await outcomeOf(pool, scenario, [first]);
  const later = indexesOf(calls, handlers).filter((index) => index > first.index);
  return later.slice(0, window).flatMap((index) => tellingKinds(calls, index).map((kind) => [first, { index, kind }]));
}

/**
 * The kinds of fault that make a difference at a call, when pairs are tried. A call that changes nothing has no effect that
 * could outlive its lost answer: an answer lost, late or never heard does what a refusal does, or nothing. And a process
 * that ends after one such call leaves what it leaves when it ends after the one before.
 */
export function tellingKinds(calls: readonly string[], index: number): readonly FaultKind[] {
  if (!onlyReads(calls[index])) return faultKinds;
  const [handler] = (calls[index] ?? "").split(" ");
  const before = calls[index - 1];
  const follows = onlyReads(before) && before?.split(" ")[0] === handler;
  return follows ? ["unavailable", "denied"] : ["unavailable", "denied", "crash"];
}

function onlyReads(call: string | undefined): boolean {
  return call !== undefined && /:(?:Describe|Get|Head|List)/.test(call);
}

function indexesOf(calls: readonly string[], handlers: ReadonlySet<string>): number[] {
  return calls.flatMap((call, index) => (handlers.has(call.split(" ")[0] ?? "") ? [index] : []));
}

async function faultFree(pool: Pool, scenario: string): Promise<PlanOutcome> {
  const free = await outcomeOf(pool, scenario, []);
  if (free.problems.length > 0) throw new Error(`${scenario} without faults: ${free.problems.join("; ")}`);
  return free;
}

async function rowOf(pool: Pool, scenario: string, faults: string, plans: readonly PlannedFault[][]): Promise<Row> {
  const row: Row = { scenario, faults, plans: plans.length, violations: [] };
  const judged = plans.map(async (plan) => {
    const { problems, struck, calls } = await outcomeOf(pool, scenario, plan);
    if (problems.length === 0) return [];
    return [{ plan: textOf(scenario, plan), calls: struck.map((index) => calls[index] ?? ""), problems }];
  });
  row.violations = (await Promise.all(judged)).flat();
  return row;
}

/** Runs one plan of faults. */
export async function outcomeOf(pool: Pool, scenario: string, faults: readonly PlannedFault[]): Promise<PlanOutcome> {
  const { outcome } = await pool.run({ kind: "plan", scenario, seed: exhaustiveSeed, faults });
  if (outcome.kind !== "plan") throw new Error("a worker answered something else than it was asked");
  return outcome;
}

/** A plan as `--plan` takes it. */
export function textOf(scenario: string, faults: readonly PlannedFault[]): string {
  return `${scenario}:${faults.map(({ index, kind }) => `${index}:${kind}`).join("+")}`;
}

/** @throws {Error} saying how a plan is written. */
export function parsePlan(text: string): { scenario: string; faults: PlannedFault[] } {
  const [scenario = "", ...rest] = text.split(":");
  const faults = rest
    .join(":")
    .split("+")
    .map((fault) => {
      const [index = "", kind = ""] = fault.split(":");
      const known = everyFaultKind.find((one) => one === kind);
      if (!/^\d+$/.test(index) || !known) {
        throw new Error(
          `${text} is no plan: write SCENARIO:CALL:FAULT[+CALL:FAULT], FAULT one of ${everyFaultKind.join(", ")}`,
        );
      }
      return { index: Number(index), kind: known satisfies FaultKind };
    });
  return { scenario, faults };
}
