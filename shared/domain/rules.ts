/** Header whose secret value leads a request to a candidate. */
export const trialHeader = "x-kiln-trial";

/**
 * Priorities Kiln uses on a listener: trial rules stand above production, and both leave the low numbers, which win, to
 * whoever owns the listener. Only a rule that takes the place of an adopted one stands elsewhere, right before that one.
 * ELBv2 allows 1–50000.
 */
export const priorityBands = {
  trial: { first: 20_000, last: 29_999 },
  production: { first: 30_000, last: 39_999 },
} as const;

/** Hosts and paths of a service; none of either means every request. */
export interface Route {
  hosts: string[];
  paths: string[];
}

/** One condition of a listener rule, in ELBv2's words. */
export type RouteCondition =
  | { Field: "host-header"; HostHeaderConfig: { Values: string[] } }
  | { Field: "path-pattern"; PathPatternConfig: { Values: string[] } };

/** Which requests are a service's: its hosts and paths, or everything. */
export function ruleConditions(route: Route): RouteCondition[] {
  const conditions: RouteCondition[] = [];
  if (route.hosts.length > 0) conditions.push({ Field: "host-header", HostHeaderConfig: { Values: route.hosts } });
  const paths = route.paths.length > 0 ? route.paths : ["/*"];
  if (route.hosts.length === 0 || route.paths.length > 0) {
    conditions.push({ Field: "path-pattern", PathPatternConfig: { Values: paths } });
  }
  return conditions;
}
