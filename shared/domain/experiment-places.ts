import { answering, type ListenerRule, namedRule, takesSame } from "./listener-rules.ts";
import {
  type Applicant,
  downwards,
  freeOf,
  isOwnRule,
  logsInFirst,
  type Places,
  type Refusal,
  rising,
} from "./rule-places.ts";
import { priorityBands } from "./rules.ts";

/**
 * Where an experiment's rule may stand: before whatever answers its requests today, and behind every trial rule. Its
 * header or host keeps it from taking anybody else's requests, wherever it stands.
 */
export function experimentPlaces(applicant: Applicant, rules: readonly ListenerRule[]): Places | { refusal: Refusal } {
  const others = rules.filter((rule) => !isOwnRule(applicant, rule));
  const before = answering(others, applicant.route);
  const refusal = clash(applicant, others, before);
  if (refusal) return { refusal };
  const band = priorityBands.experiment;
  const high = Math.min(band.last, (before?.priority ?? band.last + 1) - 1);
  // Before an adopted rule, the number right in front of it is left to the service's own production rule.
  const nearest = before?.owner ? high : high - 1;
  const free = freeOf(high < band.first ? downwards(nearest, 1) : rising(band.first, high), rules);
  if (free.length > 0) return { production: free, before };
  return {
    refusal: {
      problem: `There is no free priority for ${applicant.service} before ${before ? namedRule(before) : "the listener's rules"}.`,
      fix: "Stop an experiment (kiln experiment stop), or give that rule a later priority.",
    },
  };
}

function clash(
  { service, route }: Applicant,
  others: readonly ListenerRule[],
  before: ListenerRule | undefined,
): Refusal | undefined {
  const values = route.hosts.length + route.paths.length + (route.experiment === undefined ? 0 : 1);
  if (values > valuesPerRule) {
    return {
      problem: `A listener rule takes ${valuesPerRule} condition values, and the rule of ${service} would have ${values}: the service's hosts and paths, and a header.`,
      fix: "Give the experiment a host name of its own (host), or the service fewer hosts and paths (route).",
    };
  }
  const same = others.find(
    (rule) => takesSame(rule, route) || (route.experiment === undefined && namesHost(rule, route.hosts)),
  );
  if (same) {
    return {
      problem: `${namedRule(same)} takes requests that ${service} asks for.`,
      fix: "Give the experiment a host name that nothing else answers to (host), or none: then a header reaches it.",
    };
  }
  const logsIn = before ? logsInFirst(before) : undefined;
  return logsIn && { ...logsIn, fix: "Try it on a listener, or under a host name, that asks nobody to log in." };
}

/** Source: quotas of Application Load Balancers, "Condition values per rule". */
const valuesPerRule = 5;

/** Whether a rule names one of these very hosts: then those requests are somebody's already. */
function namesHost({ conditions }: ListenerRule, hosts: readonly string[]): boolean {
  const named = conditions.flatMap(({ field, values }) => (field === "host-header" ? values : []));
  return named.some((name) => hosts.some((host) => host.toLowerCase() === name.toLowerCase()));
}
