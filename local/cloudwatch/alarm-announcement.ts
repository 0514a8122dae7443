import type { AwsEvent, Kernel } from "../core/kernel.ts";
import { type AlarmRecord, alarmArn, singleMetric, watchedQuery } from "./alarm-record.ts";

/** A state as events give it: times as `2026-01-01T00:00:00.000+0000`. */
function stateOf(alarm: Readonly<AlarmRecord>) {
  return {
    value: alarm.state,
    reason: alarm.reason,
    ...(alarm.reasonData !== undefined && { reasonData: alarm.reasonData }),
    timestamp: stamp(alarm.stateUpdatedAtMs),
  };
}

function stamp(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "+0000");
}

/** Source: "Alarm events and EventBridge", sample events. */
export function stateChangeEvent(
  kernel: Kernel,
  before: Readonly<AlarmRecord>,
  after: Readonly<AlarmRecord>,
): AwsEvent {
  return {
    source: "aws.cloudwatch",
    "detail-type": "CloudWatch Alarm State Change",
    resources: [alarmArn(kernel, after.name)],
    detail: {
      alarmName: after.name,
      state: stateOf(after),
      previousState: stateOf(before),
      configuration: {
        ...(after.description !== undefined && { description: after.description }),
        metrics: after.queries.map((query) => ({
          id: query.Id,
          ...(query.MetricStat && {
            metricStat: {
              metric: {
                namespace: query.MetricStat.Metric?.Namespace,
                name: query.MetricStat.Metric?.MetricName,
                dimensions: Object.fromEntries(
                  (query.MetricStat.Metric?.Dimensions ?? []).map(({ Name, Value }) => [Name, Value]),
                ),
              },
              period: query.MetricStat.Period,
              stat: query.MetricStat.Stat,
            },
          }),
          ...(query.Expression !== undefined && { expression: query.Expression, label: query.Label }),
          returnData: query.ReturnData ?? true,
        })),
      },
    },
  };
}

/** The message a topic gets. Source: "Alarm action history and notifications", the JSON that Amazon SNS delivers. */
export function notification(kernel: Kernel, before: Readonly<AlarmRecord>, after: Readonly<AlarmRecord>) {
  const { accountId, region } = kernel.settings;
  const trigger = after.single
    ? {
        ...singleMetric(after),
        StatisticType: watchedQuery(after).MetricStat?.Stat?.startsWith("p") ? "ExtendedStatistic" : "Statistic",
      }
    : { Metrics: after.queries };
  const message = {
    AlarmName: after.name,
    AlarmDescription: after.description ?? null,
    AWSAccountId: accountId,
    AlarmConfigurationUpdatedTimestamp: stamp(after.configuredAtMs),
    NewStateValue: after.state,
    NewStateReason: after.reason,
    StateChangeTime: stamp(after.stateUpdatedAtMs),
    Region: region,
    AlarmArn: alarmArn(kernel, after.name),
    OldStateValue: before.state,
    OKActions: after.okActions,
    AlarmActions: after.alarmActions,
    InsufficientDataActions: after.insufficientDataActions,
    Trigger: {
      ...trigger,
      EvaluationPeriods: after.evaluationPeriods,
      DatapointsToAlarm: after.datapointsToAlarm,
      ComparisonOperator: after.comparison,
      Threshold: after.threshold,
      TreatMissingData: after.treatMissing,
      EvaluateLowSampleCountPercentile: "",
    },
  };
  return { Subject: `${after.state}: "${after.name}" in ${region}`.slice(0, 100), Message: JSON.stringify(message) };
}
