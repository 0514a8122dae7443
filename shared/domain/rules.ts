/** Header whose secret value leads a request to a candidate. */
export const trialHeader = "x-kiln-trial";

/**
 * Priorities Kiln uses on a listener: trial rules stand above production, and both leave the low numbers, which win, to
 * whoever owns the listener. ELBv2 allows 1–50000.
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

/**
 * Priorities for a service's production rule, in the order they are tried. A service that takes every request goes to the
 * end of the band, so that it never hides one that names its hosts or paths.
 */
export function productionPriorities(route: Route): number[] {
  const { first, last } = priorityBands.production;
  const upwards = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return route.hosts.length + route.paths.length > 0 ? upwards : upwards.reverse();
}

/** Priorities for trial rules, in the order they are tried. */
export function trialPriorities(): number[] {
  const { first, last } = priorityBands.trial;
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
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
