import { type CutoverDecision, type CutoverView, decideCutover } from "./cutover.ts";
import type { Head } from "./head.ts";
import { ordinalOf } from "./names.ts";
import { revocationText, revokedIn } from "./revocation.ts";
import type { Verdict } from "./verdict.ts";

/**
 * What a drill may be asked for. The share is small, because users get it; the time is bounded, because nobody else may
 * change the service meanwhile.
 */
export const drillLimits = {
  /** Unit: percent of the requests. */
  percent: { least: 1, usual: 1, most: 10 },
  /** Unit: seconds for which the standby has its share. */
  seconds: { least: 10, usual: 60, most: 600 },
} as const;

/** Unit: seconds between two looks while the standby has its share: what fails is to cost few requests. */
const lookSeconds = 10;

/** How long until the next look at a standby that keeps its share for `leftMs` more. Unit: seconds. */
export function nextLookSeconds(leftMs: number): number {
  return Math.min(lookSeconds, Math.max(1, Math.ceil(leftMs / 1000)));
}

/** A rehearsal of the rollback that is under way, or whose execution died: until it has ended, the standby may have a share. */
export interface Drill {
  execution: string;
  /** The standby. */
  generation: string;
  percent: number;
  seconds: number;
  /** ISO time at which its execution started. */
  at: string;
  /** Who asked, as they say. */
  by?: string | undefined;
}

/** How the last drill of a service went. */
export interface DrillResult {
  generation: string;
  /** What was live, and had everything again at the end. */
  live: string;
  verdict: Verdict;
  why: string;
  percent: number;
  by?: string | undefined;
  /** ISO time at which it was over. */
  at: string;
  /** From being asked until the standby had its share: what a hot rollback takes. Unit: seconds. */
  backSeconds?: number | undefined;
  /** The call that gave live everything again, until it was read back. Unit: seconds. */
  returnSeconds?: number | undefined;
  /** From being asked to the end. Unit: seconds. */
  wholeSeconds: number;
  /** What the standby answered, by the load balancer's count; undefined when nobody looked. */
  answers?: Answers | undefined;
}

/** Requests of one release, and how many of them went wrong. */
export interface Answers {
  requests: number;
  errors: number;
}

/** What the steps of a drill hand on in their memo, each what it knows. */
export interface DrillCourse {
  /** Unit: milliseconds since the Unix epoch. */
  lentAtMs?: number | undefined;
  returnedAtMs?: number | undefined;
  /** Unit: milliseconds that the call took. */
  returnMs?: number | undefined;
  answers?: Answers | undefined;
  verdict?: Verdict | undefined;
  why?: string | undefined;
}

/** What may not be rehearsed now, and what to do about it; undefined when the head has nothing against a drill. */
export function refuseDrill(
  head: Head,
  drill: Pick<Drill, "seconds">,
  nowMs: number,
): { problem: string; fix: string } | undefined {
  const { service, live, standby, pending, paused } = head;
  const later = `Then again: kiln drill ${service}.`;
  if (pending)
    return { problem: `${pending.generation} is under way`, fix: `Let it end: kiln status ${service}. ${later}` };
  if (head.drill) return { problem: "another drill is under way", fix: `Let it end: kiln status ${service}. ${later}` };
  if (!live || !standby) {
    return {
      problem: "no release stands by",
      fix: "A deploy leaves the release before as the standby; drill after one.",
    };
  }
  const { generation } = standby;
  if ((ordinalOf(service, generation) ?? 0) > (ordinalOf(service, live.generation) ?? 0)) {
    const fix = "Somebody went back from it, so it gets no requests for a rehearsal; drill after the next deploy.";
    return { problem: `${generation}, which stands by, is newer than ${live.generation}`, fix };
  }
  const revoked = revokedIn(head, generation);
  if (revoked) {
    const fix = "Drill after the next deploy.";
    return { problem: `${generation} must not serve again: ${revocationText(revoked)}`, fix };
  }
  if (Date.parse(standby.until) <= nowMs + drill.seconds * 1000) {
    const fix = "Its fleet goes then. Drill within the hot window (hotSeconds in the spec) of a deploy.";
    return { problem: `${generation} stands by only until ${standby.until}`, fix };
  }
  if (paused) return { problem: `it is paused by ${paused.by}`, fix: `kiln resume ${service}. ${later}` };
  return undefined;
}

/** The head with a drill begun, when it is still as it was seen when the drill was found possible. */
export function withDrill(head: Head, seen: Head, drill: Drill): Head {
  const isSame = head.live?.generation === seen.live?.generation && head.standby?.generation === drill.generation;
  return isSame && !head.pending && !head.drill ? { ...head, drill } : head;
}

/** The head once a drill is over and live has everything; a drill that somebody else ended stays as they wrote it. */
export function drilled(head: Head, execution: string, result: DrillResult): Head {
  return head.drill?.execution === execution ? { ...head, drill: null, drilled: result } : head;
}

/**
 * Decides whether the standby may have its share: what a rollback would ask of it, and beside that a rule that says
 * nothing but live, and a live release that can take the rest.
 */
export function decideLoan(view: CutoverView): CutoverDecision {
  const { weights, live, to, liveCanServe } = view;
  if (!weights || live === undefined || live === to || !liveCanServe) {
    return { kind: "refuse", reason: "the live release cannot take the rest of the requests" };
  }
  const decision = decideCutover(view);
  const isLives = weights.every(({ targetGroupArn, weight }) => weight === 0 || targetGroupArn === live);
  if (decision.kind !== "switch" || isLives) return decision;
  return { kind: "refuse", reason: "the production rule sends requests to another release than the live one" };
}

/**
 * Unit: share of the answers. So much worse than live the standby's may be: a few more errors among few requests happen
 * to every release, and what a drill finds is a release that does not answer any more.
 */
const worseBy = 0.05;

/** What the answers of a drill say. Without any nobody knows: that is no pass. */
export function judgeAnswers(standby: Answers, live: Answers): { verdict: Verdict; why: string } {
  if (standby.requests === 0) {
    return { verdict: "inconclusive", why: "its targets stayed healthy, but no request fell to it" };
  }
  const shareOf = ({ requests, errors }: Answers) => (requests === 0 ? 0 : errors / requests);
  const why = `${standby.requests - standby.errors} of ${standby.requests} requests answered well`;
  return shareOf(standby) > shareOf(live) + worseBy
    ? { verdict: "fail", why: `${why}; of live ${live.requests - live.errors} of ${live.requests}` }
    : { verdict: "pass", why };
}

/** The record of a drill that is over. */
export function resultOf(
  drill: Drill,
  live: string,
  course: DrillCourse,
  end: { failure?: string | undefined; nowMs: number },
): DrillResult {
  const beganMs = Date.parse(drill.at);
  const seconds = (ms: number) => Math.round(ms / 100) / 10;
  const { lentAtMs, returnMs, answers, verdict = "inconclusive", why = "it was not judged" } = course;
  const judged = end.failure === undefined ? { verdict, why } : { verdict: "fail" as const, why: end.failure };
  return {
    generation: drill.generation,
    live,
    ...judged,
    percent: drill.percent,
    ...(drill.by !== undefined && { by: drill.by }),
    at: new Date(end.nowMs).toISOString(),
    ...(lentAtMs !== undefined && { backSeconds: seconds(lentAtMs - beganMs) }),
    ...(returnMs !== undefined && { returnSeconds: seconds(returnMs) }),
    wholeSeconds: seconds(end.nowMs - beganMs),
    ...(answers && { answers }),
  };
}
