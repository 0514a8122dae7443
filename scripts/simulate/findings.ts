import { z } from "zod";
import { operatorHappenings } from "./deeds-of-operators.ts";
import { editKinds } from "./edits/edits.ts";
import { everyFaultKind } from "./faults.ts";
import type { Outcome } from "./jobs.ts";
import type { MixPlan } from "./mix-plan.ts";
import type { Pool } from "./pool.ts";
import type { MixResult } from "./random-mix.ts";
import { situationsOfMixes } from "./scenarios.ts";
import { shrink } from "./shrink.ts";
import { services } from "./simulated-stage.ts";
import { spellKinds } from "./spells.ts";

/** Plans that are run to find the smallest: most need about forty, each half a second. */
const triesMax = 120;

const service = z.enum(services);
const which = z.number().min(0).max(1);
const at = { atSeconds: z.number().min(0) };

const happening = z.discriminatedUnion("do", [
  z.strictObject({ ...at, do: z.literal("push"), service, version: z.string() }),
  z.strictObject({ ...at, do: z.literal("push-experiment"), service, name: z.string(), build: z.string() }),
  z.strictObject({ ...at, do: z.literal("end-experiment"), service, name: z.string() }),
  z.strictObject({
    ...at,
    do: z.literal("begin"),
    machine: z.enum(["Deploy", "Rollback", "Refresh", "Sweep"]),
    input: z.looseObject({}),
  }),
  z.strictObject({ ...at, do: z.literal("deliver-again"), which }),
  z.strictObject({ ...at, do: z.literal("grow"), service }),
  z.strictObject({ ...at, do: z.literal("shrink"), service }),
  z.strictObject({ ...at, do: z.literal("lose-instance"), which }),
  z.strictObject({ ...at, do: z.literal("overwrite"), service, version: z.string(), build: z.string() }),
  z.strictObject({ ...at, do: z.literal("spell"), what: z.enum(spellKinds), seconds: z.number().min(1), which }),
  z.strictObject({
    ...at,
    do: z.literal("edit"),
    what: z.enum(editKinds),
    service,
    seconds: z.number().min(1),
    ways: z.tuple([which, which]),
  }),
  z.strictObject({ ...at, do: z.literal("upgrade") }),
  z.strictObject({ ...at, do: z.literal("stop"), which, whileSlow: z.boolean() }),
  ...operatorHappenings(at),
]);

const mixPlan = z.strictObject({
  seed: z.int(),
  begins: z.enum(situationsOfMixes),
  happenings: z.array(happening),
  faults: z.union([z.literal("drawn"), z.array(z.strictObject({ at: z.string(), kind: z.enum(everyFaultKind) }))]),
});

/**
 * A plan as a failing seed prints it, or as a regression test keeps it.
 * @throws {Error} saying what in it is wrong.
 */
export function parseMixPlan(text: string): MixPlan {
  const parsed = mixPlan.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new Error(`this is no plan of a mix: ${z.prettifyError(parsed.error)}`);
}

/** The smallest plan in which the first broken promise of a mix is still broken. */
export function minimalPlan(pool: Pool, { plan, problems }: MixResult): Promise<MixPlan> {
  const promise = promiseOf(problems[0] ?? "");
  const fails = async (smaller: MixPlan) =>
    (await replayed(pool, smaller, false)).problems.some((problem) => promiseOf(problem) === promise);
  return shrink(plan, fails, pool.size, triesMax);
}

/** Runs a plan once more. @param isTold Whether its timeline is wanted. */
export async function replayed(pool: Pool, plan: MixPlan, isTold: boolean): Promise<Outcome & { kind: "replay" }> {
  const { outcome } = await pool.run({ kind: "replay", plan, isTold });
  if (outcome.kind !== "replay") throw new Error("a worker answered something else than it was asked");
  return outcome;
}

/** `S1 never dark` of `S1 never dark: 2026-…`. */
function promiseOf(problem: string): string {
  return problem.split(":")[0] ?? "";
}
