import { resourceType, tagList } from "../resource-type.ts";

const dimensions = [{ Name: "string", Value: "string" }] as const;

export const alarm = resourceType({
  shape: {
    AlarmName: "string",
    AlarmDescription: "string",
    ActionsEnabled: "boolean",
    AlarmActions: ["string"],
    OKActions: ["string"],
    InsufficientDataActions: ["string"],
    ComparisonOperator: "string",
    DatapointsToAlarm: "integer",
    Dimensions: dimensions,
    EvaluateLowSampleCountPercentile: "string",
    EvaluationPeriods: "integer",
    ExtendedStatistic: "string",
    MetricName: "string",
    Metrics: [
      {
        Id: "string",
        Expression: "string",
        Label: "string",
        Period: "integer",
        ReturnData: "boolean",
        AccountId: "string",
        MetricStat: {
          Metric: { Namespace: "string", MetricName: "string", Dimensions: dimensions },
          Period: "integer",
          Stat: "string",
          Unit: "string",
        },
      },
    ],
    Namespace: "string",
    Period: "integer",
    Statistic: "string",
    Threshold: "number",
    TreatMissingData: "string",
    Unit: "string",
    Tags: tagList,
  },
  required: ["ComparisonOperator", "EvaluationPeriods"],
  replaces: ["AlarmName"],
  nameProperty: "AlarmName",
  async create(properties, context) {
    const AlarmName = properties.AlarmName ?? context.name(255);
    const input = { ...properties, AlarmName, Tags: context.tags(properties.Tags) };
    await context.call("monitoring", "PutMetricAlarm", input);
    return { id: AlarmName, attributes: { Arn: context.arn("cloudwatch", `alarm:${AlarmName}`) } };
  },
  async update(AlarmName, properties, _before, context) {
    const { Tags: _tags, ...rest } = properties;
    await context.call("monitoring", "PutMetricAlarm", { ...rest, AlarmName });
    return undefined;
  },
  remove: (AlarmName, _properties, context) =>
    context.remove("monitoring", "DeleteAlarms", { AlarmNames: [AlarmName] }, "ResourceNotFound"),
});
