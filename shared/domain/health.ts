/** Health of a fleet's targets as the load balancer tells it. */
export interface FleetHealth {
  healthy: number;
  /** Every target that is registered and not draining. */
  total: number;
  /** Reasons of the targets that are not healthy, for a person: `i-0a1b: Target.Timeout Request timed out`. */
  reasons: string[];
}

export type HealthVerdict = { verdict: "pass" | "inconclusive" | "fail"; streak: number; reason: string };

/**
 * Judges one more look at a candidate. Passing needs every target healthy, as many as the capacity target, several looks
 * in a row; silence is never a pass, and only the deadline turns waiting into a failure.
 */
export function judgeHealth(look: {
  health: FleetHealth;
  needed: number;
  streak: number;
  streakNeeded: number;
  deadlinePassed: boolean;
}): HealthVerdict {
  const { health, needed } = look;
  const good = health.healthy >= needed && health.healthy === health.total;
  const streak = good ? look.streak + 1 : 0;
  const counted = `${health.healthy} of ${health.total} targets healthy, ${needed} needed`;
  if (streak >= look.streakNeeded) return { verdict: "pass", streak, reason: counted };
  const reason = health.reasons.length > 0 ? `${counted} (${health.reasons.join("; ")})` : counted;
  return { verdict: look.deadlinePassed ? "fail" : "inconclusive", streak, reason };
}

/**
 * Judges the fleet that serves after a cutover: it fails only when healthy targets stay below what is needed for several
 * looks in a row, so that one flapping target does not undo a deploy.
 */
export function judgeServing(look: {
  health: FleetHealth;
  needed: number;
  badStreak: number;
  badStreakLimit: number;
}): {
  verdict: "pass" | "fail" | "inconclusive";
  badStreak: number;
} {
  const bad = look.health.healthy < look.needed;
  const badStreak = bad ? look.badStreak + 1 : 0;
  if (badStreak >= look.badStreakLimit) return { verdict: "fail", badStreak };
  return { verdict: bad ? "inconclusive" : "pass", badStreak };
}
