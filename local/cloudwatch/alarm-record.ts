import type { MetricAlarm, MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import type { Kernel } from "../core/kernel.ts";

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";
export type MissingData = "missing" | "ignore" | "breaching" | "notBreaching";

/** What PutMetricAlarm says; the state is kept apart from it. */
export interface AlarmSettings {
  name: string;
  description?: string;
  actionsEnabled: boolean;
  okActions: string[];
  alarmActions: string[];
  insufficientDataActions: string[];
  /** A single metric is kept as the query it means; `single` says that it was given so. */
  queries: MetricDataQuery[];
  single: boolean;
  periodSeconds: number;
  evaluationPeriods: number;
  datapointsToAlarm: number;
  /** Whether DatapointsToAlarm was stated. */
  datapointsGiven: boolean;
  threshold: number;
  comparison: string;
  treatMissing: MissingData;
  treatMissingGiven: boolean;
}

export interface AlarmRecord extends AlarmSettings {
  state: AlarmState;
  reason: string;
  reasonData?: string;
  configuredAtMs: number;
  stateUpdatedAtMs: number;
  transitionedAtMs: number;
  tags: Record<string, string>;
}

export interface AlarmHistoryRecord {
  name: string;
  atMs: number;
  type: "StateUpdate" | "ConfigurationUpdate" | "Action";
  summary: string;
  data: string;
}

export function alarmArn(kernel: Kernel, name: string): string {
  return kernel.arn("cloudwatch", `alarm:${name}`);
}

/** The query whose result is compared with the threshold. */
export function watchedQuery(settings: AlarmSettings): MetricDataQuery {
  const watched = settings.queries.find((query) => query.ReturnData !== false) ?? settings.queries[0];
  if (!watched) throw new Error(`alarm ${settings.name} has no query`);
  return watched;
}

const statistics = new Set(["SampleCount", "Average", "Sum", "Minimum", "Maximum"]);

export function describeAlarm(kernel: Kernel, alarm: Readonly<AlarmRecord>): MetricAlarm {
  return {
    AlarmName: alarm.name,
    AlarmArn: alarmArn(kernel, alarm.name),
    ...(alarm.description !== undefined && { AlarmDescription: alarm.description }),
    AlarmConfigurationUpdatedTimestamp: new Date(alarm.configuredAtMs),
    ActionsEnabled: alarm.actionsEnabled,
    OKActions: alarm.okActions,
    AlarmActions: alarm.alarmActions,
    InsufficientDataActions: alarm.insufficientDataActions,
    StateValue: alarm.state,
    StateReason: alarm.reason,
    ...(alarm.reasonData !== undefined && { StateReasonData: alarm.reasonData }),
    StateUpdatedTimestamp: new Date(alarm.stateUpdatedAtMs),
    StateTransitionedTimestamp: new Date(alarm.transitionedAtMs),
    ...(alarm.single ? singleMetric(alarm) : { Metrics: alarm.queries, Dimensions: [] }),
    EvaluationPeriods: alarm.evaluationPeriods,
    ...(alarm.datapointsGiven && { DatapointsToAlarm: alarm.datapointsToAlarm }),
    Threshold: alarm.threshold,
    ComparisonOperator: alarm.comparison as MetricAlarm["ComparisonOperator"],
    ...(alarm.treatMissingGiven && { TreatMissingData: alarm.treatMissing }),
  };
}

/** The members that a single metric is described by. */
export function singleMetric(alarm: AlarmSettings) {
  const { Metric, Stat = "", Period, Unit } = watchedQuery(alarm).MetricStat ?? {};
  return {
    MetricName: Metric?.MetricName,
    Namespace: Metric?.Namespace,
    Dimensions: Metric?.Dimensions ?? [],
    ...(statistics.has(Stat) ? { Statistic: Stat as MetricAlarm["Statistic"] } : { ExtendedStatistic: Stat }),
    Period,
    ...(Unit !== undefined && { Unit }),
  };
}
