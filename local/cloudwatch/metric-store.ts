import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import { type Bucket, bucketOf, type Statistic, withTotals, withValues } from "./statistics.ts";

export interface Metric {
  namespace: string;
  name: string;
  dimensions: Readonly<Record<string, string>>;
}

interface SeriesRecord extends Metric {
  key: string;
  lastMs: number;
}

/** A few minutes of one series, so that adding to it rewrites a small document. */
interface BlockRecord {
  buckets: Bucket[];
}

/** One value in time. */
export interface Datapoint {
  timeMs: number;
  value: number;
}

const blockMs = 5 * 60_000;
const dayMs = 24 * 3_600_000;
/** Datapoints of a minute are kept 15 days. Source: "CloudWatch concepts", metrics retention. */
const keptMs = 15 * dayMs;
/** ListMetrics shows what got data in the last two weeks. Source: its API reference. */
export const listedMs = 14 * dayMs;

/** Every metric's datapoints. */
export class MetricStore {
  readonly #kernel: Kernel;
  readonly #series: Collection<SeriesRecord>;
  readonly #blocks: Collection<BlockRecord>;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#series = kernel.store.collection("cloudwatch.series");
    this.#blocks = kernel.store.collection("cloudwatch.blocks");
  }

  /** @param resolutionMs 60,000, or 1,000 for a metric of high resolution. */
  add(
    metric: Metric,
    data: { timeMs: number; unit: string; resolutionMs: number } & (
      | { values: readonly [value: number, count: number][] }
      | { totals: { count: number; sum: number; min: number; max: number } }
    ),
  ): void {
    const key = keyOf(metric);
    const startMs = Math.floor(data.timeMs / data.resolutionMs) * data.resolutionMs;
    const blockKey = this.#blockKey(key, startMs);
    const buckets = [...(this.#blocks.get(blockKey)?.buckets ?? [])];
    const index = buckets.findIndex((bucket) => bucket.startMs === startMs && bucket.unit === data.unit);
    const before = buckets[index] ?? bucketOf(startMs, data.unit, []);
    const after = "values" in data ? withValues(before, data.values) : withTotals(before, data.totals);
    if (index >= 0) buckets[index] = after;
    else buckets.push(after);
    this.#blocks.put(blockKey, { buckets });
    const lastMs = Math.max(this.#series.get(key)?.lastMs ?? 0, data.timeMs);
    this.#series.put(key, { ...metric, key, lastMs });
    // Each new block pushes out the one that is too old.
    this.#blocks.delete(this.#blockKey(key, startMs - keptMs - blockMs));
  }

  /** Metrics that got data since `sinceMs`. */
  list(sinceMs: number): Readonly<Metric & { lastMs: number }>[] {
    return this.#series.list().filter((series) => series.lastMs >= sinceMs);
  }

  /**
   * One value for each period that has data, oldest first. Periods begin at `startMs` and follow each other up to, but
   * not including, `endMs`.
   */
  datapoints(
    metric: Metric,
    range: { startMs: number; endMs: number; periodMs: number; unit?: string | undefined },
    statistic: Statistic,
  ): Datapoint[] {
    const { startMs, periodMs, unit } = range;
    const periods = new Map<number, Bucket[]>();
    for (const bucket of this.#bucketsIn(metric, range)) {
      if (unit !== undefined && bucket.unit !== unit) continue;
      const timeMs = startMs + Math.floor((bucket.startMs - startMs) / periodMs) * periodMs;
      const buckets = periods.get(timeMs);
      if (buckets) buckets.push(bucket);
      else periods.set(timeMs, [bucket]);
    }
    return [...periods]
      .sort(([a], [b]) => a - b)
      .flatMap(([timeMs, buckets]) => {
        const value = statistic(buckets);
        return value === undefined || Number.isNaN(value) ? [] : [{ timeMs, value }];
      });
  }

  /** The units in which data came, each once. */
  units(metric: Metric, range: { startMs: number; endMs: number }): string[] {
    return [...new Set([...this.#bucketsIn(metric, range)].map(({ unit }) => unit))];
  }

  *#bucketsIn(metric: Metric, { startMs, endMs }: { startMs: number; endMs: number }): Generator<Bucket> {
    const key = keyOf(metric);
    const oldestMs = Math.max(startMs, this.#kernel.clock.now() - keptMs);
    for (let block = Math.floor(oldestMs / blockMs) * blockMs; block < endMs; block += blockMs) {
      for (const bucket of this.#blocks.get(this.#blockKey(key, block))?.buckets ?? []) {
        if (bucket.startMs >= oldestMs && bucket.startMs < endMs) yield bucket;
      }
    }
  }

  #blockKey(key: string, timeMs: number): string {
    return `${key}\u0000${Math.floor(timeMs / blockMs)}`;
  }
}

function keyOf({ namespace, name, dimensions }: Metric): string {
  const sorted = Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${namespace}\u0000${name}\u0000${JSON.stringify(sorted)}`;
}
