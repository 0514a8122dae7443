import type { Kernel } from "../core/kernel.ts";
import type { BalancingState } from "./state.ts";
import type { TrafficCounts, TrafficDriver } from "./traffic.ts";

/**
 * Records one value of an AWS metric, as CloudWatch takes it.
 * @param unit CloudWatch's word for it, such as `Count` or `Seconds`.
 */
export type RecordMetric = (
  namespace: string,
  name: string,
  dimensions: Readonly<Record<string, string>>,
  value: number,
  unit: string,
) => void;

/** Source: "Elastic Load Balancing measures and sends its metrics in 60-second intervals". */
const periodMs = 60_000;
/** Response times recorded per group and minute: evenly spaced quantiles, so that percentiles hold to one per cent. */
const responseSamples = 100;
const namespace = "AWS/ApplicationELB";
const job = "elasticloadbalancing.metrics";

/**
 * Sends the metrics of load balancers and groups to CloudWatch once a minute. Counts are sent only when there was
 * traffic, health counts while a group in use has targets. Source: "CloudWatch metrics for your Application Load
 * Balancer". A count is sent as one value, so its Sum is right; its SampleCount is 1, unlike on AWS.
 */
export class BalancingMetrics {
  readonly #kernel: Kernel;
  readonly #state: BalancingState;
  readonly #traffic: () => TrafficDriver;
  readonly #record: RecordMetric;

  constructor(kernel: Kernel, state: BalancingState, traffic: () => TrafficDriver, record: RecordMetric) {
    this.#kernel = kernel;
    this.#state = state;
    this.#traffic = traffic;
    this.#record = record;
    kernel.jobs.on(job, () => this.#send());
  }

  /** Keeps the minute's job going while there is a load balancer. */
  plan(): void {
    if (this.#kernel.jobs.dueAt(job) === undefined) this.#schedule();
  }

  #schedule(): void {
    this.#kernel.jobs.schedule(job, this.#kernel.clock.now() + periodMs, {}, job);
  }

  #send(): void {
    for (const counts of this.#traffic().takeCounts()) this.#sendCounts(counts);
    const balancers = this.#state.balancers.list();
    for (const { arn } of balancers) for (const groupArn of this.#state.groupsOf(arn)) this.#sendHealth(arn, groupArn);
    if (balancers.length > 0) this.#schedule();
  }

  #sendCounts(counts: TrafficCounts): void {
    const balancer = balancerDimension(counts.balancerArn);
    const dimensions = counts.groupArn === undefined ? balancer : { ...balancer, ...groupDimension(counts.groupArn) };
    const count = (name: string, value: number) => {
      if (value > 0) this.#record(namespace, name, dimensions, value, "Count");
    };
    count("RequestCount", counts.requests);
    count("HTTPCode_ELB_5XX_Count", counts.ownErrors);
    count("TargetConnectionErrorCount", counts.connectionErrors);
    count("UnhealthyRoutingRequestCount", counts.unhealthyRouting);
    for (const hundred of [2, 3, 4, 5])
      count(`HTTPCode_Target_${hundred}XX_Count`, counts.answersByHundred[hundred] ?? 0);
    for (const seconds of quantiles(counts.responseSeconds)) {
      this.#record(namespace, "TargetResponseTime", dimensions, seconds, "Seconds");
    }
    const targets = counts.groupArn === undefined ? [] : this.#state.targetsOf(counts.groupArn);
    const serving = targets.filter(({ state }) => state === "healthy").length;
    if (counts.requests > 0 && serving > 0) {
      this.#record(namespace, "RequestCountPerTarget", dimensions, counts.requests / serving, "Count");
    }
  }

  #sendHealth(balancerArn: string, groupArn: string): void {
    const targets = this.#state.targetsOf(groupArn);
    if (targets.length === 0) return;
    const dimensions = { ...balancerDimension(balancerArn), ...groupDimension(groupArn) };
    const healthy = targets.filter(({ state }) => state === "healthy").length;
    const unhealthy = targets.filter(({ state }) => state === "unhealthy").length;
    this.#record(namespace, "HealthyHostCount", dimensions, healthy, "Count");
    this.#record(namespace, "UnHealthyHostCount", dimensions, unhealthy, "Count");
  }
}

function quantiles(values: readonly number[]): number[] {
  if (values.length <= responseSamples) return [...values];
  const sorted = [...values].sort((a, b) => a - b);
  return Array.from({ length: responseSamples }, (_, index) => {
    return sorted[Math.floor(((index + 0.5) * sorted.length) / responseSamples)] ?? 0;
  });
}

/** CloudWatch names resources by the last part of their ARN: `app/web/50dc6c495c0c9188`, `targetgroup/web/73e2d6bc24d8a067`. */
function balancerDimension(arn: string): Record<string, string> {
  return { LoadBalancer: arn.slice(arn.indexOf(":loadbalancer/") + ":loadbalancer/".length) };
}

function groupDimension(arn: string): Record<string, string> {
  return { TargetGroup: arn.slice(arn.lastIndexOf(":") + 1) };
}
