import type { SimulatedStage } from "./simulated-stage.ts";

/** What one execution may take, whatever goes wrong around it. */
interface Budget {
  /** Calls of its handlers; waits make more of them, so this bounds what it polls as well. */
  calls: number;
  /** Unit: seconds of virtual time from its start to its end. */
  seconds: number;
}

/** An execution of one machine, and what it took. */
interface Spent extends Budget {
  machine: Machine;
  name: string;
}

export type Machine = keyof typeof budgets;

/**
 * What none of 3,000 random mixes needed, with all their faults and spells. A deploy without faults makes about 130 calls and
 * takes three minutes.
 */
export const budgets = {
  deploy: { calls: 900, seconds: 3 * 3600 },
  rollback: { calls: 600, seconds: 2 * 3600 },
  sweep: { calls: 900, seconds: 2 * 3600 },
  refresh: { calls: 100, seconds: 600 },
} as const satisfies Record<string, Budget>;

/** What every execution of a run took, as far as it has ended. */
export function spentBy(stage: SimulatedStage): Spent[] {
  const calls = new Map<string, number>();
  for (const { execution } of stage.cloud.faults.calls) calls.set(execution, (calls.get(execution) ?? 0) + 1);
  return stage.executions("").flatMap(({ arn, name, stateMachineName, startMs, stopMs }) => {
    const machine = (Object.keys(budgets) as Machine[]).find((one) => stateMachineName.endsWith(one));
    if (!machine || stopMs === undefined) return [];
    return [{ machine, name, calls: calls.get(arn) ?? 0, seconds: (stopMs - startMs) / 1000 }];
  });
}

/** L1: every execution comes to its end within what is allowed. */
export function budgetProblems(stage: SimulatedStage): string[] {
  return spentBy(stage).flatMap(({ machine, name, calls, seconds }) => {
    const allowed = budgets[machine];
    return [
      ...(calls > allowed.calls
        ? [`L1 budget: ${machine} ${name} made ${calls} calls instead of ${allowed.calls}`]
        : []),
      ...(seconds > allowed.seconds
        ? [`L1 budget: ${machine} ${name} took ${Math.round(seconds)} s instead of ${allowed.seconds}`]
        : []),
    ];
  });
}
