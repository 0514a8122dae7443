/** What the live fleet looks like at this instant. */
export interface LiveCapacity {
  inService: number;
  desired: number;
}

/**
 * How many instances a fleet needs before it may take production's place: as many as live has or wants, at least the
 * spec's minimum, within its maximum. Used by Launch, CutOver, rollback and sweep alike, and asked again each turn,
 * because live keeps scaling.
 * @param serving Healthy targets of what gets the requests: another fleet's than live's, where a deploy died after it moved
 *   them or somebody else moved them.
 */
export function capacityTarget(
  capacity: { min: number; max: number },
  live: LiveCapacity | undefined,
  serving = 0,
): number {
  return Math.min(capacity.max, Math.max(capacity.min, live?.inService ?? 0, live?.desired ?? 0, serving));
}

/** Whether a spec would make the service smaller than it is now, which it must ask for by name (`allowShrink`). */
export function shrinks(capacity: { max: number }, live: LiveCapacity | undefined): boolean {
  return live !== undefined && capacity.max < Math.max(live.inService, live.desired);
}
