import { type CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";

/** Namespace of Kiln's own metrics; the only one its roles may write to. */
export const metricNamespace = "Kiln";

/** Metrics that people are woken by. */
export class Alerts {
  readonly #cloudwatch: CloudWatchClient;
  readonly #stage: string;

  constructor(cloudwatch: CloudWatchClient, stage: string) {
    this.#cloudwatch = cloudwatch;
    this.#stage = stage;
  }

  /** Counts one end that left something behind; the template's alarm watches this. */
  async dirtyEnd(): Promise<void> {
    await this.#cloudwatch.send(
      new PutMetricDataCommand({
        Namespace: metricNamespace,
        MetricData: [
          { MetricName: "DirtyEnds", Value: 1, Unit: "Count", Dimensions: [{ Name: "Stage", Value: this.#stage }] },
        ],
      }),
    );
  }
}
