import type { Hold } from "../../shared/domain/calendar.ts";
import { revocationText, revokedIn } from "../../shared/domain/revocation.ts";
import { baseNotes } from "./base-notes.ts";
import { differencesOf } from "./differences.ts";
import type { Evidence } from "./evidence.ts";
import type { Present } from "./present.ts";
import { type WayBackStatus, wayBackStatus } from "./way-back.ts";

/** The present of a service, explained. Times are the cloud's own, ISO. */
export interface Explanation {
  service: string;
  /** The release that gets the requests; null when there is none that Kiln knows. */
  serving: {
    generation: string;
    version: string;
    since: string | null;
    healthy: number;
    instances: number;
    wanted: number;
    /** Why it may serve: its history, oldest first. */
    evidence: Evidence[];
  } | null;
  /** What `kiln rollback <service>` would do now. */
  rollback: { path: "hot" | "cold" | "none"; generation: string | null; version: string | null; why: string };
  /** What was last proved of going there; null when the proof is of another release, or there is none yet. */
  wayBack: WayBackStatus | null;
  underWay: {
    generation: string | null;
    execution: string;
    status: string;
    /** Null: it does not hold the lease. */
    fence: number | null;
    /** The execution that holds the lease in its stead. */
    waitsFor: string | null;
    /** What its release's history said last. */
    latest: Evidence | null;
  } | null;
  /** Why no deploy may start now, or move traffic further; null when one may. */
  hold: Hold | null;
  /** What changes without anybody doing anything. */
  byItself: string[];
  /** Where load balancer, fleets and ledger do not say the same. Reported, never mended here. */
  differences: string[];
}

/** Explains what was read. */
export function explain(present: Present): Explanation {
  return {
    service: present.service,
    serving: servingOf(present),
    rollback: rollbackOf(present),
    wayBack: wayBackStatus(present.wayBack, present.target?.generation) ?? null,
    underWay: underWayOf(present),
    hold: present.hold ?? pauseOf(present) ?? null,
    byItself: byItselfOf(present),
    differences: [...revokedAndServing(present), ...differencesOf(present)],
  };
}

function revokedAndServing({ serving, head }: Present): string[] {
  const revoked = serving === undefined ? undefined : revokedIn(head, serving);
  return revoked ? [`${serving} serves although ${revocationText(revoked)}`] : [];
}

function pauseOf({ head: { paused } }: Present): Hold | undefined {
  return paused
    ? { why: `${paused.by} paused it at ${paused.at}: ${paused.reason || "no reason given"}`, until: null }
    : undefined;
}

function servingOf({ serving, fleets, head, evidence }: Present): Explanation["serving"] {
  const fleet = fleets.find(({ generation }) => generation === serving);
  if (!fleet) return null;
  const settled = head.live?.generation === fleet.generation ? head.live.since : undefined;
  return {
    generation: fleet.generation,
    version: fleet.release?.version ?? "?",
    since: evidence.findLast(({ event }) => event === "cut-over")?.at ?? settled ?? null,
    healthy: fleet.health.healthy,
    instances: fleet.group?.inService ?? 0,
    wanted: fleet.group?.desired ?? 0,
    evidence,
  };
}

function rollbackOf({ target, fleets, head, lease, serving }: Present): Explanation["rollback"] {
  if (head.experiment) {
    const why = "an experiment has none: production is as it was, and what was pushed for it before starts it anew";
    return { path: "none", generation: null, version: null, why };
  }
  if (!target) {
    return {
      path: "none",
      generation: null,
      version: null,
      why: "no earlier release served, so there is none to go to",
    };
  }
  const { generation, hot } = target;
  const fleet = fleets.find((one) => one.generation === generation);
  const version = fleet?.release?.version ?? null;
  const owner = lease?.owner ?? head.pending?.execution;
  const stops = owner ? `; it stops ${owner} first` : "";
  const undecided = serving !== head.live?.generation && generation === head.live?.generation;
  const which = undecided ? "it is what the ledger calls live; " : "";
  if (hot) {
    const why = `${which}its fleet stands with ${fleet?.health.healthy ?? "enough"} healthy targets: one rule change${stops}`;
    return { path: "hot", generation, version, why };
  }
  const lacking = fleet?.group
    ? `only ${fleet.health.healthy} of its targets are healthy`
    : "its fleet is gone, its image is kept";
  const why = `${which}${lacking}: it launches a fleet from the image, validates it, then changes the rule${stops}`;
  return { path: "cold", generation, version, why };
}

function underWayOf({ head, lease, pendingStatus, ownerStatus, latest }: Present): Explanation["underWay"] {
  const execution = head.pending?.execution ?? lease?.owner;
  if (!execution) return null;
  const status = (head.pending ? pendingStatus : ownerStatus) ?? "unknown";
  const fence = lease?.owner === execution ? lease.fence : null;
  const waitsFor = fence === null ? (lease?.owner ?? null) : null;
  return { generation: head.pending?.generation ?? null, execution, status, fence, waitsFor, latest: latest ?? null };
}

function byItselfOf({ head, plan, newerSpec }: Present): string[] {
  const { standby, experiment } = head;
  const reaped = new Set(plan.filter(({ action }) => action === "reap").map(({ generation }) => generation));
  const changes = plan
    .filter(({ action }) => action !== "wait")
    .map(
      ({ action, generation, service, reason }) => `the next sweep will ${action} ${generation || service}: ${reason}`,
    );
  if (standby && !reaped.has(standby.generation)) {
    changes.unshift(
      `${standby.generation} stays hot until ${standby.until}; the first sweep after that removes its fleet and keeps its image`,
    );
  }
  changes.push(
    ...(head.quarantined ?? []).map(
      ({ instanceId, generation, until }) =>
        `${instanceId} of ${generation} is in quarantine until ${until}; the first sweep after that terminates it`,
    ),
    ...baseNotes(head),
  );
  if (experiment && experiment.ended === undefined) {
    changes.push(`its time is over at ${experiment.until}; a sweep then leaves nothing of it but its records`);
  }
  if (newerSpec) changes.push("the next deploy uses a newer spec than the live release has");
  return changes;
}
