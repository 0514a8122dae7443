import type { AlarmState } from "./alarms.ts";
import type { Head } from "./head.ts";
import { ordinalOf } from "./names.ts";

/** An alarm that turned red. */
export interface RedAlarm {
  /** The alarm's name. */
  name: string;
  /** ISO time at which it turned red. */
  at: string;
}

/** What is asked of a live release's frozen record. */
export interface WatchedRelease {
  spec: { alarms?: readonly string[]; observeSeconds: number };
  override?: string | undefined;
}

/** `wait`: a deploy has requests and watches the same alarm; it is to decide first. */
export type AlarmJudgement = { kind: "roll-back"; to: string } | { kind: "wait" | "skip"; reason: string };

/**
 * Unit: milliseconds. For so long after requests went back to the live release every alarm may still speak of the other
 * one, whatever it says of itself: metrics come late, and a request that began there may still end.
 */
const leastMemoryMs = 300_000;

/** Unit: seconds. What is assumed of an alarm that does not say how far it looks back, such as a composite one. */
const unknownLookBackSeconds = 3_600;

/** Unit: milliseconds. CloudWatch has a minute's metrics a minute later, and judges an alarm within the next. */
const judgedLateMs = 120_000;

/** How long after the requests went back an alarm may still have become red by what the other release did. */
function memoryMs(lookBackSeconds: number): number {
  return Math.max(leastMemoryMs, lookBackSeconds * 1000 + judgedLateMs);
}

/** Unit: milliseconds. A deploy that observes looks every half minute; what it did not heed by then it does not heed. */
const observerPatienceMs = 120_000;

/**
 * Decides whether an alarm that turned red moves production back by itself: only from the release that it watches, only
 * within the hot window of the one before, and only backwards. After a rollback the standby is the release that was left,
 * so nothing goes forward again by itself.
 * @param candidateServes Whether a release that is not live has requests: a deploy that moves traffic.
 * @param state The alarm's state now; an alarm that is green again needs no rollback.
 * @param lookBackSeconds How far back it looks; left out when it does not say.
 */
export function judgeAlarm(view: {
  head: Head;
  live: WatchedRelease | undefined;
  alarm: RedAlarm;
  candidateServes: boolean;
  state: AlarmState;
  lookBackSeconds?: number | undefined;
  nowMs: number;
}): AlarmJudgement {
  const { head, live, alarm, nowMs } = view;
  const { service, standby } = head;
  if (!head.live || !live) return skip(`${service} has no live release`);
  const generation = head.live.generation;
  if (!(live.spec.alarms ?? []).includes(alarm.name))
    return skip(`${generation} does not name the alarm ${alarm.name}`);
  if (live.override !== undefined) return skip(`${generation} was deployed in spite of alarms (${live.override})`);
  if (!standby || Date.parse(standby.until) <= nowMs) return skip(`the hot window of ${service} is over`);
  if ((ordinalOf(service, standby.generation) ?? 0) >= (ordinalOf(service, generation) ?? 0)) {
    return skip(`${generation} took over from ${standby.generation} in a rollback, and nothing goes forward by itself`);
  }
  if (head.pending && head.newestIntent?.kind === "rollback") return skip(`a rollback of ${service} is under way`);
  const atMs = Date.parse(alarm.at);
  // The last step of a deploy is observed for so long before the release is live.
  if (atMs < Date.parse(head.live.since) - live.spec.observeSeconds * 1000) {
    return skip(`${alarm.name} was red before ${generation} took over`);
  }
  const { lookBackSeconds = unknownLookBackSeconds } = view;
  if (head.returnedAt != null && atMs < Date.parse(head.returnedAt) + memoryMs(lookBackSeconds)) {
    return skip(`${alarm.name} may still speak of the release that requests were taken from at ${head.returnedAt}`);
  }
  if (view.candidateServes) {
    const reason = `the deploy of ${head.pending?.generation ?? "another release"} watches ${alarm.name} itself`;
    return nowMs - atMs < observerPatienceMs ? { kind: "wait", reason } : skip(reason);
  }
  // It gives live everything when it sees the alarm; one that does not is pre-empted like a deploy.
  if (head.drill && nowMs - atMs < observerPatienceMs) {
    return { kind: "wait", reason: `a drill of ${service} watches ${alarm.name} itself` };
  }
  if (view.state !== "ALARM") return skip(`${alarm.name} is not red any more`);
  return { kind: "roll-back", to: standby.generation };
}

function skip(reason: string): AlarmJudgement {
  return { kind: "skip", reason };
}
