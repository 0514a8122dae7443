/** Input of PutMetricAlarm for an alarm that stays in the state somebody sets: its metric is looked at once a day. */
export function handSetAlarm(AlarmName: string) {
  return {
    AlarmName,
    Namespace: "Shop",
    MetricName: "Errors",
    Statistic: "Sum",
    Period: 86_400,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: "GreaterThanThreshold",
    TreatMissingData: "ignore",
  } as const;
}
