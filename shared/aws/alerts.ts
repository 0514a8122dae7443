import {
  type CloudWatchClient,
  type Dimension,
  type MetricDatum,
  PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";

/** Namespace of Kiln's own metrics; the only one its roles may write to. */
export const metricNamespace = "Kiln";

/** What became of one deploy or rollback. Times in seconds. */
export type Ending =
  /** From the upload, or the start of the execution, until it was live. */
  | { kind: "deployed"; leadSeconds: number }
  | { kind: "deploy-failed" }
  /** From the moment it was asked for until the earlier release was live again. */
  | { kind: "rolled-back"; restoreSeconds: number };

/** Kiln's own metrics: what people are woken by, and how well deploys go. */
export class Alerts {
  readonly #cloudwatch: CloudWatchClient;
  readonly #stage: string;

  constructor(cloudwatch: CloudWatchClient, stage: string) {
    this.#cloudwatch = cloudwatch;
    this.#stage = stage;
  }

  /** Counts one end that left something behind; the template's alarm watches this. */
  async dirtyEnd(): Promise<void> {
    await this.#put([{ MetricName: "DirtyEnds", Value: 1, Unit: "Count" }], []);
  }

  /**
   * Counts one ending of a service. How often: the sum of `Deploys`. How often one fails: the average of `DeployFailed`,
   * which every deploy writes as 0 or 1.
   */
  async ended(service: string, ending: Ending): Promise<void> {
    await this.#put(metricsOf(ending), [{ Name: "Service", Value: service }]);
  }

  /** Says whether production can go back as promised: 0 or 1 at each proof. */
  async wayBack(service: string, isReady: boolean): Promise<void> {
    const datum = { MetricName: "WayBackReady", Value: isReady ? 1 : 0, Unit: "Count" } as const;
    await this.#put([datum], [{ Name: "Service", Value: service }]);
  }

  async #put(data: MetricDatum[], dimensions: Dimension[]): Promise<void> {
    const Dimensions = [{ Name: "Stage", Value: this.#stage }, ...dimensions];
    const MetricData = data.map((datum) => ({ ...datum, Dimensions }));
    await this.#cloudwatch.send(new PutMetricDataCommand({ Namespace: metricNamespace, MetricData }));
  }
}

function metricsOf(ending: Ending): MetricDatum[] {
  if (ending.kind === "rolled-back") {
    return [
      { MetricName: "Rollbacks", Value: 1, Unit: "Count" },
      { MetricName: "RestoreTime", Value: ending.restoreSeconds, Unit: "Seconds" },
    ];
  }
  const failed = ending.kind === "deploy-failed";
  return [
    { MetricName: "Deploys", Value: 1, Unit: "Count" },
    { MetricName: "DeployFailed", Value: failed ? 1 : 0, Unit: "Count" },
    ...(failed ? [] : [{ MetricName: "LeadTime", Value: ending.leadSeconds, Unit: "Seconds" as const }]),
  ];
}
