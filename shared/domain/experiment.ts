import type { Head } from "./head.ts";
import { type ExperimentId, experimentName } from "./names.ts";
import type { ServiceSpec } from "./service-spec.ts";

/** What an experiment was asked for; what is left out stays as it was, or is as the spec says. */
export interface ExperimentAsk {
  experiment: string;
  /** Version of the service's that it runs; left out, what was pushed for the experiment itself. */
  version?: string | undefined;
  size?: number | undefined;
  hours?: number | undefined;
  host?: string | undefined;
}

/** What was agreed about an experiment, in its head. */
export interface Experiment {
  /** ISO time until which it may stay; then the sweep removes it. */
  until: string;
  /** Unit: instances. */
  size: number;
  /** Host name that reaches it; without one the header `x-kiln-experiment` does. */
  host?: string | undefined;
  /** ISO time from which it is being removed, or is gone. */
  ended?: string | undefined;
  /**
   * Releases of the service that stand on an image of the experiment's. Written before such a release has anything on AWS;
   * an image that is lent is left to whoever gives it back last.
   */
  lent?: { imageDigest: string; to: string }[] | undefined;
}

/** What an experiment may ask for. Sizes and days beyond these are a service of its own. */
export const experimentLimits = {
  /** Unit: instances. */
  size: { least: 1, most: 10, usual: 1 },
  /** Unit: hours; two weeks at most. */
  hours: { least: 1, most: 336, usual: 24 },
} as const;

/** The terms under which an experiment goes on from now: each upload and each start gives it its whole time anew. */
export function agreed(
  asked: ExperimentAsk,
  present: Experiment | undefined,
  spec: Pick<ServiceSpec, "experiments">,
  nowMs: number,
): Experiment {
  const before = present && !isOver(present, nowMs) ? present : undefined;
  const hours = asked.hours ?? spec.experiments?.hours ?? experimentLimits.hours.usual;
  const wanted = nowMs + hours * 3_600_000;
  // What somebody extended is not cut short by an upload that names no time.
  const untilMs = asked.hours === undefined && before ? Math.max(wanted, Date.parse(before.until)) : wanted;
  const host = asked.host ?? before?.host;
  return {
    until: new Date(untilMs).toISOString(),
    size: asked.size ?? before?.size ?? spec.experiments?.size ?? experimentLimits.size.usual,
    ...(host !== undefined && { host }),
    ...(present?.lent && { lent: present.lent }),
  };
}

/** Whether its time has passed, or its removal has begun. */
export function isOver({ until, ended }: Experiment, nowMs: number): boolean {
  return ended !== undefined || Date.parse(until) <= nowMs;
}

/** Whether something of an experiment is to be removed because its time is over. */
export function isToEnd({ experiment, live, known, pending }: Head, nowMs: number): boolean {
  if (!experiment || !isOver(experiment, nowMs)) return false;
  return live !== null || pending !== null || known.length > 0;
}

/** The head of an experiment from whose image and fleet nothing may be begun any more. */
export function ending(head: Head, nowMs: number): Head {
  if (!head.experiment || !isToEnd(head, nowMs)) return head;
  const ended = head.experiment.ended ?? new Date(nowMs).toISOString();
  return { ...head, pending: null, abort: null, experiment: { ...head.experiment, ended } };
}

/**
 * What the servers of an experiment are made and judged by: the service's own spec, with its own size and route. It takes
 * nobody's requests, so windows, alarms, approval and a strategy for moving traffic do not hold for it.
 */
export function experimentSpec(spec: ServiceSpec, id: ExperimentId, terms: Experiment): ServiceSpec {
  const { size, host } = terms;
  const { hosts, paths } = spec.route;
  const route = host === undefined ? { hosts, paths, experiment: id.experiment } : { hosts: [host], paths };
  return {
    ...spec,
    service: experimentName(id),
    capacity: { min: size, max: size },
    allowShrink: true,
    adopt: false,
    route,
    deploy: { strategy: "all-at-once", intervalSeconds: spec.deploy.intervalSeconds },
    windows: [],
    alarms: [],
    observeSeconds: Math.min(spec.observeSeconds, longestObservationSeconds),
  };
}

/** Unit: seconds. Nobody depends on it, and a fleet that breaks later is told by its health. */
const longestObservationSeconds = 10;

/**
 * The head of an experiment whose image a release of the service will stand on; unchanged when that image is not the one
 * that serves there now, or the experiment is being removed.
 */
export function lending(head: Head, image: { generation: string; imageDigest: string }, to: string): Head {
  const { experiment, live } = head;
  if (!experiment || experiment.ended !== undefined || live?.generation !== image.generation) return head;
  const lent = (experiment.lent ?? []).filter((one) => one.to !== to);
  return { ...head, experiment: { ...experiment, lent: [...lent, { imageDigest: image.imageDigest, to }] } };
}

/** Whether the image is lent to this release. */
export function isLentTo({ experiment }: Head, to: string): boolean {
  return (experiment?.lent ?? []).some((one) => one.to === to);
}

/** Whether an image of the experiment is lent to any release. */
export function isLent({ experiment }: Head, imageDigest: string): boolean {
  return (experiment?.lent ?? []).some((one) => one.imageDigest === imageDigest);
}

/** The head once a release no longer needs the image that it was lent. */
export function returned(head: Head, to: string): Head {
  if (!head.experiment || !isLentTo(head, to)) return head;
  const lent = (head.experiment.lent ?? []).filter((one) => one.to !== to);
  return { ...head, experiment: { ...head.experiment, lent } };
}

/** Generations of an experiment whose image nobody else may remove; none once its removal has begun. */
export function stillUsed({ experiment, live, pending, kept }: Head): string[] {
  if (!experiment || experiment.ended !== undefined) return [];
  return [...new Set([...kept, live?.generation, pending?.generation])].filter((one) => one !== undefined);
}
