/** An instance of a failed candidate that is kept for a while, cut off, for a person to look at. */
export interface Quarantined {
  instanceId: string;
  /** Whose it was. */
  generation: string;
  /** ISO time after which the sweep terminates it. */
  until: string;
}

/** Tag of an instance in quarantine: the time until which it is kept. No other instance may be terminated one by one. */
export const quarantineTag = "kiln:quarantined-until";

/** Those whose time is over. */
export function dueQuarantines(quarantined: readonly Quarantined[] | undefined, nowMs: number): Quarantined[] {
  return (quarantined ?? []).filter(({ until }) => Date.parse(until) <= nowMs);
}

/** The list with one more; a generation keeps one instance at most. */
export function withQuarantined(present: readonly Quarantined[] | undefined, one: Quarantined): Quarantined[] {
  const others = (present ?? []).filter(({ generation }) => generation !== one.generation);
  return [...others, one];
}

/** The list without some instances. */
export function withoutQuarantined(
  present: readonly Quarantined[] | undefined,
  instanceIds: readonly string[],
): Quarantined[] {
  return (present ?? []).filter(({ instanceId }) => !instanceIds.includes(instanceId));
}
