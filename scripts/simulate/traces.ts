import { drawPlan, type Happening } from "./mix-plan.ts";
import { runMixPlan } from "./random-mix.ts";
import type { PreparedStage, SimulatedStage } from "./simulated-stage.ts";
import { followTrace, type TraceStep, type TraceWatch } from "./trace-watch.ts";

/** What the model says of one simulation. */
export interface TraceVerdict {
  seed: number;
  steps: number;
  /** The first step that the model does not allow, and how it came to it. */
  strange: { step: TraceStep; before: readonly TraceStep[] } | undefined;
}

/** Steps that are told before a strange one. */
const toldSteps = 12;

/** Judges a trace: every step that changes something must be one that the model allows; whatever changes nothing is free. */
export function judged(seed: number, steps: readonly TraceStep[], allowed: ReadonlySet<string>): TraceVerdict {
  const index = steps.findIndex(({ shape }) => !allowed.has(shape));
  const step = steps[index];
  const strange = step && { step, before: steps.slice(Math.max(0, index - toldSteps), index) };
  return { seed, steps: steps.length, strange };
}

/** The model knows nobody who edits by hand, and no answers older than a change. */
function isModelled(happening: Happening): boolean {
  return happening.do !== "edit" && !(happening.do === "spell" && happening.what === "stale-reads");
}

/** Runs the random mix of a seed, and judges what became of the service `web` in it. */
export async function traceOf(seed: number, begin: PreparedStage, allowed: ReadonlySet<string>): Promise<TraceVerdict> {
  let trace: TraceWatch | undefined;
  const follow = async (stage: SimulatedStage) => {
    trace = await followTrace(stage, "web");
  };
  const plan = drawPlan(seed);
  await runMixPlan({ ...plan, happenings: plan.happenings.filter(isModelled) }, begin, { follow });
  return judged(seed, trace?.steps ?? [], allowed);
}

/** A verdict for people: the strange step, and the ones before it. */
export function accountOf({ seed, strange }: TraceVerdict): string {
  if (!strange) return `seed ${seed}: every step is one of the model's`;
  const line = ({ atMs, by, operation, shape }: TraceStep) =>
    `  ${new Date(atMs).toISOString()} ${by} ${operation}\n      ${shape}`;
  return [
    `seed ${seed}: the model does not allow the last of these steps`,
    ...strange.before.map(line),
    line(strange.step),
  ].join("\n");
}
