import type { ServiceSpec } from "./service-spec.ts";
import type { Verdict } from "./verdict.ts";

type SpecProbe = ServiceSpec["validate"]["probes"][number];

/** One page that is asked for, so often. */
export type Probe = Pick<SpecProbe, "path" | "status" | "count"> & Partial<SpecProbe>;

/** What the probe function is asked. */
export interface ProbeRequest {
  /** `http://host:port` of the listener. */
  origin: string;
  /** Host name the service is known by, when its route names one. */
  host: string | undefined;
  headers: Record<string, string>;
  probes: Probe[];
}

/** One answer, or what went wrong. Latency in milliseconds. */
export interface ProbeSample {
  path: string;
  status?: number;
  latencyMs?: number;
  problem?: string;
}

export interface ProbeReport {
  verdict: Verdict;
  reason: string;
  samples: ProbeSample[];
}

/** What is wrong with an answer; undefined when it is as the probe wants it. */
export function problemOf(
  probe: Probe,
  answer: { status: number; body: string; latencyMs: number },
): string | undefined {
  const { contains, maxMilliseconds } = probe;
  if (answer.status !== probe.status) return `answered ${answer.status} instead of ${probe.status}`;
  if (contains !== undefined && !answer.body.includes(contains)) return `the body lacks "${contains}"`;
  if (maxMilliseconds !== undefined && answer.latencyMs > maxMilliseconds) {
    return `took ${answer.latencyMs} ms, ${maxMilliseconds} allowed`;
  }
  return undefined;
}

/**
 * Judges the samples of each probe, in the probes' order. As many as it wants must be right. Too many wrong answers fail;
 * when it is the connections that are missing, nobody knows.
 */
export function judgeProbes(probes: readonly Probe[], samples: readonly (readonly ProbeSample[])[]): ProbeReport {
  const all = samples.flat();
  const lacking = probes.flatMap((probe, index) => whatLacks(probe, samples[index] ?? []) ?? []);
  const worst = lacking.find(({ verdict }) => verdict === "fail") ?? lacking[0];
  if (worst) return { ...worst, samples: all };
  const right = all.filter(({ problem }) => problem === undefined).length;
  return { verdict: "pass", reason: `${right} of ${all.length} probes right`, samples: all };
}

/** Undefined when so many samples of a probe are right as it wants. */
function whatLacks(probe: Probe, samples: readonly ProbeSample[]): Pick<ProbeReport, "verdict" | "reason"> | undefined {
  const { path, count, atLeast = count } = probe;
  const bad = samples.filter(({ problem }) => problem !== undefined);
  if (samples.length - bad.length >= atLeast) return undefined;
  const wrong = bad.filter(({ status }) => status !== undefined);
  if (wrong.length > count - atLeast) {
    return { verdict: "fail", reason: `${path}: ${wrong[0]?.problem} (${wrong.length} of ${count})` };
  }
  return { verdict: "inconclusive", reason: `${path}: ${bad[0]?.problem ?? "not every probe was made"}` };
}
