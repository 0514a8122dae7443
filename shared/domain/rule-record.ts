import { restoredWeights, sameWeights, type Weight } from "./cutover.ts";
import { answering, type ListenerRule, namedRule } from "./listener-rules.ts";
import { type Route, type RouteCondition, ruleConditions } from "./rules.ts";

/** What Kiln's production rule of a service says; null: there is none. */
export type RuleState = {
  weights: Weight[];
  route: Route;
  /** What Kiln never gives it: conditions of other kinds, stickiness. */
  further?: string[];
} | null;

/**
 * What Kiln last told the listener about a service, kept in its head. It is written before the call, so until the work is
 * done the rule may still say what it said before (`from`).
 */
export interface RuleRecord {
  to: RuleState;
  from?: RuleState;
  /** ARN of somebody else's rule in front that was accepted there. */
  behind?: string | undefined;
}

/** The record once it is sure that the rule says what it was told. */
export function confirmed(record: RuleRecord | undefined): RuleRecord | undefined {
  return record && { to: record.to, behind: record.behind };
}

/**
 * The record of a rule that was found when a release becomes live. Whoever died between writing its wish and making the call
 * left one that says what the rule never said: then what it said before is what Kiln left. Where the wish gives the release
 * more of the requests than what was found, as a whole share does after a step, the call was made, and what was found is
 * older than it: nothing becomes live before it has them.
 * @param group Name of the release's target group.
 */
export function asFound(record: RuleRecord, found: RuleState, group: string): RuleRecord {
  if (record.from === undefined || sameState(found, record.to) || !sameState(found, record.from)) return record;
  if (shareOf(record.to, group) > shareOf(found, group)) return record;
  return { to: record.from, behind: record.behind };
}

/**
 * The record of a rule that somebody else changed, once a candidate that it gave requests to has failed: what it is expected
 * to say must be something that it can say again when the candidate is gone.
 * @param groups ARNs of target groups; without a live release no rule is expected.
 */
export function givenUp(
  record: RuleRecord,
  { candidate, live, standby }: { candidate: string; live: string | undefined; standby: string | undefined },
): RuleRecord {
  const { to, from, behind } = record;
  if (!to || !serves(to, groupName(candidate))) return record;
  if (live === undefined) return { to: null, behind };
  const { weights } = leaving({ ...to, weights: restoredWeights(to.weights, live, standby) }, candidate);
  return { to: { weights, route: (from ?? to).route }, behind };
}

/**
 * The record of a rule that a group leaves which it does not name, or that somebody else changed. A wish that gave the group
 * requests never came true, or no more holds: what the rule said before is then what it can say again. No rule is expected
 * where no other group was named.
 * @param group ARN.
 */
export function left(record: RuleRecord, group: string): RuleRecord {
  const { to, from } = record;
  const wish = from !== undefined && serves(to, groupName(group)) ? from : to;
  const rest = wish && leaving(wish, group);
  return { ...record, to: rest && rest.weights.length > 0 ? rest : null, from: to };
}

function leaving<S extends { weights: Weight[] }>(state: S, group: string): S {
  return { ...state, weights: state.weights.filter(({ targetGroupArn }) => targetGroupArn !== group) };
}

function serves(state: RuleState, group: string): boolean {
  return shareOf(state, group) > 0;
}

/** The part of all requests that a group gets, from 0 to 1. Weights say nothing alone: a whole share is 1 of 1, a step 10 of 100. */
function shareOf(state: RuleState, group: string): number {
  const weights = state?.weights ?? [];
  const all = weights.reduce((sum, { weight }) => sum + weight, 0);
  const own = weights.find(({ targetGroupArn }) => groupName(targetGroupArn) === group);
  return own && all > 0 ? own.weight / all : 0;
}

/** The state of a rule as it was found. */
export function stateOf(rule: ListenerRule | undefined): RuleState {
  if (!rule) return null;
  const others = rule.conditions.flatMap(({ field, values: read }) =>
    ["host-header", "path-pattern"].includes(field) || (field === "http-header" && read.length === 1) ? [] : [field],
  );
  const further = rule.sticky ? [...others, "group stickiness"] : others;
  return { weights: rule.weights, route: routeIn(rule), ...(further.length > 0 && { further }) };
}

/** Whose requests a rule takes, by the conditions that Kiln gives to rules. */
function routeIn({ conditions }: ListenerRule): Route {
  const valuesOf = (wanted: string) => conditions.flatMap(({ field, values }) => (field === wanted ? values : []));
  const [experiment] = valuesOf("http-header");
  const route = { hosts: valuesOf("host-header"), paths: valuesOf("path-pattern") };
  return experiment === undefined ? route : { ...route, experiment };
}

/** The record that takes what is there for Kiln's own wish. */
export function accepting(own: readonly ListenerRule[], others: readonly ListenerRule[]): RuleRecord {
  const to = stateOf(own[0]);
  return { to, behind: inFront(own[0], others)?.arn };
}

/**
 * What a listener says about a service that Kiln cannot explain: somebody else's tooling changed or removed its rule, or put
 * one in front of it. Each with what was expected and what was found; undefined when all is as Kiln left it.
 * @param record Undefined in heads of before Kiln kept it: then only the rules in front are judged.
 */
export function unexplained(
  service: string,
  record: RuleRecord | undefined,
  own: readonly ListenerRule[],
  others: readonly ListenerRule[],
): string | undefined {
  const [rule, second] = own;
  if (second) return `${service} has two production rules: ${own.map(namedRule).join(" and ")}`;
  const found = stateOf(rule);
  if (record && !amountsTo(found, record.to) && (record.from === undefined || !amountsTo(found, record.from))) {
    return `the production rule of ${service} is not as Kiln left it: expected ${told(record.to)}, found ${told(found)}`;
  }
  const front = inFront(rule, others);
  if (!rule || !front || front.arn === record?.behind) return undefined;
  return `${namedRule(front)} stands in front of the production rule of ${service}: expected requests at priority ${rule.priority}, found that none reaches it`;
}

/** Somebody else's rule that takes every request before ours does. */
function inFront(rule: ListenerRule | undefined, others: readonly ListenerRule[]): ListenerRule | undefined {
  if (!rule) return undefined;
  const front = answering(others, routeIn(rule));
  return front && front.priority < rule.priority ? front : undefined;
}

/**
 * Whether what was found sends requests as it was expected to. A further group that gets nothing changes nothing for anybody:
 * one that was removed stays in a rule that could not be seen meanwhile.
 */
function amountsTo(found: RuleState, expected: RuleState): boolean {
  if (!found || !expected) return found === expected;
  const named = new Set(expected.weights.map(({ targetGroupArn }) => targetGroupArn));
  const weights = found.weights.filter(({ targetGroupArn, weight }) => weight > 0 || named.has(targetGroupArn));
  return sameState({ ...found, weights }, expected);
}

function sameState(one: RuleState, other: RuleState): boolean {
  if (one === null || other === null) return one === other;
  return sameWeights(one.weights, other.weights) && conditionText(one) === conditionText(other);
}

function conditionText({ route, further = [] }: NonNullable<RuleState>): string {
  const stated = ruleConditions(route).map(statedOf);
  return [...stated.map(({ field, values }) => `${field} ${[...values].sort().join(" or ")}`), ...further].join(", ");
}

function statedOf(condition: RouteCondition): { field: string; values: string[] } {
  switch (condition.Field) {
    case "host-header":
      return { field: condition.Field, values: condition.HostHeaderConfig.Values.map((host) => host.toLowerCase()) };
    case "path-pattern":
      return { field: condition.Field, values: condition.PathPatternConfig.Values };
    case "http-header":
      return { field: condition.HttpHeaderConfig.HttpHeaderName, values: condition.HttpHeaderConfig.Values };
  }
}

function told(state: RuleState): string {
  if (state === null) return "none";
  const groups = state.weights.map(({ targetGroupArn, weight }) => `${groupName(targetGroupArn)} ${weight}`);
  return `${groups.join(" + ") || "no target group"} for ${conditionText(state)}`;
}

/** `web-000001-0123456789` of `arn:…:targetgroup/web-000001-0123456789/abcdef`. */
export function groupName(arn: string): string {
  return arn.split("/")[1] ?? arn;
}
