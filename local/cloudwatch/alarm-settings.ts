import type { MetricDataQuery, PutMetricAlarmCommandInput } from "@aws-sdk/client-cloudwatch";
import { comparisons } from "./alarm-decision.ts";
import type { AlarmSettings, MissingData } from "./alarm-record.ts";
import { invalidCombination, invalidValue, missing, validation } from "./errors.ts";
import { checkQueries } from "./metric-data.ts";
import { checkPeriod } from "./metrics.ts";
import { statisticNamed } from "./statistics.ts";

/** Source: API reference of PutMetricAlarm: at most five actions of each kind; a day of evaluation, a week for hours. */
const maxActions = 5;
const maxSpanSeconds = 86_400;
const maxLongSpanSeconds = 604_800;
const missingWords = new Set(["missing", "ignore", "breaching", "notBreaching"]);

/** @throws {AwsError} As PutMetricAlarm; also for what this cloud lacks, naming it. */
export function alarmSettings(input: PutMetricAlarmCommandInput): AlarmSettings {
  const absent = (["ThresholdMetricId", "EvaluationCriteria", "EvaluationInterval"] as const).find(
    (name) => input[name] !== undefined,
  );
  if (absent) throw validation(`The embedded cloud has no alarms with ${absent}.`);
  if (!comparisons[input.ComparisonOperator ?? ""]) {
    throw validation(`The embedded cloud has no comparison ${input.ComparisonOperator}.`);
  }
  if (input.Threshold === undefined) throw missing("The parameter Threshold is required.");
  const evaluationPeriods = input.EvaluationPeriods ?? 0;
  if (evaluationPeriods < 1) throw validation("The value for parameter EvaluationPeriods must be greater than 0.");
  const datapointsToAlarm = input.DatapointsToAlarm ?? evaluationPeriods;
  if (datapointsToAlarm < 1 || datapointsToAlarm > evaluationPeriods) {
    throw validation("The parameter DatapointsToAlarm must be from 1 to EvaluationPeriods.");
  }
  const treatMissing = input.TreatMissingData ?? "missing";
  if (!missingWords.has(treatMissing)) {
    throw invalidValue(`Treat missing data option '${treatMissing}' is not supported.`);
  }
  const single = input.Metrics === undefined || input.Metrics.length === 0;
  const queries = single ? [singleQuery(input)] : checkedMetrics(input);
  const periodSeconds = Math.max(...queries.map((query) => query.MetricStat?.Period ?? query.Period ?? 0));
  checkSpan(periodSeconds, evaluationPeriods);
  return {
    name: input.AlarmName ?? "",
    ...(input.AlarmDescription !== undefined && { description: input.AlarmDescription }),
    actionsEnabled: input.ActionsEnabled ?? true,
    okActions: checkedActions(input.OKActions),
    alarmActions: checkedActions(input.AlarmActions),
    insufficientDataActions: checkedActions(input.InsufficientDataActions),
    queries,
    single,
    periodSeconds,
    evaluationPeriods,
    datapointsToAlarm,
    datapointsGiven: input.DatapointsToAlarm !== undefined,
    threshold: input.Threshold,
    comparison: input.ComparisonOperator ?? "",
    treatMissing: treatMissing as MissingData,
    treatMissingGiven: input.TreatMissingData !== undefined,
  };
}

function singleQuery(input: PutMetricAlarmCommandInput): MetricDataQuery {
  if (!input.MetricName || !input.Namespace) throw missing("The parameters MetricName and Namespace are required.");
  const stat = input.Statistic ?? input.ExtendedStatistic;
  if (stat === undefined || (input.Statistic !== undefined && input.ExtendedStatistic !== undefined)) {
    throw invalidCombination("Exactly one of the parameters Statistic and ExtendedStatistic must be specified.");
  }
  statisticNamed(stat);
  checkPeriod(input.Period ?? 0);
  return {
    Id: "m1",
    MetricStat: {
      Metric: { Namespace: input.Namespace, MetricName: input.MetricName, Dimensions: input.Dimensions ?? [] },
      Period: input.Period ?? 0,
      Stat: stat,
      ...(input.Unit !== undefined && { Unit: input.Unit }),
    },
    ReturnData: true,
  };
}

function checkedMetrics(input: PutMetricAlarmCommandInput): MetricDataQuery[] {
  const queries = input.Metrics ?? [];
  if (input.MetricName !== undefined || input.Statistic !== undefined || input.Period !== undefined) {
    throw invalidCombination("The parameters MetricName, Statistic and Period must not be specified with Metrics.");
  }
  checkQueries(queries);
  for (const { MetricStat } of queries) {
    if (!MetricStat) continue;
    checkPeriod(MetricStat.Period ?? 0);
    statisticNamed(MetricStat.Stat ?? "");
  }
  const returned = queries.filter((query) => query.ReturnData !== false);
  if (returned.length !== 1) {
    throw validation("Exactly one element of the metrics list should return data.");
  }
  return queries;
}

function checkSpan(periodSeconds: number, evaluationPeriods: number): void {
  const limit = periodSeconds >= 3600 ? maxLongSpanSeconds : maxSpanSeconds;
  if (periodSeconds * evaluationPeriods > limit) {
    throw validation(
      `Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= ${limit}).`,
    );
  }
}

function checkedActions(actions: string[] | undefined): string[] {
  const list = actions ?? [];
  if (list.length > maxActions) throw validation(`At most ${maxActions} actions of one kind are allowed.`);
  const odd = list.find((arn) => !/^arn:aws:(sns|lambda):/.test(arn));
  if (odd !== undefined) {
    throw invalidValue(`The embedded cloud has alarm actions for SNS and Lambda only, not ${odd}.`);
  }
  return list;
}
