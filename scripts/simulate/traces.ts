import { drawPlan, type Happening, type MixPlan } from "./mix-plan.ts";
import { runMixPlan } from "./random-mix.ts";
import { type PreparedStage, type SimulatedStage, services } from "./simulated-stage.ts";
import { followTrace, type TraceStep, type TraceWatch } from "./trace-watch.ts";

/** What the model says of one service in one simulation. */
export interface TraceVerdict {
  seed: number;
  service: string;
  steps: readonly TraceStep[];
  /** The first step that the model does not allow, and how it came to it. */
  strange: { step: TraceStep; before: readonly TraceStep[] } | undefined;
}

/** Steps that are told before a strange one. */
const toldSteps = 12;

/** Judges a trace: every step that changes something must be one that the model allows; whatever changes nothing is free. */
function judged(
  seed: number,
  { service, steps }: Pick<TraceWatch, "service" | "steps">,
  allowed: ReadonlySet<string>,
): TraceVerdict {
  const index = steps.findIndex(({ shape }) => !allowed.has(shape));
  const step = steps[index];
  const strange = step && { step, before: steps.slice(Math.max(0, index - toldSteps), index) };
  return { seed, service, steps, strange };
}

/** The model knows nobody who edits by hand, and no answers older than a change. */
function isModelled(happening: Happening): boolean {
  return happening.do !== "edit" && !(happening.do === "spell" && happening.what === "stale-reads");
}

/** The random mix of a seed, without what the model does not know. */
export function modelledPlan(seed: number): MixPlan {
  const plan = drawPlan(seed);
  return { ...plan, happenings: plan.happenings.filter(isModelled) };
}

/** Runs a mix, and judges what became of each of its services: one moves traffic at once, one in steps. */
export async function tracesOf(
  plan: MixPlan,
  begin: PreparedStage,
  allowed: ReadonlySet<string>,
): Promise<TraceVerdict[]> {
  const traces: TraceWatch[] = [];
  const follow = async (stage: SimulatedStage) => {
    for (const service of services) traces.push(await followTrace(stage, service));
  };
  await runMixPlan(plan, begin, { follow });
  return traces.map((trace) => judged(plan.seed, trace, allowed));
}

/** A verdict for people: the strange step, and the ones before it. */
export function accountOf({ seed, service, strange }: TraceVerdict): string {
  if (!strange) return `seed ${seed}, ${service}: every step is one of the model's`;
  const line = ({ atMs, by, operation, shape }: TraceStep) =>
    `  ${new Date(atMs).toISOString()} ${by} ${operation}\n      ${shape}`;
  return [
    `seed ${seed}, ${service}: the model does not allow the last of these steps`,
    ...strange.before.map(line),
    line(strange.step),
  ].join("\n");
}
