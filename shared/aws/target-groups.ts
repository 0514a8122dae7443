import {
  CreateTargetGroupCommand,
  DeleteTargetGroupCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
  ModifyTargetGroupAttributesCommand,
  type TargetHealthDescription,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { FleetHealth } from "../domain/health.ts";
import type { Release } from "../domain/release.ts";
import { isNamed } from "../errors.ts";
import { deleteUnlessGone } from "./deleting.ts";
import { tagList } from "./images.ts";

/** Target groups: how the load balancer sees each fleet. */
export class TargetGroups {
  readonly #elb: ElasticLoadBalancingV2Client;

  constructor(elb: ElasticLoadBalancingV2Client) {
    this.#elb = elb;
  }

  async find(name: string): Promise<string | undefined> {
    try {
      const found = await this.#elb.send(new DescribeTargetGroupsCommand({ Names: [name] }));
      return found.TargetGroups?.[0]?.TargetGroupArn;
    } catch (error) {
      if (isNamed(error, "TargetGroupNotFoundException", "TargetGroupNotFound")) return undefined;
      throw error;
    }
  }

  /** The group of a release under its derived name, created when it is missing, with its attributes set. */
  async ensure(name: string, release: Release, tags: Record<string, string>): Promise<string> {
    const { spec, network } = release;
    const arn = (await this.find(name)) ?? (await this.#create(name, spec, network.vpcId, tags));
    // Set also when the group was found: the call before may have died between creating and this.
    await this.#elb.send(
      new ModifyTargetGroupAttributesCommand({
        TargetGroupArn: arn,
        Attributes: [
          { Key: "deregistration_delay.timeout_seconds", Value: String(spec.drainSeconds) },
          // An empty or failing candidate must not make DNS call the whole load balancer unhealthy.
          { Key: "target_group_health.dns_failover.minimum_healthy_targets.count", Value: "off" },
        ],
      }),
    );
    return arn;
  }

  async #create(name: string, spec: Release["spec"], vpcId: string, tags: Record<string, string>): Promise<string> {
    const made = await this.#elb.send(
      new CreateTargetGroupCommand({
        Name: name,
        Protocol: "HTTP",
        Port: spec.port,
        VpcId: vpcId,
        TargetType: "instance",
        HealthCheckEnabled: true,
        HealthCheckPath: spec.healthCheck.path,
        HealthCheckIntervalSeconds: spec.healthCheck.intervalSeconds,
        HealthCheckTimeoutSeconds: spec.healthCheck.timeoutSeconds,
        HealthyThresholdCount: spec.healthCheck.healthyThreshold,
        UnhealthyThresholdCount: spec.healthCheck.unhealthyThreshold,
        Matcher: { HttpCode: "200-299" },
        Tags: tagList(tags),
      }),
    );
    return made.TargetGroups?.[0]?.TargetGroupArn ?? "";
  }

  /** Health of every registered target that is not leaving. A group that is gone has none. */
  async health(targetGroupArn: string): Promise<FleetHealth> {
    const staying = await this.#staying(targetGroupArn);
    const unwell = staying.filter(isUnwell);
    return {
      healthy: staying.length - unwell.length,
      total: staying.length,
      reasons: unwell.map(({ Target, TargetHealth }) =>
        [Target?.Id, TargetHealth?.State, TargetHealth?.Reason, TargetHealth?.Description].filter(Boolean).join(" "),
      ),
    };
  }

  /** Ids of the registered targets that are neither healthy nor leaving. */
  async unhealthy(targetGroupArn: string): Promise<string[]> {
    const unwell = (await this.#staying(targetGroupArn)).filter(isUnwell);
    return unwell.flatMap(({ Target }) => Target?.Id ?? []);
  }

  async #staying(targetGroupArn: string): Promise<TargetHealthDescription[]> {
    try {
      const described = await this.#elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }));
      return (described.TargetHealthDescriptions ?? []).filter(
        ({ TargetHealth }) => TargetHealth?.State !== "draining",
      );
    } catch (error) {
      if (isNamed(error, "TargetGroupNotFoundException", "TargetGroupNotFound")) return [];
      throw error;
    }
  }

  /** @throws TargetGroupNotFound, as AWS says it. */
  async #exists(targetGroupArn: string): Promise<boolean> {
    const found = await this.#elb.send(new DescribeTargetGroupsCommand({ TargetGroupArns: [targetGroupArn] }));
    return found.TargetGroups?.length !== 0;
  }

  /** Deletes a group. Returns false while a rule still points to it; gone is done. */
  async delete(targetGroupArn: string): Promise<boolean> {
    try {
      await deleteUnlessGone(
        () => this.#elb.send(new DeleteTargetGroupCommand({ TargetGroupArn: targetGroupArn })),
        () => this.#exists(targetGroupArn),
      );
      return true;
    } catch (error) {
      if (isNamed(error, "ResourceInUseException", "ResourceInUse")) return false;
      if (isNamed(error, "TargetGroupNotFoundException", "TargetGroupNotFound")) return true;
      throw error;
    }
  }
}

function isUnwell({ TargetHealth }: TargetHealthDescription): boolean {
  return TargetHealth?.State !== "healthy";
}
