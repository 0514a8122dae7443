import { invalidValue } from "./errors.ts";

/** What was recorded in one interval of one series. */
export interface Bucket {
  startMs: number;
  count: number;
  sum: number;
  min: number;
  max: number;
  unit: string;
  /** Values and how often each came, ascending; what percentiles are made of. */
  values: [value: number, count: number][];
}

/** Distinct values kept of a bucket; beyond it they are rounded to three digits, which percentiles bear. */
const maxValues = 100;

export function bucketOf(startMs: number, unit: string, values: readonly [value: number, count: number][]): Bucket {
  const bucket: Bucket = { startMs, count: 0, sum: 0, min: Infinity, max: -Infinity, unit, values: [] };
  return withValues(bucket, values);
}

export function withValues(bucket: Bucket, added: readonly [value: number, count: number][]): Bucket {
  const next = { ...bucket };
  for (const [value, count] of added) {
    next.count += count;
    next.sum += value * count;
    next.min = Math.min(next.min, value);
    next.max = Math.max(next.max, value);
  }
  next.values = counted([...bucket.values, ...added]);
  if (next.values.length > maxValues) {
    next.values = counted(next.values.map(([value, count]) => [Number(value.toPrecision(3)), count]));
  }
  return next;
}

/** A bucket of given totals, as StatisticValues states them; nothing is known of how values lay between. */
export function withTotals(bucket: Bucket, totals: { count: number; sum: number; min: number; max: number }): Bucket {
  return {
    ...bucket,
    count: bucket.count + totals.count,
    sum: bucket.sum + totals.sum,
    min: Math.min(bucket.min, totals.min),
    max: Math.max(bucket.max, totals.max),
  };
}

function counted(values: readonly [number, number][]): [number, number][] {
  const counts = new Map<number, number>();
  for (const [value, count] of values) counts.set(value, (counts.get(value) ?? 0) + count);
  return [...counts].sort(([a], [b]) => a - b);
}

/** Gives one number for buckets taken together. */
export type Statistic = (buckets: readonly Bucket[]) => number | undefined;

const simple: Readonly<Record<string, Statistic>> = {
  SampleCount: (buckets) => total(buckets, (bucket) => bucket.count),
  Sum: (buckets) => total(buckets, (bucket) => bucket.sum),
  Average: (buckets) => total(buckets, (bucket) => bucket.sum) / total(buckets, (bucket) => bucket.count),
  Minimum: (buckets) => Math.min(...buckets.map((bucket) => bucket.min)),
  Maximum: (buckets) => Math.max(...buckets.map((bucket) => bucket.max)),
};

/** Bounds of a percentile rank, either of which may be left out: `PR(:0.3)`. */
const rankPattern = /^PR\((\d+(?:\.\d{1,10})?)?:(\d+(?:\.\d{1,10})?)?\)$/i;

/**
 * A statistic by its name: `Sum` and the like, a percentile such as `p99.9`, or a percentile rank such as `PR(:0.3)`.
 * @throws {AwsError} InvalidParameterValue, also for the trimmed statistics that this cloud lacks.
 */
export function statisticNamed(name: string): Statistic {
  const known = simple[name];
  if (known) return known;
  const percentile = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/.exec(name);
  if (percentile) return (buckets) => percentileOf(buckets, Number(percentile[1]));
  const [rank, above, upTo] = rankPattern.exec(name) ?? [];
  if (rank !== undefined && (above ?? upTo) !== undefined) {
    return (buckets) => rankOf(buckets, Number(above ?? -Infinity), Number(upTo ?? Infinity));
  }
  throw invalidValue(
    `The value ${name} for parameter Stat is not one this cloud has: SampleCount, Average, Sum, Minimum, Maximum, a percentile or a percentile rank.`,
  );
}

function total(buckets: readonly Bucket[], part: (bucket: Bucket) => number): number {
  return buckets.reduce((sum, bucket) => sum + part(bucket), 0);
}

function percentileOf(buckets: readonly Bucket[], percent: number): number | undefined {
  const values = counted(buckets.flatMap((bucket) => bucket.values));
  const count = values.reduce((sum, [, times]) => sum + times, 0);
  let rank = (percent / 100) * count;
  for (const [value, times] of values) {
    rank -= times;
    if (rank <= 0) return value;
  }
  return values.at(-1)?.[0];
}

/**
 * Percentage of the values that lie within the bounds, the upper one included.
 * Source: CloudWatch user guide, "CloudWatch statistics definitions", percentile rank.
 */
function rankOf(buckets: readonly Bucket[], above: number, upTo: number): number | undefined {
  const values = buckets.flatMap((bucket) => bucket.values);
  const count = (within: readonly [number, number][]) => within.reduce((sum, [, times]) => sum + times, 0);
  const all = count(values);
  return all === 0 ? undefined : (100 * count(values.filter(([value]) => value > above && value <= upTo))) / all;
}
