/** What a load generator has seen. */
export interface LoadCounts {
  requests: number;
  /** Anything but a 200 that names its release: other statuses, broken connections, time-outs. */
  failed: number;
  byStatus: Record<string, number>;
  /** Answers by the release that gave them. */
  byRelease: Record<string, number>;
  /** The release that answered last. */
  lastRelease: string | undefined;
  /** What went wrong, the first few times. */
  failures: string[];
  /** Unit: milliseconds. */
  p50Ms: number;
  p99Ms: number;
  slowestMs: number;
}

export const noLoad: LoadCounts = {
  requests: 0,
  failed: 0,
  byStatus: {},
  byRelease: {},
  lastRelease: undefined,
  failures: [],
  p50Ms: 0,
  p99Ms: 0,
  slowestMs: 0,
};

/** Failures whose words are kept; the first ones say what is wrong. */
const keptFailures = 10;
/** Latencies are counted by millisecond up to this one, above it together. */
const longestCountedMs = 10_000;

/** Adds up single answers. */
export class LoadTally {
  #requests = 0;
  #failed = 0;
  #slowestMs = 0;
  #lastRelease: string | undefined;
  readonly #byStatus: Record<string, number> = {};
  readonly #byRelease: Record<string, number> = {};
  readonly #failures: string[] = [];
  readonly #latencies = new Uint32Array(longestCountedMs + 1);

  answered(status: number, body: string, latencyMs: number): void {
    this.#count(String(status), latencyMs);
    const release = status === 200 ? releaseIn(body) : undefined;
    if (release === undefined) {
      this.#fail(`status ${status}: ${body.slice(0, 200).trim()}`);
      return;
    }
    this.#byRelease[release] = (this.#byRelease[release] ?? 0) + 1;
    this.#lastRelease = release;
  }

  broken(error: Error, latencyMs: number): void {
    this.#count("none", latencyMs);
    this.#fail((error as NodeJS.ErrnoException).code ?? error.message);
  }

  counts(): LoadCounts {
    return {
      requests: this.#requests,
      failed: this.#failed,
      byStatus: { ...this.#byStatus },
      byRelease: { ...this.#byRelease },
      lastRelease: this.#lastRelease,
      failures: [...this.#failures],
      p50Ms: this.#percentile(0.5),
      p99Ms: this.#percentile(0.99),
      slowestMs: this.#slowestMs,
    };
  }

  #count(status: string, latencyMs: number): void {
    const wholeMs = Math.round(latencyMs);
    this.#requests += 1;
    this.#byStatus[status] = (this.#byStatus[status] ?? 0) + 1;
    this.#slowestMs = Math.max(this.#slowestMs, wholeMs);
    const slot = Math.min(wholeMs, longestCountedMs);
    this.#latencies[slot] = (this.#latencies[slot] ?? 0) + 1;
  }

  #fail(reason: string): void {
    this.#failed += 1;
    if (this.#failures.length < keptFailures) this.#failures.push(`${new Date().toISOString()} ${reason}`);
  }

  #percentile(share: number): number {
    const wanted = this.#requests * share;
    let seen = 0;
    for (const [ms, count] of this.#latencies.entries()) {
      seen += count;
      if (seen >= wanted) return ms;
    }
    return this.#slowestMs;
  }
}

function releaseIn(body: string): string | undefined {
  try {
    const { release } = JSON.parse(body) as { release?: unknown };
    return typeof release === "string" ? release : undefined;
  } catch {
    return undefined;
  }
}
