import { DescribeSecurityGroupsCommand, DescribeSubnetsCommand, type EC2Client } from "@aws-sdk/client-ec2";
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  type ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Network } from "../domain/release.ts";
import { isNamed, NetworkError } from "../errors.ts";

/** Finds where a service's fleets live, from the listener that carries it. */
export class Networks {
  readonly #elb: ElasticLoadBalancingV2Client;
  readonly #ec2: EC2Client;

  constructor(elb: ElasticLoadBalancingV2Client, ec2: EC2Client) {
    this.#elb = elb;
    this.#ec2 = ec2;
  }

  /**
   * The listener's load balancer says VPC and subnets; without security groups of the spec's own, the VPC's default one.
   * @throws {NetworkError} when the listener is gone, or is none of an application load balancer.
   */
  async resolve(listenerArn: string, securityGroups: string[]): Promise<Network> {
    const listener = await this.#listener(listenerArn);
    const loadBalancerArn = listener.LoadBalancerArn ?? "";
    const described = await this.#elb.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [loadBalancerArn] }));
    const balancer = described.LoadBalancers?.[0];
    if (balancer?.Type !== "application" || !balancer.VpcId) {
      throw new NetworkError(`${listenerArn} belongs to no application load balancer.`, "Name a listener of an ALB.");
    }
    const scheme = listener.Protocol === "HTTPS" ? "https" : "http";
    return {
      listenerArn,
      loadBalancerArn,
      origin: `${scheme}://${balancer.DNSName}:${listener.Port}`,
      vpcId: balancer.VpcId,
      subnetIds: (balancer.AvailabilityZones ?? []).flatMap(({ SubnetId }) => (SubnetId ? [SubnetId] : [])).sort(),
      securityGroupIds: securityGroups.length > 0 ? securityGroups : [await this.#defaultGroup(balancer.VpcId)],
    };
  }

  /** Free addresses of subnets; one that is gone has none. */
  async subnets(ids: readonly string[]): Promise<{ id: string; freeAddresses: number }[]> {
    const { Subnets = [] } = await this.#ec2.send(
      new DescribeSubnetsCommand({ Filters: [{ Name: "subnet-id", Values: [...ids] }] }),
    );
    return ids.map((id) => {
      const found = Subnets.find(({ SubnetId }) => SubnetId === id);
      return { id, freeAddresses: found?.AvailableIpAddressCount ?? 0 };
    });
  }

  async #listener(listenerArn: string) {
    try {
      const described = await this.#elb.send(new DescribeListenersCommand({ ListenerArns: [listenerArn] }));
      const listener = described.Listeners?.[0];
      if (listener) return listener;
    } catch (error) {
      if (!isNamed(error, "ListenerNotFoundException", "ListenerNotFound")) throw error;
    }
    throw new NetworkError(`Listener ${listenerArn} does not exist.`, "Name one that does in the spec (listener).");
  }

  async #defaultGroup(vpcId: string): Promise<string> {
    const found = await this.#ec2.send(
      new DescribeSecurityGroupsCommand({
        Filters: [
          { Name: "vpc-id", Values: [vpcId] },
          { Name: "group-name", Values: ["default"] },
        ],
      }),
    );
    const id = found.SecurityGroups?.[0]?.GroupId;
    if (id) return id;
    throw new NetworkError(`VPC ${vpcId} has no default security group.`, "Name securityGroups in the spec.");
  }
}
