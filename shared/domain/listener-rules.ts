import type { Weight } from "./cutover.ts";
import { patternCovers, patternsMeet } from "./route-patterns.ts";
import type { Route } from "./rules.ts";

/** One condition of a rule; conditions of a kind Kiln does not read, such as other headers, keep their field and have no values. */
export interface RuleCondition {
  field: string;
  values: string[];
}

/** One rule of a listener, whoever made it. */
export interface ListenerRule {
  arn: string;
  priority: number;
  conditions: RuleCondition[];
  /** Where it forwards to; empty when it answers by itself. */
  weights: Weight[];
  /** Types of its actions beside forwarding, such as `authenticate-oidc` or `redirect`. */
  otherActions: string[];
  /** Clients stay with the target group that they met first. */
  sticky: boolean;
  /** By its tags, when a stage of Kiln made it. */
  owner: { stage: string; service: string; role: string } | undefined;
}

/** The default rule comes after every other; ELBv2's priorities end at 50,000. */
export const defaultPriority = 50_001;

/** Whether every request of the route fits the rule. A condition that Kiln does not read may let requests pass by. */
export function takesAll({ conditions }: ListenerRule, route: Route): boolean {
  return conditions.every(({ field, values }) => {
    const wanted = patternsOf(route, field);
    return wanted?.every((narrow) => values.some((wide) => patternCovers(written(field, wide), narrow))) ?? false;
  });
}

/** Whether some request of the route may fit the rule. */
export function takesSome({ conditions }: ListenerRule, route: Route): boolean {
  return conditions.every(({ field, values }) => {
    const wanted = patternsOf(route, field);
    return wanted?.some((one) => values.some((other) => patternsMeet(written(field, other), one))) ?? true;
  });
}

/** Whether the rule takes exactly the requests of the route. */
export function takesSame(rule: ListenerRule, route: Route): boolean {
  return takesAll(rule, route) && isWithin(rule, route);
}

/** Whether the rule takes no request that is not the route's. */
function isWithin({ conditions }: ListenerRule, route: Route): boolean {
  return ["host-header", "path-pattern", "http-header"].every((field) => {
    const wide = patternsOf(route, field) ?? [everything(field)];
    const stated = conditions.filter((condition) => condition.field === field);
    const narrow = stated.length > 0 ? stated.flatMap(({ values }) => values) : [everything(field)];
    return narrow.every((one) => wide.some((pattern) => patternCovers(pattern, written(field, one))));
  });
}

/** The rule that answers the route's requests among these, in ELBv2's order: the first one that takes them all. */
export function answering(rules: readonly ListenerRule[], route: Route): ListenerRule | undefined {
  return inOrder(rules).find((rule) => takesAll(rule, route));
}

export function inOrder(rules: readonly ListenerRule[]): ListenerRule[] {
  return [...rules].sort((a, b) => a.priority - b.priority);
}

/** For a person: which rule it is, and whose. */
export function namedRule({ arn, priority, conditions, owner }: ListenerRule): string {
  const place = priority === defaultPriority ? "the default rule" : `rule ${arn} (priority ${priority}`;
  if (priority === defaultPriority) return place;
  const says = conditions.map(({ field, values }) => `${field} ${values.join(" or ")}`.trim()).join(", ");
  const whose = owner ? `, of service ${owner.service} in stage ${owner.stage}` : "";
  return `${place}, ${says}${whose})`;
}

/** The route's patterns for a field; undefined for a field that routes do not speak of. */
function patternsOf({ hosts, paths, experiment }: Route, field: string): string[] | undefined {
  if (field === "http-header") return experiment === undefined ? undefined : [experiment];
  const stated = field === "host-header" ? hosts : field === "path-pattern" ? paths : undefined;
  if (stated === undefined) return undefined;
  return stated.length > 0 ? stated.map((one) => written(field, one)) : [everything(field)];
}

/** Every path begins with a slash, so `/*` is all of them. */
function everything(field: string): string {
  return field === "path-pattern" ? "/*" : "*";
}

/** Host names are compared without regard to case, paths with it (ELBv2, "Host conditions", "Path conditions"). */
function written(field: string, pattern: string): string {
  return field === "host-header" ? pattern.toLowerCase() : pattern;
}
