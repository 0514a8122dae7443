import type { TargetGroups } from "./aws/target-groups.ts";
import type { LiveCapacity } from "./domain/capacity.ts";
import type { FleetHealth } from "./domain/health.ts";
import { answering, type ListenerRule } from "./domain/listener-rules.ts";
import type { Route } from "./domain/rules.ts";

/** What answers a service's requests when Kiln has no rule for them, and how its targets are. */
export interface GenerationZero {
  rule: ListenerRule;
  health: FleetHealth;
}

/**
 * Looks who would answer a service's requests if Kiln's rule were not there. Nothing is kept about it: the listener's owner
 * may change it at any time, and then what is there now is the way back. Undefined when nobody's targets would answer.
 * @param others The listener's rules without the service's own.
 */
export async function readGenerationZero(
  others: readonly ListenerRule[],
  route: Route,
  targetGroups: TargetGroups,
): Promise<GenerationZero | undefined> {
  const rule = answering(others, route);
  const groups = rule?.weights.filter(({ weight }) => weight > 0) ?? [];
  // A rule of another service's would answer with another program.
  if (!rule || rule.owner || groups.length === 0) return undefined;
  const healths = await Promise.all(groups.map(({ targetGroupArn }) => targetGroups.health(targetGroupArn)));
  return { rule, health: healths.reduce(sum) };
}

/** Its size, for a first fleet that is to take its place. */
export function zeroCapacity(zero: GenerationZero | undefined): LiveCapacity | undefined {
  return zero && { inService: zero.health.healthy, desired: zero.health.total };
}

function sum(one: FleetHealth, other: FleetHealth): FleetHealth {
  return {
    healthy: one.healthy + other.healthy,
    total: one.total + other.total,
    reasons: [...one.reasons, ...other.reasons],
  };
}
