/** The fenced right to change one service: `services/<service>/lease.json`. */
export interface Lease {
  /** Execution ARN, or null when nobody holds it. */
  owner: string | null;
  /** Grows with every change of owner; a call made under an older one is refused. */
  fence: number;
  /** ISO time before which the owner must not change anything: an earlier owner's last call may still be under way. */
  activeFrom: string;
}

/**
 * Unit: seconds. After a takeover nothing is changed for this long: no mutating Lambda runs longer (30 s time-out), and
 * a call that was sent at its very end gets five more to arrive.
 */
export const takeoverWaitSeconds = 35;

export type OwnerStatus = "running" | "ended" | "unknown";

export type LeaseDecision =
  | { kind: "held"; lease: Lease; waitSeconds: number }
  | { kind: "take"; lease: Lease }
  | { kind: "busy"; owner: string };

/**
 * Decides what `me` may do about the lease. A lease is stale only when its owner is known to have ended; unknown counts
 * as running.
 */
export function decideLease(lease: Lease | undefined, me: string, owner: OwnerStatus, nowMs: number): LeaseDecision {
  const now = new Date(nowMs).toISOString();
  if (!lease) return { kind: "take", lease: { owner: me, fence: 1, activeFrom: now } };
  if (lease.owner === me) {
    const waitMs = Math.max(0, Date.parse(lease.activeFrom) - nowMs);
    return { kind: "held", lease, waitSeconds: Math.ceil(waitMs / 1000) };
  }
  if (lease.owner === null) {
    // A holder that has only just taken over and let go must not shorten the wait it owed.
    const activeFrom = Date.parse(lease.activeFrom) > nowMs ? lease.activeFrom : now;
    return { kind: "take", lease: { owner: me, fence: lease.fence + 1, activeFrom } };
  }
  if (owner !== "ended") return { kind: "busy", owner: lease.owner };
  const activeFrom = new Date(nowMs + takeoverWaitSeconds * 1000).toISOString();
  return { kind: "take", lease: { owner: me, fence: lease.fence + 1, activeFrom } };
}

/** Whether a call made under `fence` by `me` may still change things. */
export function leaseHolds(lease: Lease | undefined, me: string, fence: number): boolean {
  return lease !== undefined && lease.owner === me && lease.fence === fence;
}
