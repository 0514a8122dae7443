/** Header whose secret value leads a request to a candidate. */
export const trialHeader = "x-kiln-trial";

/** Header whose value, an experiment's name, leads a request of the service to that experiment. */
export const experimentHeader = "x-kiln-experiment";

/**
 * Priorities Kiln uses on a listener: trial rules stand above experiments, those above production, and all leave the low
 * numbers, which win, to whoever owns the listener. Only a rule that takes the place of an adopted one, and what stands
 * before it, stand elsewhere. ELBv2 allows 1–50000.
 */
export const priorityBands = {
  trial: { first: 20_000, last: 24_999 },
  experiment: { first: 25_000, last: 29_999 },
  production: { first: 30_000, last: 39_999 },
} as const;

/** Hosts and paths of a service; none of either means every request. */
export interface Route {
  hosts: string[];
  paths: string[];
  /** Of an experiment that is reached by its header: the header's value. */
  experiment?: string | undefined;
}

/** One condition of a listener rule, in ELBv2's words. */
export type RouteCondition =
  | { Field: "host-header"; HostHeaderConfig: { Values: string[] } }
  | { Field: "path-pattern"; PathPatternConfig: { Values: string[] } }
  | { Field: "http-header"; HttpHeaderConfig: { HttpHeaderName: string; Values: string[] } };

/** Which requests are a service's: its hosts and paths, or everything; of these an experiment's have its header. */
export function ruleConditions(route: Route): RouteCondition[] {
  const conditions: RouteCondition[] = [];
  if (route.hosts.length > 0) conditions.push({ Field: "host-header", HostHeaderConfig: { Values: route.hosts } });
  const paths = route.paths.length > 0 ? route.paths : ["/*"];
  if (route.hosts.length === 0 || route.paths.length > 0) {
    conditions.push({ Field: "path-pattern", PathPatternConfig: { Values: paths } });
  }
  if (route.experiment !== undefined) {
    const HttpHeaderConfig = { HttpHeaderName: experimentHeader, Values: [route.experiment] };
    conditions.push({ Field: "http-header", HttpHeaderConfig });
  }
  return conditions;
}
