import {
  answering,
  defaultPriority,
  inOrder,
  type ListenerRule,
  namedRule,
  takesSame,
  takesSome,
} from "./listener-rules.ts";
import { priorityBands, type Route } from "./rules.ts";

/** The service that wants its own rule on a listener. */
export interface Applicant {
  stage: string;
  service: string;
  route: Route;
  /** Whether it may go in front of a rule of somebody else that has the very same conditions. */
  adopt: boolean;
}

export interface Refusal {
  problem: string;
  fix: string;
}

/** Priorities for the production rule in the order they are tried, and what answers the requests until then. */
export interface Places {
  production: number[];
  before: ListenerRule | undefined;
}

/**
 * Where a service's production rule may stand: before the rule that takes its requests today, and behind every rule in
 * front of that one that takes some of them, because those are somebody's own decision.
 */
export function productionPlaces(applicant: Applicant, rules: readonly ListenerRule[]): Places | { refusal: Refusal } {
  const { route } = applicant;
  const others = inOrder(rules.filter((rule) => !isOwnRule(applicant, rule)));
  const before = answering(others, route);
  const refusal = clash(applicant, others, before);
  if (refusal) return { refusal };
  const high = before?.priority ?? defaultPriority;
  const inFront = others.filter(
    (rule) => rule.priority < high && rule.owner?.role !== "trial" && takesSome(rule, route),
  );
  const low = inFront.at(-1)?.priority ?? 0;
  const free = freeOf(preferred(route, low, high), rules);
  if (free.length > 0) return { production: free, before };
  const neighbours = [inFront.at(-1), before].flatMap((rule) => (rule ? [namedRule(rule)] : []));
  return {
    refusal: {
      problem: `There is no free priority for ${applicant.service} between ${neighbours.join(" and ") || "the listener's rules"}.`,
      fix: "Give those rules other priorities, so that a number between them is free.",
    },
  };
}

/**
 * Priorities for a candidate's trial rule: before whatever answers the service's requests. Its secret keeps it from taking
 * anybody's requests, wherever it stands.
 */
export function trialPlaces(applicant: Applicant, rules: readonly ListenerRule[]): number[] {
  const own = rules.find((rule) => isOwnRule(applicant, rule) && rule.owner?.role !== "trial");
  const before = answering(rules, applicant.route);
  const high = Math.min(own?.priority ?? defaultPriority, before?.priority ?? defaultPriority);
  const { first, last } = priorityBands.trial;
  return freeOf(high > first ? rising(first, Math.min(last, high - 1)) : nearestTo(high, own !== undefined), rules);
}

function* nearestTo(high: number, hasProduction: boolean): Generator<number> {
  const nearest = high - 1;
  // The number right before an adopted rule is left to the production rule, which has to stand behind this one.
  if (hasProduction && nearest >= 1) yield nearest;
  yield* downwards(nearest - 1, 1);
  if (!hasProduction && nearest >= 1) yield nearest;
}

/** Why a service may not have these requests, or undefined. */
function clash(
  applicant: Applicant,
  others: readonly ListenerRule[],
  before: ListenerRule | undefined,
): Refusal | undefined {
  const { route, service } = applicant;
  const served: (string | undefined)[] = ["production", "experiment"];
  const same = others.find((rule) => served.includes(rule.owner?.role) && takesSame(rule, route));
  if (same) {
    return {
      problem: `${namedRule(same)} takes the very requests that ${service} asks for.`,
      fix: "Give one of the two other hosts or paths (route).",
    };
  }
  if (!before) return undefined;
  const isSame = takesSame(before, route);
  if (before.priority !== defaultPriority && before.owner === undefined) {
    if (!isSame) return shadowed(applicant, before);
    if (!applicant.adopt) {
      return {
        problem: `${namedRule(before)} takes the very requests that ${service} asks for, and Kiln did not make it.`,
        fix: "If that is the service as it runs today, say adopt: true in the spec; else choose other hosts or paths (route).",
      };
    }
  }
  return isSame ? unfit(before) : undefined;
}

function shadowed({ service }: Applicant, before: ListenerRule): Refusal | undefined {
  // Kiln's rules stand behind the low numbers, which belong to the listener's owner.
  if (before.priority > priorityBands.production.first) return undefined;
  return {
    problem: `${namedRule(before)} takes every request that ${service} asks for, and more: a rule of Kiln's would never be reached.`,
    fix: "Take these hosts and paths out of that rule, or give the service others (route).",
  };
}

/** What a rule of Kiln's could not stand in for. */
function unfit(before: ListenerRule): Refusal | undefined {
  const logsIn = logsInFirst(before);
  if (logsIn) return logsIn;
  if (!before.sticky) return undefined;
  return {
    problem: `${namedRule(before)} has group stickiness switched on, which a cutover would break for the clients that have its cookie.`,
    fix: "Switch it off (ForwardConfig.TargetGroupStickinessConfig), wait until its duration has passed, and deploy again.",
  };
}

/** A rule of Kiln's before one that asks clients to log in would let everybody in. */
export function logsInFirst(before: ListenerRule): Refusal | undefined {
  const logsIn = before.otherActions.filter((type) => type.startsWith("authenticate") || type === "jwt-validation");
  if (logsIn.length === 0) return undefined;
  return {
    problem: `${namedRule(before)} asks clients to log in first (${logsIn.join(", ")}); a rule of Kiln's would let them pass.`,
    fix: "Let the program check who asks, take that action out of the rule, and deploy again.",
  };
}

/** Numbers between two rules: Kiln's band as far as it lies there, else those nearest to the later one. */
function preferred(route: Route, low: number, high: number): Iterable<number> {
  const band = priorityBands.production;
  const [first, last] = [Math.max(band.first, low + 1), Math.min(band.last, high - 1)];
  if (low >= band.last) return rising(low + 1, high - 1);
  if (first > last) return downwards(high - 1, low + 1);
  // A service that takes every request goes last, so that it never hides one that names its hosts or paths; others begin
  // in the middle, so that a narrower one finds room before them. Half of the band is more than a listener has rules.
  if (route.hosts.length + route.paths.length === 0 || high <= band.last) return downwards(last, first);
  return rising(Math.max(first, Math.ceil((band.first + band.last) / 2)), last);
}

/** Whole numbers, both ends included; none when the last is below the first. */
export function* rising(first: number, last: number): Generator<number> {
  for (let priority = first; priority <= last; priority++) yield priority;
}

/** The same from the last to the first. */
export function* downwards(last: number, first: number): Generator<number> {
  for (let priority = last; priority >= first; priority--) yield priority;
}

/** How many places are offered. A listener has at most 200 rules, so so many cannot all be taken between look and call. */
const placesMax = 200;

/** Priorities that no rule has, in the order given. */
export function freeOf(priorities: Iterable<number>, rules: readonly ListenerRule[]): number[] {
  const taken = new Set(rules.map(({ priority }) => priority));
  const free: number[] = [];
  for (const priority of priorities) {
    if (free.length === placesMax) break;
    if (!taken.has(priority)) free.push(priority);
  }
  return free;
}

export function isOwnRule({ stage, service }: Applicant, { owner }: ListenerRule): boolean {
  return owner?.stage === stage && owner.service === service;
}
