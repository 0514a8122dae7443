import { endStateProblems } from "./end-state.ts";
import { type FaultKind, type FaultPlan, type HandlerCall, noFaults, survivable } from "./faults.ts";
import { hostOf } from "./hosts.ts";
import { NeverDark } from "./never-dark.ts";
import { watchPromises } from "./promises/watch.ts";
import type { Scenario } from "./scenarios.ts";
import { openStage, type PreparedStage, type SimulatedStage } from "./simulated-stage.ts";

/** What came of one scenario under one plan of faults. */
export interface PlanResult {
  problems: string[];
  /** Calls of handlers while faults could strike. */
  calls: HandlerCall[];
  struck: { call: HandlerCall; kind: FaultKind }[];
  path: string[];
  hash: string;
}

/** Runs a scenario under a plan, then two sweeps without faults, and says which invariants did not hold. */
export async function runPlan(
  scenario: Scenario,
  begin: PreparedStage,
  seed: number,
  plan: FaultPlan = noFaults,
): Promise<PlanResult> {
  const stage = await openStage(seed, begin);
  const { cloud } = stage;
  // Machines that were up when the snapshot was taken come back first.
  await cloud.until(() => false, 1);
  const watch = new NeverDark(cloud, scenario.begins === "nothing" ? [] : ["web"]);
  const promises = await watchPromises(stage, ["web"]);
  cloud.afterEvent = () => watch.look();
  cloud.faults.arm(plan);
  const problems: string[] = [];
  let path: string[] = [];
  let cause = "";
  try {
    const arn = await scenario.act(stage);
    path = stage.path(arn);
    cause = stage.execution(arn)?.cause ?? "";
    await stage.idle();
  } catch (error) {
    problems.push(`L1 ends: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { calls, struck } = cloud.faults;
  const retried = struck.every(({ kind }) => survivable.has(kind));
  if (retried && scenario.end !== undefined && path.at(-1) !== scenario.end) {
    problems.push(`H1 retried: it ended in ${path.at(-1)} instead of ${scenario.end}: ${cause}`);
  }
  cloud.faults.arm(noFaults);
  try {
    await sweepTwice(stage);
    const names = ["web", ...(await cloud.complete(stage.ledger.experiments()))];
    problems.push(...(await endStateProblems(stage, names)), ...(await promises.endProblems(["web"])));
    if (retried) problems.push(...servedProblems(stage, scenario));
  } catch (error) {
    problems.push(`L1 ends: ${error instanceof Error ? error.message : String(error)}`);
  }
  return { problems: [...problems, ...watch.problems, ...promises.problems], calls, struck, path, hash: cloud.hash() };
}

async function sweepTwice(stage: SimulatedStage): Promise<void> {
  for (let sweep = 0; sweep < 2; sweep++) {
    const { status, cause } = await stage.run("Sweep", {});
    if (status !== "SUCCEEDED" && sweep === 1) throw new Error(`the second sweep did not finish: ${cause}`);
    await stage.idle();
  }
  await stage.settle();
}

function servedProblems(stage: SimulatedStage, { serves }: Scenario): string[] {
  if (serves === undefined) return [];
  return stage.cloud.visitors.visit(hostOf("web")).flatMap((visit) => {
    const found = "problem" in visit ? visit.problem : visit.program.version;
    return found === serves ? [] : [`H1 retried: visitors get ${found} instead of ${serves}`];
  });
}
