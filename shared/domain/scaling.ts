import type { ServiceSpec } from "./service-spec.ts";

/** What the size of a fleet follows: the predefined metrics of target tracking, and what is to be kept. */
export interface ScalingTarget {
  /** The policy's name, unique in its group. */
  name: string;
  metric: "ASGAverageCPUUtilization" | "ALBRequestCountPerTarget";
  /** Unit: percent of CPU, or requests a minute and server. */
  target: number;
  /** Which load balancer and target group count the requests. */
  resourceLabel?: string;
}

/**
 * The policies of a release's fleet; none when its spec has no scaling.
 * @param listenerArn Of the load balancer in front of the fleet.
 */
export function scalingTargets(
  { scaling = {} }: ServiceSpec["capacity"],
  listenerArn: string,
  targetGroupArn: string,
): ScalingTarget[] {
  const { cpuPercent, requestsPerMinute } = scaling;
  return [
    ...(cpuPercent === undefined
      ? []
      : [{ name: "cpu", metric: "ASGAverageCPUUtilization", target: cpuPercent } as const]),
    ...(requestsPerMinute === undefined
      ? []
      : [
          {
            name: "requests",
            metric: "ALBRequestCountPerTarget",
            target: requestsPerMinute,
            resourceLabel: resourceLabel(listenerArn, targetGroupArn),
          } as const,
        ]),
  ];
}

/**
 * How target tracking names a target group behind a load balancer: the ends of both ARNs, `app/…/…/targetgroup/…/…`.
 * Source: Auto Scaling API reference, PredefinedMetricSpecification, ResourceLabel.
 */
function resourceLabel(listenerArn: string, targetGroupArn: string): string {
  const loadBalancer = resourceOf(listenerArn).split("/").slice(1, -1);
  return [...loadBalancer, resourceOf(targetGroupArn)].join("/");
}

/** The last part of an ARN. */
function resourceOf(arn: string): string {
  return arn.slice(arn.lastIndexOf(":") + 1);
}
