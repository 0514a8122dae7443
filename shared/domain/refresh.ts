import { type Freeze, holdAt, type Window } from "./calendar.ts";
import type { Head } from "./head.ts";
import type { Release } from "./release.ts";

/** What is known of a service's refreshes: part of its head. */
export interface RefreshState {
  /** Refreshes that failed since something went live, the oldest first. */
  failures: RefreshFailure[];
  /** Set after too many of them: the schedule leaves the service alone until somebody resumes it or deploys. */
  paused: { at: string; cause: string; why: string } | null;
}

export interface RefreshFailure {
  /** The generation that failed, or the execution when it was refused before there was one: counted once each. */
  cause: string;
  /** ISO time. */
  at: string;
  error: string;
}

/** How many refreshes in a row may fail: two may be a bad day of AWS, and each costs a bake and a fleet. */
export const refreshFailureLimit = 3;

/** The head once a refresh has failed; the one that reaches the limit pauses the service. A repeated report counts once. */
export function withRefreshFailure(head: Head, failure: RefreshFailure): Head {
  const { failures, paused } = head.refresh ?? noRefreshes;
  if (failures.some(({ cause }) => cause === failure.cause)) return head;
  const all = [...failures, failure].slice(-refreshFailureLimit);
  const why = `${all.length} refreshes in a row failed, the last with ${failure.error}`;
  const full = all.length >= refreshFailureLimit;
  return {
    ...head,
    refresh: { failures: all, paused: paused ?? (full ? { at: failure.at, cause: failure.cause, why } : null) },
  };
}

/**
 * The head once somebody has gone back from a release that a refresh had made: what it was made for is still there, so
 * the next refresh would bring it again.
 */
export function withRefreshUndone(head: Head, generation: string, at: string): Head {
  const { failures, paused } = head.refresh ?? noRefreshes;
  if (paused) return head;
  const why = `${generation}, which a refresh had made, was rolled back`;
  return { ...head, refresh: { failures, paused: { at, cause: generation, why } } };
}

/** The head without failed refreshes and without a pause. */
export function withRefreshResumed(head: Head): Head {
  const { failures, paused } = head.refresh ?? noRefreshes;
  return failures.length === 0 && paused === null ? head : { ...head, refresh: noRefreshes };
}

const noRefreshes: RefreshState = { failures: [], paused: null };

/** What a service's live release stands on, and what it would stand on if it were deployed now. */
export interface RefreshSubject {
  release: Release;
  /** What its base resolves to now; undefined: it resolves to nothing, which is a problem of its own. */
  base: Release["base"] | undefined;
  /** ISO time its fleet was made; undefined when no limit is set, or there is no fleet. */
  fleetCreatedAt: string | undefined;
}

const dayMs = 86_400_000;

/** Why a live release is to be deployed again; undefined when it is as it would be made now. */
export function staleness({ release, base, fleetCreatedAt }: RefreshSubject, nowMs: number): string | undefined {
  const present = release.base;
  if (base && identityOf(base) !== identityOf(present)) {
    return `base ${base.name} changed from ${shownBase(present)} to ${shownBase(base)}`;
  }
  const limit = release.spec.refresh?.maxAgeDays;
  if (limit === undefined || fleetCreatedAt === undefined) return undefined;
  const days = (nowMs - Date.parse(fleetCreatedAt)) / dayMs;
  return days > limit ? `its fleet is ${Math.floor(days)} days old, its limit is ${limit}` : undefined;
}

/** What makes two bases the same. */
function identityOf({ imageId, golden }: Release["base"]): string {
  return golden?.digest ?? imageId;
}

function shownBase({ imageId, golden }: Release["base"]): string {
  return golden ? `${golden.digest.slice(0, 12)} on ${imageId}` : imageId;
}

/** A service that is to be refreshed, and what may hold it up. */
export interface DueService {
  service: string;
  /** Hex digest of the service's name: services begin in its order, so nobody's name puts it first or last. */
  digest: string;
  windows: readonly Window[];
  freezes: readonly Freeze[];
}

/** Unit: seconds. All refreshes of a day begin within this, when there are that many. */
const spreadSeconds = 4 * 3600;
/** Unit: seconds between two beginnings when there are few: long enough that a bad base shows before the next one has it. */
const widestGapSeconds = 300;

/** When a service's refresh begins, or why it does not today. */
export type Turn = { service: string; startAt: string } | { service: string; held: string };

/**
 * Gives each service its turn, so that no two bake in the same minute while four hours are enough for that. A service
 * whose window opens within a day waits for it; a turn is the same whoever computes it.
 */
export function turnsOf(due: readonly DueService[], nowMs: number): Turn[] {
  const gapMs = Math.min(widestGapSeconds, spreadSeconds / Math.max(1, due.length)) * 1000;
  const ordered = [...due].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  return ordered.map((one, place) => turnOf(one, nowMs, Math.round(place * gapMs)));
}

function turnOf({ service, windows, freezes }: DueService, nowMs: number, offsetMs: number): Turn {
  const at = (startMs: number) => ({ service, startAt: new Date(startMs).toISOString() });
  const hold = holdAt(nowMs + offsetMs, windows, freezes);
  if (!hold) return at(nowMs + offsetMs);
  const opensMs = hold.until === null ? Number.NaN : Date.parse(hold.until);
  for (const startMs of [opensMs + offsetMs, opensMs]) {
    if (startMs <= nowMs + dayMs && !holdAt(startMs, windows, freezes)) return at(startMs);
  }
  return { service, held: hold.why };
}
