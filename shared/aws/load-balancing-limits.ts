import {
  DescribeAccountLimitsCommand,
  DescribeListenersCommand,
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

  /**
   * Target groups of the account in this Region, and rules of one load balancer: those of all its listeners count
   * together, the default ones do not ("Quotas for your Application Load Balancers").
   */
  async read(loadBalancerArn: string): Promise<{ targetGroups: Used; rules: Used }> {
    const [{ Limits = [] }, groups, rules] = await Promise.all([
      this.#elb.send(new DescribeAccountLimitsCommand({ PageSize: 400 })),
      this.#countGroups(),
      this.#countRules(loadBalancerArn),
    ]);
    const limit = (name: string) => Number(Limits.find(({ Name }) => Name === name)?.Max ?? Number.POSITIVE_INFINITY);
    return {
      targetGroups: { used: groups, limit: limit("target-groups") },
      rules: { used: rules, limit: limit("rules-per-application-load-balancer") },
    };
  }

  async #countRules(LoadBalancerArn: string): Promise<number> {
    // One page is enough: a load balancer has at most 50 listeners, and pages hold up to 400.
    const { Listeners = [] } = await this.#elb.send(new DescribeListenersCommand({ LoadBalancerArn, PageSize: 400 }));
    const rules = await Promise.all(Listeners.map(({ ListenerArn = "" }) => describeRules(this.#elb, ListenerArn)));
    return rules.flat().filter(({ IsDefault }) => !IsDefault).length;
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
