import { type CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import type { Minute } from "../domain/canary.ts";
import type { GroupCounts } from "../domain/judge/canary-judge.ts";

/** The two groups that are compared, by ARN. */
export interface ComparedGroups {
  loadBalancerArn: string;
  baseline: string;
  candidate: string;
}

const roles = ["baseline", "candidate"] as const;

/**
 * What is read of each group, per minute. Source: "CloudWatch metrics for your Application Load Balancer". A request that
 * breaks off after the connection was made is counted for the load balancer as a whole only, so it cannot be judged here.
 */
const sums = {
  requests: "RequestCount",
  answered5xx: "HTTPCode_Target_5XX_Count",
  unconnected: "TargetConnectionErrorCount",
} as const;

/** How many requests each of two target groups got, and how they were answered, by CloudWatch's count. */
export class GroupMetrics {
  readonly #cloudwatch: CloudWatchClient;

  constructor(cloudwatch: CloudWatchClient) {
    this.#cloudwatch = cloudwatch;
  }

  /**
   * Minutes in which either group got a request, in their order.
   * @param range Whole minutes. Unit: milliseconds since the Unix epoch, at most an hour.
   * @param slowMilliseconds Counts slower answers as well.
   */
  async minutes(
    groups: ComparedGroups,
    range: { fromMs: number; toMs: number },
    slowMilliseconds?: number,
  ): Promise<Minute[]> {
    const read = await this.#cloudwatch.send(
      new GetMetricDataCommand({
        MetricDataQueries: roles.flatMap((role) => queries(groups, role, slowMilliseconds)),
        StartTime: new Date(range.fromMs),
        EndTime: new Date(range.toMs),
        ScanBy: "TimestampAscending",
      }),
    );
    const series = new Map(
      (read.MetricDataResults ?? []).map(({ Id = "", Timestamps = [], Values = [] }) => [
        Id,
        new Map(Timestamps.map((time, index) => [time.getTime(), Values[index] ?? 0])),
      ]),
    );
    const times = [...new Set(roles.flatMap((role) => [...(series.get(`${role}_requests`)?.keys() ?? [])]))];
    return times
      .sort((a, b) => a - b)
      .map((startMs) => {
        const counts = (role: (typeof roles)[number]) =>
          groupCounts((name) => series.get(`${role}_${name}`)?.get(startMs), slowMilliseconds !== undefined);
        return { startMs, baseline: counts("baseline"), candidate: counts("candidate") };
      });
  }
}

function groupCounts(value: (name: string) => number | undefined, withSlow: boolean): GroupCounts {
  const requests = value("requests") ?? 0;
  const errors = Math.min(requests, (value("answered5xx") ?? 0) + (value("unconnected") ?? 0));
  // Of what was answered: nothing is known of how long the others would have taken.
  const answered = requests - Math.min(requests, value("unconnected") ?? 0);
  const slow = Math.round(answered * (1 - (value("fast") ?? 100) / 100));
  return { requests, errors, ...(withSlow && { slow }) };
}

function queries(
  groups: ComparedGroups,
  role: (typeof roles)[number],
  slowMilliseconds: number | undefined,
): MetricDataQuery[] {
  const Dimensions = [
    { Name: "LoadBalancer", Value: groups.loadBalancerArn.replace(/^.*:loadbalancer\//, "") },
    { Name: "TargetGroup", Value: groups[role].replace(/^.*:/, "") },
  ];
  const query = (name: string, MetricName: string, Stat: string): MetricDataQuery => ({
    Id: `${role}_${name}`,
    MetricStat: { Metric: { Namespace: "AWS/ApplicationELB", MetricName, Dimensions }, Period: 60, Stat },
  });
  const counted = Object.entries(sums).map(([name, metric]) => query(name, metric, "Sum"));
  if (slowMilliseconds === undefined) return counted;
  // Percentile rank: per cent of the values up to a limit, that one included. Source: "CloudWatch statistics definitions".
  return [...counted, query("fast", "TargetResponseTime", `PR(:${slowMilliseconds / 1000})`)];
}
