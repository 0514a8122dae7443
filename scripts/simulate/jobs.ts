import { type Hunt, hunt, type Patience } from "../planted/hunt.ts";
import { plantedBugs } from "../planted/planted-bugs.ts";
import { machineCells, type Reached, reachedIn } from "./coverage.ts";
import type { FaultKind } from "./faults.ts";
import { aPlan } from "./faults.ts";
import type { MixPlan } from "./mix-plan.ts";
import { type MixResult, runMix, runMixPlan } from "./random-mix.ts";
import { runPlan } from "./run-plan.ts";
import { type Situation, scenarios, situationOf } from "./scenarios.ts";
import { openStage, type PreparedStage } from "./simulated-stage.ts";
import { Timeline } from "./timeline.ts";

/** One fault of a plan: the call it strikes, by its number, and what goes wrong with it. */
export interface PlannedFault {
  index: number;
  kind: FaultKind;
}

/** One simulation that a worker makes, or one search by many of them. Everything in it comes from what this says. */
export type Job =
  /** What of the machines there is to be covered. */
  | { kind: "cells" }
  | { kind: "mix"; seed: number }
  | { kind: "replay"; plan: MixPlan; isTold: boolean }
  | { kind: "plan"; scenario: string; seed: number; faults: readonly PlannedFault[] }
  /** Looks for one planted bug, by its id. */
  | { kind: "hunt"; bug: string; patience: Patience };

/** What came of a plan. */
export interface PlanOutcome {
  problems: string[];
  /** The calls of handlers, such as `settle s3:PutObject`, in their order. */
  calls: string[];
  /** Numbers of the calls that were struck. */
  struck: number[];
  path: string[];
  hash: string;
}

/** `timeline`: line by line, where it was asked for. */
export type Outcome =
  | { kind: "cells"; cells: string[] }
  | ({ kind: "mix"; reached: Reached } & MixResult)
  | ({ kind: "replay"; timeline: string[] } & MixResult)
  | ({ kind: "plan" } & PlanOutcome)
  | ({ kind: "hunt" } & Hunt);

export type Begins = Readonly<Record<Situation, PreparedStage>>;

/** Makes one simulation. */
export async function runJob(job: Job, begins: Begins): Promise<Outcome> {
  if (job.kind === "cells") return { kind: "cells", cells: machineCells(await openStage(0, begins.nothing)) };
  if (job.kind === "mix") {
    let reached: Reached = { covered: [], calls: [] };
    const result = await runMix(job.seed, begins[situationOf(job.seed)], (stage) => {
      reached = reachedIn(stage);
    });
    return { kind: "mix", reached, ...result };
  }
  if (job.kind === "hunt") return { kind: "hunt", ...(await hunt(bugNamed(job.bug), begins, job.patience)) };
  if (job.kind === "replay") {
    const timeline = new Timeline();
    const result = await runMixPlan(job.plan, begins[job.plan.begins], job.isTold ? { timeline } : {});
    return { kind: "replay", ...result, timeline: timeline.lines };
  }
  const scenario = scenarioNamed(job.scenario);
  const result = await runPlan(scenario, begins[scenario.begins], job.seed, aPlan(job.faults));
  return {
    kind: "plan",
    problems: result.problems,
    calls: result.calls.map(({ handler, service, operation }) => `${handler} ${service}:${operation}`),
    struck: result.struck.map(({ call }) => call.index),
    path: result.path,
    hash: result.hash,
  };
}

function bugNamed(id: string) {
  const bug = plantedBugs.find((one) => one.id === id);
  if (!bug) throw new Error(`no planted bug is called ${id}`);
  return bug;
}

/** @throws {Error} naming the scenarios there are. */
export function scenarioNamed(name: string) {
  const scenario = scenarios.find((one) => one.name === name);
  if (!scenario) throw new Error(`no scenario is called ${name}: ${scenarios.map((one) => one.name).join(", ")}`);
  return scenario;
}
