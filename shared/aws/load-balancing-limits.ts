import {
  DescribeAccountLimitsCommand,
  DescribeTargetGroupsCommand,
  type ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { describeRules } from "./listener-reading.ts";

/** What is used of something, and how much of it there may be. */
export interface Used {
  used: number;
  limit: number;
}

/** The load balancer's quotas that a deploy can run into. */
export class LoadBalancingLimits {
  readonly #elb: ElasticLoadBalancingV2Client;

  constructor(elb: ElasticLoadBalancingV2Client) {
    this.#elb = elb;
  }

  /** Target groups of the account in this Region, and rules of one listener; the default rule does not count. */
  async read(listenerArn: string): Promise<{ targetGroups: Used; rules: Used }> {
    const [{ Limits = [] }, groups, rules] = await Promise.all([
      this.#elb.send(new DescribeAccountLimitsCommand({ PageSize: 400 })),
      this.#countGroups(),
      describeRules(this.#elb, listenerArn),
    ]);
    const limit = (name: string) => Number(Limits.find(({ Name }) => Name === name)?.Max ?? Number.POSITIVE_INFINITY);
    return {
      targetGroups: { used: groups, limit: limit("target-groups") },
      rules: {
        used: rules.filter(({ IsDefault }) => !IsDefault).length,
        limit: limit("rules-per-application-load-balancer"),
      },
    };
  }

  async #countGroups(): Promise<number> {
    let count = 0;
    let marker: string | undefined;
    do {
      const page = await this.#elb.send(
        new DescribeTargetGroupsCommand({ PageSize: 400, ...(marker && { Marker: marker }) }),
      );
      count += page.TargetGroups?.length ?? 0;
      marker = page.NextMarker;
    } while (marker);
    return count;
  }
}
