/** What the probe function is asked. */
export interface ProbeRequest {
  /** `http://host:port` of the listener. */
  origin: string;
  /** Host name the service is known by, when its route names one. */
  host: string | undefined;
  headers: Record<string, string>;
  probes: { path: string; status: number; contains?: string | undefined; count: number }[];
}

/** One answer, or what went wrong. Latency in milliseconds. */
export interface ProbeSample {
  path: string;
  status?: number;
  latencyMs?: number;
  problem?: string;
}

export interface ProbeReport {
  verdict: "pass" | "fail" | "inconclusive";
  reason: string;
  samples: ProbeSample[];
}

/** Judges samples: every one must be right; an error of the connection is inconclusive, a wrong answer fails. */
export function judgeProbes(samples: ProbeSample[], expected: number): ProbeReport {
  const wrong = samples.filter(({ problem, status }) => problem !== undefined && status !== undefined);
  const silent = samples.filter(({ problem, status }) => problem !== undefined && status === undefined);
  const [firstWrong] = wrong;
  if (firstWrong) {
    return {
      verdict: "fail",
      reason: `${firstWrong.path}: ${firstWrong.problem} (${wrong.length} of ${expected})`,
      samples,
    };
  }
  const [firstSilent] = silent;
  if (firstSilent || samples.length < expected) {
    return {
      verdict: "inconclusive",
      reason: firstSilent ? `${firstSilent.path}: ${firstSilent.problem}` : "not every probe was made",
      samples,
    };
  }
  return { verdict: "pass", reason: `${samples.length} of ${expected} probes right`, samples };
}
