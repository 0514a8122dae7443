import type { GetMetricDataCommandInput, MetricDataQuery, MetricDataResult } from "@aws-sdk/client-cloudwatch";
import { invalidCombination, invalidValue, validation } from "./errors.ts";
import { evaluateMath, isSeries, type MathScope, type MathValue } from "./metric-math.ts";
import type { Datapoint, Metric, MetricStore } from "./metric-store.ts";
import { checkPeriod, dimensionsOf } from "./metrics.ts";
import { statisticNamed } from "./statistics.ts";

/** Source: API reference of GetMetricData. */
const maxQueries = 500;
const maxDatapoints = 100_800;

/** Results of several queries that may refer to each other. */
export class QueryResults {
  readonly #store: MetricStore;
  readonly #queries: ReadonlyMap<string, MetricDataQuery>;
  readonly #range: { startMs: number; endMs: number };
  readonly #known = new Map<string, MathValue>();
  readonly #open = new Set<string>();
  readonly #periodMs: number;

  /** @param range Its start is moved back to a whole period, as CloudWatch does, unless `exact`. */
  constructor(
    store: MetricStore,
    queries: readonly MetricDataQuery[],
    range: { startMs: number; endMs: number; exact?: boolean },
  ) {
    this.#store = store;
    this.#queries = new Map(queries.map((query) => [query.Id ?? "", query]));
    const periods = queries.map((query) => query.MetricStat?.Period ?? query.Period ?? 0).filter((one) => one > 0);
    this.#periodMs = Math.max(1, ...periods) * 1000;
    const startMs = range.exact ? range.startMs : Math.floor(range.startMs / this.#periodMs) * this.#periodMs;
    this.#range = { startMs, endMs: range.endMs };
  }

  /** @throws {AwsError} ValidationError for an unknown ID, a circle or a malformed expression. */
  value(id: string): MathValue {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const query = this.#queries.get(id);
    if (!query) throw validation(`Error in expression: the ID ${id} is not one of this request`);
    if (this.#open.has(id)) throw validation(`Error in expression '${id}': it refers to itself`);
    this.#open.add(id);
    const value = query.Expression === undefined ? this.#metric(query) : evaluateMath(query.Expression, this.#scope());
    this.#open.delete(id);
    this.#known.set(id, value);
    return value;
  }

  #metric(query: MetricDataQuery): Datapoint[] {
    const { Metric: named, Stat = "", Period = 0, Unit: unit } = query.MetricStat ?? {};
    checkPeriod(Period);
    const metric: Metric = {
      namespace: named?.Namespace ?? "",
      name: named?.MetricName ?? "",
      dimensions: dimensionsOf(named?.Dimensions),
    };
    const periodMs = Period * 1000;
    return this.#store.datapoints(metric, { ...this.#range, periodMs, unit }, statisticNamed(Stat));
  }

  #scope(): MathScope {
    return {
      ...this.#range,
      periodMs: this.#periodMs,
      find: (id) => this.value(id),
      metrics: () =>
        [...this.#queries.values()]
          .filter((query) => query.MetricStat)
          .map((query) => this.value(query.Id ?? "") as Datapoint[]),
    };
  }
}

/** @throws {AwsError} ValidationError, InvalidParameterValue or InvalidParameterCombination. */
export function checkQueries(queries: readonly MetricDataQuery[]): void {
  if (queries.length === 0 || queries.length > maxQueries) {
    throw invalidValue(`The collection MetricDataQueries has 1 to ${maxQueries} members, not ${queries.length}.`);
  }
  const ids = queries.map((query) => query.Id ?? "");
  const odd = ids.find((id) => !/^[a-z][a-zA-Z0-9_]*$/.test(id));
  if (odd !== undefined) throw validation(`The value '${odd}' for parameter Id must begin with a small letter.`);
  if (new Set(ids).size < ids.length)
    throw validation("The values for parameter Id in MetricDataQueries are not unique.");
  for (const query of queries) {
    if ((query.Expression === undefined) === (query.MetricStat === undefined)) {
      throw invalidCombination(`Query ${query.Id} needs either Expression or MetricStat.`);
    }
  }
}

export function getMetricData(store: MetricStore, input: GetMetricDataCommandInput) {
  const queries = input.MetricDataQueries ?? [];
  checkQueries(queries);
  const startMs = input.StartTime?.getTime() ?? 0;
  const endMs = input.EndTime?.getTime() ?? 0;
  if (startMs >= endMs) throw validation("The parameter StartTime must be less than the parameter EndTime.");
  if (input.NextToken !== undefined) throw validation("The NextToken is not one this cloud gave.");
  const results = new QueryResults(store, queries, { startMs, endMs });
  const newestFirst = input.ScanBy !== "TimestampAscending";
  const limit = Math.min(input.MaxDatapoints ?? maxDatapoints, maxDatapoints);
  const MetricDataResults: MetricDataResult[] = [];
  for (const query of queries) {
    const value = results.value(query.Id ?? "");
    if (query.ReturnData === false) continue;
    for (const series of seriesOf(value, startMs)) {
      const ordered = newestFirst ? [...series].reverse() : series;
      const points = ordered.slice(0, limit);
      MetricDataResults.push({
        Id: query.Id,
        Label: query.Label ?? query.MetricStat?.Metric?.MetricName ?? query.Id,
        Timestamps: points.map((point) => new Date(point.timeMs)),
        Values: points.map((point) => point.value),
        StatusCode: points.length < ordered.length ? "PartialData" : "Complete",
      });
    }
  }
  return { MetricDataResults, Messages: [] };
}

/** A number stands for one datapoint at the start. */
function seriesOf(value: MathValue, startMs: number): Datapoint[][] {
  if (typeof value === "number") return [[{ timeMs: startMs, value }]];
  return isSeries(value) ? [value] : value;
}
