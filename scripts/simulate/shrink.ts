import type { MixPlan } from "./mix-plan.ts";

/** One thing that can be left out of a plan. */
type Part = { of: "happenings"; index: number } | { of: "faults"; index: number };

/**
 * The smallest plan that still fails, by leaving out ever smaller groups of what happened and what was struck (the `ddmin`
 * of Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002).
 * @param plan Whose faults are listed.
 * @param fails Runs a plan, and says whether it fails in the way that is meant.
 * @param together How many plans are run at a time.
 * @param triesMax Plans run in all: a plan that is nearly the smallest today is worth more than the smallest one tomorrow.
 */
export async function shrink(
  plan: MixPlan,
  fails: (plan: MixPlan) => Promise<boolean>,
  together: number,
  triesMax: number,
): Promise<MixPlan> {
  let parts = partsOf(plan);
  let groups = 2;
  let tries = 0;
  while (parts.length > 0 && tries < triesMax) {
    const size = Math.ceil(parts.length / groups);
    const kept = await firstThatFails(without(parts, size));
    if (kept) {
      parts = kept;
      groups = Math.max(2, groups - 1);
    } else if (size === 1) break;
    else groups = Math.min(parts.length, groups * 2);
  }
  return planOf(plan, parts);

  async function firstThatFails(candidates: readonly Part[][]): Promise<Part[] | undefined> {
    for (let first = 0; first < candidates.length && tries < triesMax; first += together) {
      const some = candidates.slice(first, first + together);
      tries += some.length;
      const failed = await Promise.all(some.map((candidate) => fails(planOf(plan, candidate))));
      const found = some.find((_, index) => failed[index]);
      if (found) return found;
    }
    return undefined;
  }
}

function partsOf({ happenings, faults }: MixPlan): Part[] {
  if (faults === "drawn") throw new Error("only a plan whose faults are listed can be made smaller");
  return [
    ...faults.map((_, index) => ({ of: "faults", index }) as const),
    ...happenings.map((_, index) => ({ of: "happenings", index }) as const),
  ];
}

function planOf(plan: MixPlan, parts: readonly Part[]): MixPlan {
  const kept = (of: Part["of"]) => new Set(parts.flatMap((part) => (part.of === of ? [part.index] : [])));
  const [happenings, faults] = [kept("happenings"), kept("faults")];
  return {
    ...plan,
    happenings: plan.happenings.filter((_, index) => happenings.has(index)),
    faults: plan.faults === "drawn" ? plan.faults : plan.faults.filter((_, index) => faults.has(index)),
  };
}

/** The list once without each of its groups of this size. */
function without(parts: readonly Part[], size: number): Part[][] {
  const candidates: Part[][] = [];
  for (let first = 0; first < parts.length; first += size) {
    candidates.push([...parts.slice(0, first), ...parts.slice(first + size)]);
  }
  return candidates;
}
