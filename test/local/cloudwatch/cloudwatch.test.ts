import type {
  DescribeAlarmHistoryCommandOutput,
  DescribeAlarmsCommandOutput,
  GetMetricDataCommandOutput,
  GetMetricStatisticsCommandOutput,
} from "@aws-sdk/client-cloudwatch";
import { beforeEach, describe, expect, it } from "vitest";
import { CloudWatchService } from "../../../local/cloudwatch/service.ts";
import { VirtualClock } from "../../../local/core/clock.ts";
import { type AwsEvent, type Caller, Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";

const administrator: Caller = {
  kind: "user",
  arn: "arn:aws:iam::123456789012:user/admin",
  accountId: "123456789012",
  name: "admin",
};
const start = Date.UTC(2026, 0, 1);
const minute = 60_000;

let clock: VirtualClock;
let kernel: Kernel;
let cloudWatch: CloudWatchService;

beforeEach(async () => {
  clock = new VirtualClock();
  kernel = new Kernel(settingsWith(), clock);
  kernel.judge = () => undefined;
  cloudWatch = new CloudWatchService(kernel);
  kernel.register(cloudWatch);
  await kernel.start();
});

function call<O = unknown>(operation: string, input: object): Promise<O> {
  return kernel.call<O>("monitoring", operation, input, administrator);
}

function put(MetricName: string, Value: number, at = clock.now(), Dimensions = [{ Name: "Stage", Value: "dev" }]) {
  const MetricData = [{ MetricName, Value, Dimensions, Timestamp: new Date(at), Unit: "Count" }];
  return call("PutMetricData", { Namespace: "Kiln", MetricData });
}

function query(Id: string, MetricName: string, Stat: string) {
  const Metric = { Namespace: "Kiln", MetricName, Dimensions: [{ Name: "Stage", Value: "dev" }] };
  return { Id, MetricStat: { Metric, Period: 60, Stat }, ReturnData: false };
}

async function results(MetricDataQueries: object[], minutes = 4): Promise<Record<string, number[]>> {
  const output = await call<GetMetricDataCommandOutput>("GetMetricData", {
    MetricDataQueries,
    StartTime: new Date(start),
    EndTime: new Date(start + minutes * minute),
    ScanBy: "TimestampAscending",
  });
  return Object.fromEntries((output.MetricDataResults ?? []).map((one) => [one.Id, one.Values ?? []]));
}

describe("metrics", () => {
  // Source: API reference of GetMetricStatistics, Unit.
  it("are told by unit, each for itself, unless one unit is asked for", async () => {
    await put("Took", 1);
    const MetricData = [2, 3].map((Value) => ({
      MetricName: "Took",
      Value,
      Timestamp: new Date(start),
      Unit: "Seconds",
    }));
    const Dimensions = [{ Name: "Stage", Value: "dev" }];
    await call("PutMetricData", { Namespace: "Kiln", MetricData: MetricData.map((one) => ({ ...one, Dimensions })) });
    const asked = { Namespace: "Kiln", MetricName: "Took", Dimensions, Period: 60, Statistics: ["Sum"] };
    const range = { StartTime: new Date(start), EndTime: new Date(start + minute) };
    const ask = (more: object) =>
      call<GetMetricStatisticsCommandOutput>("GetMetricStatistics", { ...asked, ...range, ...more });
    const at = new Date(start);
    expect((await ask({})).Datapoints).toEqual([
      { Timestamp: at, Unit: "Count", Sum: 1 },
      { Timestamp: at, Unit: "Seconds", Sum: 5 },
    ]);
    expect((await ask({ Unit: "Seconds" })).Datapoints).toEqual([{ Timestamp: at, Unit: "Seconds", Sum: 5 }]);
    expect((await ask({ Unit: "Bytes" })).Datapoints).toEqual([]);
  });

  it("are summed up by period and statistic, of exactly the dimensions asked for", async () => {
    for (const value of [1, 2, 3, 10]) await put("Requests", value);
    await put("Requests", 99, start, [{ Name: "Stage", Value: "prod" }]);
    await put("Requests", 7, start + minute);
    const output = await call<GetMetricStatisticsCommandOutput>("GetMetricStatistics", {
      Namespace: "Kiln",
      MetricName: "Requests",
      Dimensions: [{ Name: "Stage", Value: "dev" }],
      StartTime: new Date(start),
      EndTime: new Date(start + 10 * minute),
      Period: 60,
      Statistics: ["Sum", "Average", "Minimum", "Maximum", "SampleCount"],
    });
    expect(output.Datapoints).toMatchObject([
      { Timestamp: new Date(start), Sum: 16, Average: 4, Minimum: 1, Maximum: 10, SampleCount: 4 },
      { Timestamp: new Date(start + minute), Sum: 7, SampleCount: 1 },
    ]);
  });

  it("give percentiles", async () => {
    for (let value = 1; value <= 100; value++) await put("Latency", value);
    const queries = [
      { ...query("p50", "Latency", "p50"), ReturnData: true },
      { ...query("p99", "Latency", "p99"), ReturnData: true },
    ];
    expect(await results(queries)).toEqual({ p50: [50], p99: [99] });
  });

  it("give the rank of a value, which counts itself, and of what lies between two", async () => {
    for (const value of [1, 2, 3, 4]) await put("Latency", value);
    const queries = [
      { ...query("to3", "Latency", "PR(:3)"), ReturnData: true },
      { ...query("from2to3", "Latency", "PR(2:3)"), ReturnData: true },
      { ...query("above", "Latency", "PR(1.5:)"), ReturnData: true },
    ];
    expect(await results(queries)).toEqual({ to3: [75], from2to3: [25], above: [75] });
    await expect(results([{ ...query("none", "Latency", "PR(:)"), ReturnData: true }])).rejects.toThrow("PR(:)");
  });

  it.each([
    ["errors / requests * 100", [50, 10]],
    ["FILL(errors, 0)", [5, 1, 0, 0]],
    ["FILL(errors, REPEAT)", [5, 1, 1, 1]],
    ["SUM(METRICS())", [15, 11, 20]],
    ["SUM([errors, requests])", [15, 11, 20]],
    ["IF(requests > 10, 1, 0)", [0, 0, 1]],
    ["IF(FILL(errors, 0) / requests > 0.2 AND requests >= 10, 1, 0)", [1, 0, 0]],
    ["MAX(requests)", [20]],
    ["-errors * (2 + 1)", [-15, -3]],
    ["DIFF(requests)", [0, 10]],
  ])("can be computed with: %s", async (Expression, expected) => {
    for (const [index, value] of [10, 10, 20].entries()) await put("Requests", value, start + index * minute);
    for (const [index, value] of [5, 1].entries()) await put("Errors", value, start + index * minute);
    const queries = [query("errors", "Errors", "Sum"), query("requests", "Requests", "Sum"), { Id: "e1", Expression }];
    expect(await results(queries)).toEqual({ e1: expected });
  });

  it("that this cloud cannot compute are refused by name", async () => {
    const search = [{ Id: "e1", Expression: "SEARCH('{Kiln} x', 'Sum')" }];
    await expect(results(search)).rejects.toThrow(/SEARCH/);
    await expect(results([{ Id: "e1", Expression: "e1 + 1" }])).rejects.toThrow(/refers to itself/);
  });

  it("cannot be put into AWS's own namespaces, from another time, or without one value", async () => {
    const datum = { MetricName: "x", Value: 1 };
    const cases = [
      { Namespace: "AWS/Lambda", MetricData: [datum] },
      { Namespace: "Kiln", MetricData: [{ ...datum, Timestamp: new Date(start - 15 * 24 * 60 * minute) }] },
      { Namespace: "Kiln", MetricData: [{ MetricName: "x" }] },
    ];
    for (const input of cases) await expect(call("PutMetricData", input)).rejects.toMatchObject({ status: 400 });
  });

  it("of AWS's services are recorded by them, and read minute by minute", async () => {
    cloudWatch.record("AWS/EC2", "CPUUtilization", { AutoScalingGroupName: "web" }, 40, "Percent");
    await clock.advance(2 * minute);
    const metric = { namespace: "AWS/EC2", name: "CPUUtilization", dimensions: { AutoScalingGroupName: "web" } };
    expect(cloudWatch.lastMinutes({ ...metric, statistic: "Average" }, 3)).toEqual([undefined, 40, undefined]);
    expect(await call("ListMetrics", { Namespace: "AWS/EC2" })).toEqual({
      Metrics: [
        {
          Namespace: "AWS/EC2",
          MetricName: "CPUUtilization",
          Dimensions: [{ Name: "AutoScalingGroupName", Value: "web" }],
        },
      ],
    });
  });

  it("survive as documents: reading after days finds what is not too old", async () => {
    await put("Requests", 1);
    await clock.advance(16 * 24 * 60 * minute);
    expect(await results([{ ...query("m", "Requests", "Sum"), ReturnData: true }])).toEqual({ m: [] });
    expect(await call("ListMetrics", {})).toEqual({ Metrics: [] });
  });
});

describe("alarms", () => {
  const topic = "arn:aws:sns:us-east-1:123456789012:alerts";
  const alarm = {
    AlarmName: "dirty-end",
    Namespace: "Kiln",
    MetricName: "DirtyEnds",
    Dimensions: [{ Name: "Stage", Value: "dev" }],
    Statistic: "Sum",
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: "GreaterThanOrEqualToThreshold",
    TreatMissingData: "notBreaching",
    AlarmActions: [topic],
  };
  let events: AwsEvent[];
  let published: { input: { TopicArn: string; Message: string; Subject: string }; caller: Caller }[];

  beforeEach(() => {
    events = [];
    published = [];
    kernel.on("aws.event", (event) => events.push(event));
    kernel.register({
      id: "sns",
      operations: { Publish: { run: (input, { caller }) => published.push({ input, caller }) } },
    });
  });

  async function state(): Promise<string | undefined> {
    const output = await call<DescribeAlarmsCommandOutput>("DescribeAlarms", { AlarmNames: ["dirty-end"] });
    return output.MetricAlarms?.[0]?.StateValue;
  }

  it("know nothing at first, and are fine once nothing is known to breach", async () => {
    await call("PutMetricAlarm", alarm);
    expect(await state()).toBe("INSUFFICIENT_DATA");
    await clock.advance(minute);
    expect(await state()).toBe("OK");
    expect(published).toEqual([]);
  });

  it("go off once, tell the topic and EventBridge, and calm down again", async () => {
    await call("PutMetricAlarm", alarm);
    await clock.advance(2 * minute);
    events = [];
    await put("DirtyEnds", 1);
    await clock.advance(minute);
    expect(await state()).toBe("ALARM");
    expect(events).toMatchObject([
      {
        source: "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        resources: ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:dirty-end"],
        detail: {
          alarmName: "dirty-end",
          state: {
            value: "ALARM",
            reason: "Threshold Crossed: 1 datapoint [1.0] was greater than or equal to the threshold (1.0).",
          },
          previousState: { value: "OK" },
          configuration: { metrics: [{ metricStat: { metric: { namespace: "Kiln", dimensions: { Stage: "dev" } } } }] },
        },
      },
    ]);
    await clock.advance(10 * minute);
    expect(published).toHaveLength(1);
    expect(published[0]?.caller).toMatchObject({
      kind: "service",
      name: "cloudwatch.amazonaws.com",
      sourceArn: "arn:aws:cloudwatch:us-east-1:123456789012:alarm:dirty-end",
    });
    expect(JSON.parse(published[0]?.input.Message ?? "")).toMatchObject({
      NewStateValue: "ALARM",
      OldStateValue: "OK",
    });
    expect(await state()).toBe("OK");
  });

  it("do nothing while their actions are off", async () => {
    await call("PutMetricAlarm", { ...alarm, ActionsEnabled: false });
    await call("SetAlarmState", { AlarmName: "dirty-end", StateValue: "ALARM", StateReason: "drill" });
    await clock.advance(1000);
    expect(published).toEqual([]);
    expect(events).toHaveLength(1);
  });

  it("keep a history, in which a failed action is named", async () => {
    kernel.judgeService = () => "because no resource-based policy allows the sns:Publish action";
    await call("PutMetricAlarm", alarm);
    await call("SetAlarmState", { AlarmName: "dirty-end", StateValue: "ALARM", StateReason: "drill" });
    await clock.advance(1000);
    const output = await call<DescribeAlarmHistoryCommandOutput>("DescribeAlarmHistory", { AlarmName: "dirty-end" });
    const summaries = output.AlarmHistoryItems?.map((item) => item.HistorySummary?.split(".")[0]);
    expect(summaries).toContain('Alarm "dirty-end" created');
    expect(summaries).toContain("Alarm updated from INSUFFICIENT_DATA to ALARM");
    expect(summaries?.some((summary) => summary?.startsWith(`Failed to execute action ${topic}`))).toBe(true);
    expect(published).toEqual([]);
  });

  it("watch expressions", async () => {
    await call("PutMetricAlarm", {
      AlarmName: "dirty-end",
      Metrics: [
        query("errors", "Errors", "Sum"),
        query("requests", "Requests", "Sum"),
        { Id: "rate", Expression: "errors / requests", ReturnData: true },
      ],
      EvaluationPeriods: 1,
      Threshold: 0.5,
      ComparisonOperator: "GreaterThanThreshold",
    });
    await put("Errors", 9);
    await put("Requests", 10);
    await clock.advance(minute);
    expect(await state()).toBe("ALARM");
  });

  it("are gone when deleted, and say so", async () => {
    await call("PutMetricAlarm", alarm);
    await call("DeleteAlarms", { AlarmNames: ["dirty-end"] });
    await put("DirtyEnds", 1);
    await clock.advance(5 * minute);
    expect(events).toEqual([]);
    await expect(call("DeleteAlarms", { AlarmNames: ["dirty-end"] })).rejects.toMatchObject({
      code: "ResourceNotFound",
    });
  });
});
