import type {
  Dimension,
  GetMetricStatisticsCommandInput,
  ListMetricsCommandInput,
  MetricDatum,
  PutMetricDataCommandInput,
} from "@aws-sdk/client-cloudwatch";
import type { Kernel, Operation } from "../core/kernel.ts";
import { invalidCombination, invalidValue, missing } from "./errors.ts";
import { listedMs, type Metric, type MetricStore } from "./metric-store.ts";
import { statisticNamed } from "./statistics.ts";

/** Limits of PutMetricData and of a metric. Source: "CloudWatch service quotas". */
const maxData = 1000;
const maxValuesOfDatum = 150;
const maxDimensions = 30;
const oldestMs = 14 * 24 * 3_600_000;
const newestMs = 2 * 3_600_000;
/** Source: API reference of GetMetricStatistics. */
const maxDatapoints = 1440;
const pageSize = 500;

export function dimensionsOf(list: readonly Dimension[] | undefined): Record<string, string> {
  return Object.fromEntries((list ?? []).map(({ Name, Value }) => [Name ?? "", Value ?? ""]));
}

export function dimensionList(dimensions: Readonly<Record<string, string>>): { Name: string; Value: string }[] {
  return Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
}

/** Operations that record and list metrics. */
export function metricOperations(kernel: Kernel, store: MetricStore): Record<string, Operation> {
  return {
    PutMetricData: {
      permissions: (input: PutMetricDataCommandInput) => [
        {
          action: "cloudwatch:PutMetricData",
          resource: "*",
          context: { "cloudwatch:namespace": input.Namespace ?? "" },
        },
      ],
      run: (input: PutMetricDataCommandInput) => putData(kernel, store, input),
    },
    ListMetrics: { run: (input: ListMetricsCommandInput) => listMetrics(kernel, store, input) },
    GetMetricStatistics: { run: (input: GetMetricStatisticsCommandInput) => getStatistics(store, input) },
  };
}

function putData(kernel: Kernel, store: MetricStore, input: PutMetricDataCommandInput) {
  const namespace = input.Namespace ?? "";
  if (!/^[^:].{0,254}$/.test(namespace)) throw invalidValue("The value for parameter Namespace is invalid.");
  if (namespace.startsWith("AWS/")) {
    throw invalidValue("The value AWS/ for parameter Namespace is invalid.");
  }
  if (input.EntityMetricData && input.EntityMetricData.length > 0) {
    throw invalidValue("The embedded cloud has no EntityMetricData.");
  }
  const data = input.MetricData ?? [];
  if (data.length === 0) throw missing("The parameter MetricData is required.");
  if (data.length > maxData)
    throw invalidValue(`The collection MetricData must not have a size greater than ${maxData}.`);
  for (const [index, datum] of data.entries()) checkDatum(kernel, datum, `MetricData.member.${index + 1}`);
  for (const datum of data) {
    const metric: Metric = { namespace, name: datum.MetricName ?? "", dimensions: dimensionsOf(datum.Dimensions) };
    const place = {
      timeMs: datum.Timestamp?.getTime() ?? kernel.clock.now(),
      unit: datum.Unit ?? "None",
      resolutionMs: datum.StorageResolution === 1 ? 1000 : 60_000,
    };
    const totals = datum.StatisticValues;
    if (totals) {
      const { SampleCount: count = 0, Sum: sum = 0, Minimum: min = 0, Maximum: max = 0 } = totals;
      store.add(metric, { ...place, totals: { count, sum, min, max } });
    } else store.add(metric, { ...place, values: valuesOf(datum) });
  }
  return {};
}

function valuesOf(datum: MetricDatum): [number, number][] {
  if (datum.Value !== undefined) return [[datum.Value, 1]];
  return (datum.Values ?? []).map((value, index) => [value, datum.Counts?.[index] ?? 1]);
}

function checkDatum(kernel: Kernel, datum: MetricDatum, where: string): void {
  if (!datum.MetricName) throw missing(`The parameter ${where}.MetricName is required.`);
  if ((datum.Dimensions?.length ?? 0) > maxDimensions) {
    throw invalidValue(`The collection ${where}.Dimensions must not have a size greater than ${maxDimensions}.`);
  }
  const given = [datum.Value, datum.Values, datum.StatisticValues].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw invalidCombination(
      `At least one and only one of the parameters ${where}.Value, ${where}.Values and ${where}.StatisticValues must be specified.`,
    );
  }
  const values = valuesOf(datum);
  if (values.length > maxValuesOfDatum) {
    throw invalidValue(`The collection ${where}.Values must not have a size greater than ${maxValuesOfDatum}.`);
  }
  if (datum.Counts && datum.Counts.length !== datum.Values?.length) {
    throw invalidCombination(`The parameters ${where}.Values and ${where}.Counts must have the same size.`);
  }
  if (values.some(([value]) => !Number.isFinite(value))) {
    throw invalidValue(`The value NaN for parameter ${where}.Value is invalid.`);
  }
  const ageMs = kernel.clock.now() - (datum.Timestamp?.getTime() ?? kernel.clock.now());
  if (ageMs > oldestMs || ageMs < -newestMs) {
    throw invalidValue(`The parameter ${where}.Timestamp must specify a time within the last two weeks.`);
  }
}

function listMetrics(kernel: Kernel, store: MetricStore, input: ListMetricsCommandInput) {
  const recentMs = input.RecentlyActive === "PT3H" ? 3 * 3_600_000 : listedMs;
  const found = store
    .list(kernel.clock.now() - recentMs)
    .filter((metric) => input.Namespace === undefined || metric.namespace === input.Namespace)
    .filter((metric) => input.MetricName === undefined || metric.name === input.MetricName)
    .filter((metric) =>
      (input.Dimensions ?? []).every(({ Name = "", Value }) => {
        const own = metric.dimensions[Name];
        return own !== undefined && (Value === undefined || Value === own);
      }),
    );
  const from = input.NextToken === undefined ? 0 : Number(input.NextToken);
  return {
    Metrics: found.slice(from, from + pageSize).map((metric) => ({
      Namespace: metric.namespace,
      MetricName: metric.name,
      Dimensions: dimensionList(metric.dimensions),
    })),
    ...(from + pageSize < found.length && { NextToken: String(from + pageSize) }),
  };
}

function getStatistics(store: MetricStore, input: GetMetricStatisticsCommandInput) {
  const period = input.Period ?? 0;
  const startMs = input.StartTime?.getTime() ?? 0;
  const endMs = input.EndTime?.getTime() ?? 0;
  checkPeriod(period);
  if (startMs >= endMs) {
    throw invalidCombination("The parameter StartTime must be less than the parameter EndTime.");
  }
  const names = [...(input.Statistics ?? []), ...(input.ExtendedStatistics ?? [])];
  if (names.length === 0)
    throw missing("At least one of the parameters Statistics and ExtendedStatistics must be specified.");
  const periodMs = period * 1000;
  if ((endMs - startMs) / periodMs > maxDatapoints) {
    throw invalidCombination(
      `You have requested up to ${Math.ceil((endMs - startMs) / periodMs)} datapoints, which exceeds the limit of ${maxDatapoints}. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
    );
  }
  const metric: Metric = {
    namespace: input.Namespace ?? "",
    name: input.MetricName ?? "",
    dimensions: dimensionsOf(input.Dimensions),
  };
  const range = { startMs: Math.floor(startMs / periodMs) * periodMs, endMs, periodMs };
  // Data of several units is never mixed. Source: API reference of GetMetricStatistics, Unit.
  const units = input.Unit === undefined ? store.units(metric, range) : [input.Unit];
  const Datapoints = units.flatMap((unit) => pointsOf(store, metric, { ...range, unit }, names));
  return { Label: input.MetricName, Datapoints };
}

function pointsOf(
  store: MetricStore,
  metric: Metric,
  range: { startMs: number; endMs: number; periodMs: number; unit: string },
  names: readonly string[],
): Record<string, unknown>[] {
  const points = new Map<number, Record<string, unknown>>();
  for (const name of names) {
    for (const { timeMs, value } of store.datapoints(metric, range, statisticNamed(name))) {
      const point = points.get(timeMs) ?? { Timestamp: new Date(timeMs), Unit: range.unit };
      if (/^p/i.test(name)) point["ExtendedStatistics"] = { ...(point["ExtendedStatistics"] ?? {}), [name]: value };
      else point[name] = value;
      points.set(timeMs, point);
    }
  }
  return [...points.values()];
}

/** @throws {AwsError} InvalidParameterValue unless it is 1, 5, 10, 20, 30 or a multiple of 60 seconds. */
export function checkPeriod(period: number): void {
  if ([1, 5, 10, 20, 30].includes(period) || (period > 0 && period % 60 === 0)) return;
  throw invalidValue(`The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60, not ${period}.`);
}
