import type { BasePin } from "./base-pin.ts";
import type { Drill, DrillResult } from "./drill.ts";
import type { Experiment } from "./experiment.ts";
import { keptReleases } from "./keep.ts";
import { generationName, ordinalOf } from "./names.ts";
import type { Quarantined } from "./quarantine.ts";
import type { RefreshState } from "./refresh.ts";
import { compareIntents, type Intent } from "./release.ts";
import { type RevokedRelease, revokedIn } from "./revocation.ts";
import { confirmed, type RuleRecord } from "./rule-record.ts";
import { dueSecondLooks, type Vanished } from "./second-look.ts";

/** A fleet that is kept ready to serve again. */
export interface Standby {
  generation: string;
  /** ISO time until which it stays hot. */
  until: string;
}

/** What Kiln intends for one service, or one experiment: the compare-and-set document `head.json` of it. */
export interface Head {
  service: string;
  nextOrdinal: number;
  live: { generation: string; since: string } | null;
  standby: Standby | null;
  /** The newest admitted deploy or rollback that has not settled. */
  pending: { execution: string; generation: string } | null;
  newestIntent: Intent | null;
  /** Set by a rollback that pre-empts: who, and when. */
  abort: { by: string; at: string } | null;
  /** Set by `kiln pause`: until `kiln resume` no deploy moves traffic further. */
  paused?: { by: string; at: string; reason: string } | null;
  /** A rehearsal of the rollback; whoever takes the lease and finds one that died ends it first, with everything on live. */
  drill?: Drill | null;
  /** How the last of them went. */
  drilled?: DrillResult;
  /** Set by `kiln base pin`: the base that every release is made on until it is taken off again. */
  basePin?: BasePin | null;
  /** How refreshes went; undefined while none has failed. */
  refresh?: RefreshState;
  /** ISO time of the last change of the production rule, written before the change is made. */
  ruleChangedAt: string | null;
  /** ISO time at which the live release last got requests back that a candidate had; undefined when it never did. */
  returnedAt?: string | null;
  /** What the production rule was last told; undefined in heads of before Kiln kept it. */
  rule?: RuleRecord | undefined;
  /** Instances of failed candidates that are kept for a while; undefined when there never was one. */
  quarantined?: Quarantined[];
  /** Failed candidates that are to be looked for once more; undefined when there never was one. */
  vanished?: Vanished[];
  /** Generations that may own something on AWS: written before anything is created, removed once all of it is gone. */
  known: string[];
  /** Generations that served and whose image is kept for a cold rollback, oldest first. */
  kept: string[];
  /** What was agreed about an experiment; a service's head has none. */
  experiment?: Experiment | undefined;
  /** Releases that a person wants kept beside those, until the same is taken back. */
  pinned?: PinnedRelease[];
  /** Releases that must not serve again; nobody goes back to one. */
  revoked?: RevokedRelease[];
}

/** Who keeps a release, and why. */
export interface PinnedRelease {
  generation: string;
  by: string;
  /** ISO time. */
  at: string;
  reason: string;
}

export function emptyHead(service: string): Head {
  return {
    service,
    nextOrdinal: 1,
    live: null,
    standby: null,
    pending: null,
    newestIntent: null,
    abort: null,
    ruleChangedAt: null,
    known: [],
    kept: [],
  };
}

/** The head with a release pinned; a pin that is there stays as it was made. */
export function pinnedWith(head: Head, pin: PinnedRelease): Head {
  const { pinned = [] } = head;
  return pinned.some(({ generation }) => generation === pin.generation) ? head : { ...head, pinned: [...pinned, pin] };
}

/** The head without the pin; what nothing else keeps is known again, until the sweep has removed what it owns. */
export function unpinned(head: Head, generation: string): Head {
  const pinned = (head.pinned ?? []).filter((one) => one.generation !== generation);
  if (pinned.length === (head.pinned ?? []).length) return head;
  const known = head.kept.includes(generation) ? head.known : [...new Set([...head.known, generation])];
  return { ...head, pinned, known };
}

/** Whether a release's image and template stay for a cold rollback. */
export function isKept({ kept, pinned = [] }: Head, generation: string): boolean {
  return kept.includes(generation) || pinned.some((one) => one.generation === generation);
}

/** The generations that a rollback may go to, oldest first. */
export function keptGenerations({ kept, pinned = [] }: Head): string[] {
  return [...new Set([...pinned.map(({ generation }) => generation), ...kept])].sort();
}

/** Generation 0: what answered a service's requests before Kiln did, and would again without Kiln's rule. */
export function generationZero(service: string): string {
  return generationName(service, 0);
}

export function isGenerationZero(service: string, generation: string): boolean {
  return ordinalOf(service, generation) === 0;
}

/** The generation this execution was given, when it has one. */
export function generationOf(head: Head, execution: string): string | undefined {
  return head.pending?.execution === execution ? head.pending.generation : undefined;
}

/** Whether a newer intent stands before this one. */
export function isSuperseded(head: Head, intent: Intent): boolean {
  return head.newestIntent !== null && compareIntents(intent, head.newestIntent) < 0;
}

/** The head with a new deploy admitted under `generation`; it takes the place of any other that was waiting. */
export function withDeploy(head: Head, intent: Intent, execution: string, generation: string): Head {
  return {
    ...head,
    nextOrdinal: head.nextOrdinal + 1,
    newestIntent: intent,
    pending: { execution, generation },
    known: [...head.known, generation],
  };
}

/** The head with a rollback to `generation` admitted: it stands before every upload made until now. */
export function withRollback(head: Head, intent: Intent, execution: string, generation: string): Head {
  if (head.pending?.execution === execution) return head;
  return {
    ...head,
    newestIntent: intent,
    pending: { execution, generation },
    abort: { by: execution, at: intent.time },
    // Generation 0 owns nothing that Kiln could remove.
    known: isGenerationZero(head.service, generation) ? head.known : [...new Set([...head.known, generation])],
  };
}

/** The releases that have served once `generation` does, oldest first. */
export function servedWith(head: Head, generation: string): string[] {
  return [...head.kept.filter((other) => other !== generation), generation];
}

/**
 * The head once `generation` serves: the previous live one is the one standby.
 * @param kept Which of those that served keep their image.
 */
export function promoted(
  head: Head,
  generation: string,
  now: string,
  hotUntil: string,
  kept: readonly string[] = servedWith(head, generation).slice(-keptReleases.usual),
): Head {
  // All requests are its own now, so none is left of a drill that it took the place of.
  if (head.live?.generation === generation) return head.drill ? { ...head, drill: null } : head;
  const served = servedWith(head, generation);
  // An experiment has no way back. A release that is no longer kept owns its template still: it becomes a leftover.
  const stays = (other: string) => other === generation || (!head.experiment && kept.includes(other));
  const dropped = served.filter((other) => !stays(other));
  return {
    ...head,
    known: [...new Set([...head.known, ...dropped])],
    live: { generation, since: now },
    standby: head.live && !head.experiment ? { generation: head.live.generation, until: hotUntil } : null,
    kept: served.filter(stays),
    rule: confirmed(head.rule),
    ...(head.drill && { drill: null }),
  };
}

/** The head once Kiln's rule is gone and generation 0 answers again: what was live stands by. */
export function withdrawn(head: Head, hotUntil: string): Head {
  if (!head.live) return head;
  if (head.experiment) {
    const known = [...new Set([...head.known, ...head.kept])];
    return { ...head, live: null, kept: [], known, rule: confirmed(head.rule) };
  }
  const standby = { generation: head.live.generation, until: hotUntil };
  return { ...head, live: null, standby, rule: confirmed(head.rule), ...(head.drill && { drill: null }) };
}

/** The head with work of a dead execution taken over by another. */
export function adopted(head: Head, from: string, by: string): Head {
  if (head.pending?.execution !== from || from === by) return head;
  return { ...head, pending: { ...head.pending, execution: by }, abort: null };
}

/** The head with a release that serves, although nobody pends it any more, taken up as work of `by`. */
export function takenUp(head: Head, generation: string, by: string): Head {
  return head.pending ? head : { ...head, pending: { execution: by, generation } };
}

/** The head once this execution is done, whatever came of it. */
export function settled(head: Head, execution: string): Head {
  const mine = head.pending?.execution === execution;
  const aborted = head.abort?.by === execution;
  if (!mine && !aborted) return head;
  return { ...head, pending: mine ? null : head.pending, abort: aborted ? null : head.abort };
}

/** The head in which `generation` stands by no more: its fleet is about to go. */
export function retired(head: Head, generation: string): Head {
  return head.standby?.generation === generation ? { ...head, standby: null } : head;
}

/**
 * The head once `by` has left nothing of `generation` but, for a kept one, its image. A generation that somebody else has
 * begun to work on in the meantime, such as a rollback to it, stays known: something is about to be created again.
 */
export function reaped(head: Head, generation: string, by: string): Head {
  if (head.pending?.generation === generation && head.pending.execution !== by) return head;
  const known = head.known.filter((other) => other !== generation);
  const standby = head.standby?.generation === generation ? null : head.standby;
  return known.length === head.known.length && standby === head.standby ? head : { ...head, known, standby };
}

/** The head once everything that it speaks of was removed with the stage. */
export function dismantled(head: Head): Head {
  const { live, standby, pending, abort, known, kept, rule } = head;
  const kinds = [known, kept, head.quarantined ?? [], head.vanished ?? []];
  const isEmpty = !live && !standby && !pending && !abort && kinds.every((list) => list.length === 0) && !rule?.to;
  if (isEmpty) return head;
  const gone = { live: null, standby: null, pending: null, abort: null, known: [], kept: [], rule: { to: null } };
  const lent = head.experiment && { experiment: { ...head.experiment, ended: head.experiment.until, lent: [] } };
  const lists = { ...(head.quarantined && { quarantined: [] }), ...(head.vanished && { vanished: [] }) };
  return { ...head, ...gone, ...lent, ...lists, ...(head.drill && { drill: null }) };
}

/**
 * Unit: seconds. A load balancer's nodes take up a rule change one by one ("rule updates do not take effect immediately",
 * ELB guide; no figure is published). Until then a fleet that left the rule still gets requests, so none is emptied
 * earlier. Argo Rollouts waits 30 s for the same reason (scaleDownDelaySeconds).
 */
export const propagationSeconds = 30;

/** How long that still is. Unit: seconds, ≥ 1. */
export function propagationLeftSeconds(head: Head, nowMs: number): number {
  const sinceMs = nowMs - Date.parse(head.ruleChangedAt ?? "");
  return Math.max(1, Math.ceil(propagationSeconds - sinceMs / 1000));
}

/** Whether some node may still send requests by an earlier version of the production rule. */
export function isPropagating(head: Head, nowMs: number): boolean {
  return head.ruleChangedAt !== null && nowMs - Date.parse(head.ruleChangedAt) < propagationSeconds * 1000;
}

/** Generations that nothing holds any more, neither live, nor hot standby, nor being deployed: known ones, and those to look for again. */
export function leftovers(head: Head, nowMs: number): string[] {
  const hot = head.standby && Date.parse(head.standby.until) > nowMs ? head.standby.generation : undefined;
  const held = new Set([head.live?.generation, hot, head.pending?.generation]);
  const found = new Set([...head.known, ...dueSecondLooks(head, nowMs)]);
  return [...found].filter((generation) => !held.has(generation));
}

/** The generation a rollback without a named target goes to, or undefined when there is none but generation 0. */
export function rollbackTarget(head: Head, serving: string | undefined): string | undefined {
  // A deploy that has moved traffic but not settled: going back means the release that the head still calls live.
  const isGood = (generation: string) => revokedIn(head, generation) === undefined;
  const { live, standby } = head;
  if (live && serving !== undefined && serving !== live.generation && isGood(live.generation)) return live.generation;
  if (standby && isGood(standby.generation)) return standby.generation;
  return head.kept.filter((generation) => generation !== live?.generation && isGood(generation)).at(-1);
}

export type Recovery = "undo" | "finish" | "drop";

/**
 * What becomes of a deploy or rollback whose execution has ended without settling. `serving` is the generation that the
 * production rule points to now.
 */
export function decideRecovery(world: { head: Head; serving: string | undefined; liveHealthy: boolean }): Recovery {
  const { head, serving } = world;
  const candidate = head.pending?.generation;
  if (candidate === undefined) return "drop";
  if (isGenerationZero(head.service, candidate)) return serving === candidate ? "finish" : "drop";
  // It died while settling, or there is nothing healthy to go back to: what serves passed validation, so it stays.
  if (head.live?.generation === candidate) return "finish";
  const wasKept = head.standby?.generation === candidate || isKept(head, candidate);
  if (serving === candidate) return wasKept || head.live === null || !world.liveHealthy ? "finish" : "undo";
  // A rollback that never moved traffic: its target is a kept release, which must not be reaped as a failed candidate.
  return wasKept ? "drop" : "undo";
}
