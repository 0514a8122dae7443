import { type FaultKind, faultKinds, oneFault } from "./faults.ts";
import { runPlan } from "./run-plan.ts";
import type { Scenario } from "./scenarios.ts";
import type { PreparedStage } from "./simulated-stage.ts";

/** What one fault at one call made go wrong. */
export interface Violation {
  scenario: string;
  index: number;
  kind: FaultKind;
  /** Such as `settle s3:PutObject`. */
  call: string;
  problems: string[];
}

/** One row of the table: one scenario under one kind of fault. */
export interface Row {
  scenario: string;
  kind: FaultKind;
  plans: number;
  passed: number;
  violations: Violation[];
}

/** The seed of every exhaustive run: the call with a number is the same call in each of them. */
export const exhaustiveSeed = 1;

/**
 * Runs a scenario once for every call that its handlers make and every kind of fault.
 * @param every 1 takes each call; 7 every seventh, a different seventh for each kind.
 */
export async function singleFaults(
  scenario: Scenario,
  begin: PreparedStage,
  every: number,
  done: (row: Row) => void = () => {},
): Promise<Row[]> {
  const free = await runPlan(scenario, begin, exhaustiveSeed);
  if (free.problems.length > 0) throw new Error(`${scenario.name} without faults: ${free.problems.join("; ")}`);
  const rows: Row[] = [];
  for (const [offset, kind] of faultKinds.entries()) {
    const row: Row = { scenario: scenario.name, kind, plans: 0, passed: 0, violations: [] };
    for (let index = offset % every; index < free.calls.length; index += every) {
      const result = await runPlan(scenario, begin, exhaustiveSeed, oneFault(index, kind));
      const [struck] = result.struck;
      const call = struck ? `${struck.call.handler} ${struck.call.service}:${struck.call.operation}` : "none";
      row.plans += 1;
      if (result.problems.length === 0) row.passed += 1;
      else row.violations.push({ scenario: scenario.name, index, kind, call, problems: result.problems });
    }
    rows.push(row);
    done(row);
  }
  return rows;
}
