import type { TargetTrackingConfiguration } from "@aws-sdk/client-auto-scaling";
import type { Kernel } from "../core/kernel.ts";
import { instant } from "./activities.ts";
import type { GroupDocument, InstanceDocument, PolicyDocument } from "./documents.ts";
import { isSuspended } from "./documents.ts";
import type { AutoScalingState } from "./state.ts";

/** A metric, and how each minute of it is summed up. */
export interface MetricQuery {
  namespace: string;
  name: string;
  dimensions: Readonly<Record<string, string>>;
  statistic: "Average" | "Sum" | "Minimum" | "Maximum" | "SampleCount";
}

/** Reads CloudWatch. */
export interface MetricReader {
  /** One value for each of the last `minutes` minutes before now, oldest first; undefined where nothing was recorded. */
  lastMinutes(query: MetricQuery, minutes: number): (number | undefined)[] | Promise<(number | undefined)[]>;
}

/** Alarms of target tracking look at this many minutes. Source: the alarms AWS makes for a target tracking policy. */
const minutesAbove = 3;
const minutesBelow = 15;
/** Scaling in begins below this share of the target. Same source. */
const lowShare = 0.9;
/** Newest minutes that may still be missing because their metric is recorded at the end of a minute. */
const latenessMinutes = 2;
const evaluationMs = 60_000;
/** The largest share of a group that goes in one scaling-in; at least one instance. AWS says only that it is gradual. */
const gradualShare = 0.1;

/**
 * Evaluates target tracking policies once a minute: out when every minute of three is above the target, by as much as the
 * ratio asks for; in when every minute of fifteen is below nine tenths of it, gradually. Where data is missing nothing
 * happens: on AWS the alarm would be INSUFFICIENT_DATA.
 */
export class TargetTracking {
  readonly #kernel: Kernel;
  readonly #state: AutoScalingState;
  readonly #metrics: MetricReader;

  constructor(kernel: Kernel, state: AutoScalingState, metrics: MetricReader) {
    this.#kernel = kernel;
    this.#state = state;
    this.#metrics = metrics;
  }

  async evaluate(group: Readonly<GroupDocument>): Promise<void> {
    const policies = this.#state.policiesOf(group.name).filter(({ enabled }) => enabled);
    const now = this.#kernel.clock.now();
    if (policies.length === 0 || now < group.evaluatedAtMs + evaluationMs || isSuspended(group, "AlarmNotification"))
      return;
    this.#state.change(group.name, () => ({ evaluatedAtMs: now }));
    const instances = this.#state.instancesOf(group.name);
    const wishes: { policy: Readonly<PolicyDocument>; wish: Wish }[] = [];
    for (const policy of policies) {
      const minutes = await this.#metrics.lastMinutes(
        queryOf(policy.configuration, group.name),
        minutesBelow + latenessMinutes,
      );
      const warm = instances.filter((instance) => isWarm(instance, warmupSeconds(group, policy), now)).length;
      wishes.push({ policy, wish: wishOf(minutes, policy.configuration, group.desired, warm) });
    }
    const out = wishes.filter(({ wish }) => wish.kind === "out").sort((a, b) => b.wish.capacity - a.wish.capacity)[0];
    if (out) return this.#scale(group, out.wish.capacity, out.policy, "High");
    // Scaling in needs every policy that may scale in to agree, and no instance that is still warming up.
    const may = wishes.filter(({ policy }) => policy.configuration.DisableScaleIn !== true);
    const warming = instances.some(
      (one) =>
        one.state.startsWith("Pending") ||
        may.some(({ policy }) => one.state === "InService" && !isWarm(one, warmupSeconds(group, policy), now)),
    );
    if (may.length === 0 || warming || may.some(({ wish }) => wish.kind !== "in")) return;
    const mildest = may.sort((a, b) => b.wish.capacity - a.wish.capacity)[0];
    if (mildest) this.#scale(group, mildest.wish.capacity, mildest.policy, "Low");
  }

  #scale(
    { name }: Readonly<GroupDocument>,
    capacity: number,
    policy: Readonly<PolicyDocument>,
    alarm: "High" | "Low",
  ): void {
    const now = this.#kernel.clock.now();
    this.#state.change(name, ({ desired, minSize, maxSize }) => {
      const next = Math.min(Math.max(capacity, minSize), maxSize);
      if (next === desired) return {};
      const cause = `At ${instant(now)} a monitor alarm TargetTracking-${name}-Alarm${alarm} in state ALARM triggered policy ${policy.name} changing the desired capacity from ${desired} to ${next}.`;
      return { desired: next, cause };
    });
  }
}

/** What one policy asks for. */
export interface Wish {
  kind: "out" | "in" | "stay";
  capacity: number;
}

/**
 * What a policy asks for, from minutes of its metric (oldest first).
 * @param warm Instances whose load the metric already shows.
 */
export function wishOf(
  minutes: readonly (number | undefined)[],
  { TargetValue: target = 0 }: TargetTrackingConfiguration,
  desired: number,
  warm: number,
): Wish {
  const known = withoutLate(minutes);
  const latest = known.at(-1) ?? 0;
  const proportional = target === 0 ? desired : Math.ceil((warm * latest) / target);
  const above = known.slice(-minutesAbove);
  if (above.length === minutesAbove && above.every((value) => value !== undefined && value > target)) {
    return proportional > desired ? { kind: "out", capacity: proportional } : { kind: "stay", capacity: desired };
  }
  const below = known.slice(-minutesBelow);
  if (below.length === minutesBelow && below.every((value) => value !== undefined && value < target * lowShare)) {
    const most = Math.max(1, Math.floor(desired * gradualShare));
    const capacity = Math.max(proportional, desired - most);
    return capacity < desired ? { kind: "in", capacity } : { kind: "stay", capacity: desired };
  }
  return { kind: "stay", capacity: desired };
}

/** Drops the newest minutes while they are still to be recorded. */
function withoutLate(minutes: readonly (number | undefined)[]): (number | undefined)[] {
  const known = [...minutes];
  for (let late = 0; late < latenessMinutes && known.length > 0 && known.at(-1) === undefined; late++) known.pop();
  return known;
}

function isWarm({ state, inServiceAtMs }: Readonly<InstanceDocument>, warmup: number, now: number): boolean {
  return state === "InService" && inServiceAtMs !== undefined && now >= inServiceAtMs + warmup * 1000;
}

/** Source: "the default instance warmup … if not set, EstimatedInstanceWarmup defaults to the default cooldown". */
function warmupSeconds(group: Readonly<GroupDocument>, policy: Readonly<PolicyDocument>): number {
  return policy.warmupSeconds ?? group.defaultInstanceWarmupSeconds ?? group.defaultCooldownSeconds;
}

/** The CloudWatch metric behind a predefined or customized specification. */
export function queryOf(configuration: TargetTrackingConfiguration, group: string): MetricQuery {
  const { PredefinedMetricSpecification: predefined, CustomizedMetricSpecification: own } = configuration;
  if (predefined?.PredefinedMetricType === "ALBRequestCountPerTarget") {
    // app/<name>/<id>/targetgroup/<name>/<id>, checked when the policy was put.
    const [, LoadBalancer = "", TargetGroup = ""] =
      /^(app\/.+)\/(targetgroup\/.+)$/.exec(predefined.ResourceLabel ?? "") ?? [];
    const dimensions = { LoadBalancer, TargetGroup };
    return { namespace: "AWS/ApplicationELB", name: "RequestCountPerTarget", dimensions, statistic: "Sum" };
  }
  if (predefined) {
    const name =
      predefined.PredefinedMetricType === "ASGAverageCPUUtilization"
        ? "CPUUtilization"
        : (predefined.PredefinedMetricType ?? "").replace("ASGAverage", "");
    return { namespace: "AWS/EC2", name, dimensions: { AutoScalingGroupName: group }, statistic: "Average" };
  }
  const dimensions = Object.fromEntries((own?.Dimensions ?? []).map(({ Name = "", Value = "" }) => [Name, Value]));
  return {
    namespace: own?.Namespace ?? "",
    name: own?.MetricName ?? "",
    dimensions,
    statistic: own?.Statistic ?? "Average",
  };
}
