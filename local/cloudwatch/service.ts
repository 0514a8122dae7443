import type { GetMetricDataCommandInput } from "@aws-sdk/client-cloudwatch";
import type { Kernel, Operation, Service } from "../core/kernel.ts";
import { AlarmWatch } from "./alarm-watch.ts";
import { alarmOperations } from "./alarms.ts";
import { getMetricData } from "./metric-data.ts";
import { MetricStore } from "./metric-store.ts";
import { metricOperations } from "./metrics.ts";
import { cloudWatchRequestLimits } from "./request-limits.ts";
import { statisticNamed } from "./statistics.ts";

const minuteMs = 60_000;

/**
 * Amazon CloudWatch: metrics, metric math, and alarms that are evaluated on the cloud's clock. Differences from AWS: no
 * composite alarms, anomaly detection, dashboards, streams or trimmed statistics; percentile ranks have bounds in the metric's unit, not in per cent; a metric can be read as soon as it is
 * recorded; percentiles of more than 100 distinct values in a minute hold to three digits.
 */
export class CloudWatchService implements Service {
  readonly id = "monitoring";
  readonly limits = cloudWatchRequestLimits;
  readonly actionPrefix = "cloudwatch";
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #kernel: Kernel;
  readonly #metrics: MetricStore;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#metrics = new MetricStore(kernel);
    this.operations = {
      ...metricOperations(kernel, this.#metrics),
      ...alarmOperations(kernel, new AlarmWatch(kernel, this.#metrics)),
      GetMetricData: { run: (input: GetMetricDataCommandInput) => getMetricData(this.#metrics, input) },
    };
  }

  /**
   * Records one value of a metric of AWS's own, now.
   * @param namespace Such as `AWS/ApplicationELB`.
   * @param unit CloudWatch's word for it, such as `Count` or `Seconds`.
   */
  record(
    namespace: string,
    name: string,
    dimensions: Readonly<Record<string, string>>,
    value: number,
    unit: string,
  ): void {
    const timeMs = this.#kernel.clock.now();
    this.#metrics.add({ namespace, name, dimensions }, { timeMs, unit, resolutionMs: minuteMs, values: [[value, 1]] });
  }

  /** One value for each of the last `minutes` whole minutes, oldest first; undefined where nothing was recorded. */
  lastMinutes(
    query: {
      namespace: string;
      name: string;
      dimensions: Readonly<Record<string, string>>;
      statistic: string;
    },
    minutes: number,
  ): (number | undefined)[] {
    const endMs = Math.floor(this.#kernel.clock.now() / minuteMs) * minuteMs;
    const startMs = endMs - minutes * minuteMs;
    const range = { startMs, endMs, periodMs: minuteMs };
    const points = this.#metrics.datapoints(query, range, statisticNamed(query.statistic));
    const known = new Map(points.map((point) => [point.timeMs, point.value]));
    return Array.from({ length: minutes }, (_, index) => known.get(startMs + index * minuteMs));
  }
}
