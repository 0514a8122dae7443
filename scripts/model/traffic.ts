import type { Actor, Rule, World } from "./world.ts";

/** Whatever a rule named stays in it, until its fleet is gone. */
export function ruleOf(to: string, { live, serving, tried, resting = [] }: Actor["seen"], percent = 100): Rule {
  const isWhole = percent >= 100 || live === undefined || live === to;
  const named = [live, serving, tried?.generation, ...resting].filter((one) => one !== undefined);
  const rule = isWhole ? { serving: to } : { serving: live, tried: { generation: to, percent } };
  const others = new Set(named.filter((one) => one !== to && one !== rule.serving));
  return { ...rule, resting: [...others].sort() };
}

/** What a step of a deploy or rollback makes of the rule, and what the step before has left. */
export function stepOf({ rule, fleets }: World, me: Actor): { step: number; wanted: Rule; left: Rule | undefined } {
  const { live } = me.seen;
  const canRest = live !== undefined && fleets.includes(live);
  // Nobody could take the rest: everything moves, and that is the last step.
  const step = canRest ? me.step : lastStep(me);
  const wanted = ruleOf(me.generation, me.seen, percentOf(me, step));
  const left = rule && canRest && step > 0 ? ruleOf(me.generation, me.seen, percentOf(me, step - 1)) : undefined;
  return { step, wanted, left };
}

export const percentOf = ({ shares = [] }: Actor, step: number) => shares[step] ?? 100;

export const lastStep = ({ shares = [] }: Actor) => shares.length;

export function sameShares(one: Rule | undefined, other: Rule): boolean {
  if (!one || one.serving !== other.serving) return false;
  return one.tried?.generation === other.tried?.generation && one.tried?.percent === other.tried?.percent;
}

/** The generation that production goes to, as admission sees it: of two it is the one that is not live. */
export function goesTo({ rule, head }: World): string | undefined {
  return rule?.tried && rule.tried.generation !== head.live?.generation ? rule.tried.generation : rule?.serving;
}

/** Whether production's rule sends any requests to a generation. */
export function hasRequests({ rule }: World, generation: string): boolean {
  return rule?.serving === generation || rule?.tried?.generation === generation;
}

/** What an invocation reads of traffic and head. */
export function seen({ rule, head }: World): Actor["seen"] {
  return {
    ...rule,
    ...(head.live && { live: head.live.generation }),
    ...(head.standby && { standby: head.standby.generation }),
  };
}
