import {
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  type EC2Client,
  type IpPermission,
} from "@aws-sdk/client-ec2";
import {
  DescribeLoadBalancersCommand,
  type ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Network } from "../../shared/domain/release.ts";
import type { ServiceSpec } from "../../shared/domain/service-spec.ts";
import { about, type Finding } from "./finding.ts";

/** Whether a candidate's servers find addresses beside those of live. */
export async function checkSubnets(ec2: EC2Client, { subnetIds }: Network, spec: ServiceSpec): Promise<Finding[]> {
  const { ok, warn, fail } = about("subnets");
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: subnetIds }));
  const free = Subnets.reduce((sum, { AvailableIpAddressCount = 0 }) => sum + AvailableIpAddressCount, 0);
  const says = `${Subnets.length} with ${free} free addresses`;
  const { min, max } = spec.capacity;
  if (free < min)
    return [fail(`${says}; a deploy needs ${min}`, "Add a subnet to the load balancer, or free addresses.")];
  if (free < max) return [warn(`${says}; a deploy at full size needs ${max}`, "Add a subnet to the load balancer.")];
  return [ok(says)];
}

/** Whether the servers' groups exist and let the load balancer reach the program's port. */
export async function checkSecurityGroups(
  ec2: EC2Client,
  elb: ElasticLoadBalancingV2Client,
  { securityGroupIds, vpcId, loadBalancerArn }: Network,
  { port }: ServiceSpec,
): Promise<Finding[]> {
  const { ok, warn, fail } = about("security groups");
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: securityGroupIds }));
  const foreign = SecurityGroups.filter(({ VpcId }) => VpcId !== vpcId).map(({ GroupId }) => GroupId);
  if (foreign.length > 0) {
    return [fail(`${foreign.join(", ")} are not in ${vpcId}`, "Name groups of the load balancer's VPC in the spec.")];
  }
  const { LoadBalancers = [] } = await elb.send(
    new DescribeLoadBalancersCommand({ LoadBalancerArns: [loadBalancerArn] }),
  );
  const balancers = LoadBalancers[0]?.SecurityGroups ?? [];
  const rules = SecurityGroups.flatMap(({ IpPermissions = [] }) => IpPermissions);
  if (rules.some((rule) => admits(rule, port, balancers))) {
    return [ok(`${securityGroupIds.join(", ")} let the load balancer reach port ${port}`)];
  }
  const fix = `Allow ${balancers.join(", ") || "the load balancer"} to reach port ${port}.`;
  return [warn(`${securityGroupIds.join(", ")} name nobody who is the load balancer for port ${port}`, fix)];
}

/** A rule for addresses counts: whether the load balancer's are among them is not looked at. */
function admits(rule: IpPermission, port: number, balancers: readonly string[]): boolean {
  const { IpProtocol, FromPort = 0, ToPort = 65_535, UserIdGroupPairs = [], IpRanges = [], Ipv6Ranges = [] } = rule;
  const covers = IpProtocol === "-1" || (IpProtocol === "tcp" && FromPort <= port && port <= ToPort);
  const groups = UserIdGroupPairs.some(({ GroupId = "" }) => balancers.includes(GroupId));
  return covers && (groups || IpRanges.length + Ipv6Ranges.length > 0);
}

/** Whether the instance type is offered where the subnets are, and has the spec's architecture. */
export async function checkInstanceType(ec2: EC2Client, { subnetIds }: Network, spec: ServiceSpec): Promise<Finding[]> {
  const { ok, warn, fail } = about("instance type");
  const { instanceType, architecture } = spec;
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: subnetIds }));
  const zones = [...new Set(Subnets.flatMap(({ AvailabilityZone }) => AvailabilityZone ?? []))].sort();
  const { InstanceTypeOfferings = [] } = await ec2.send(
    new DescribeInstanceTypeOfferingsCommand({
      LocationType: "availability-zone",
      Filters: [{ Name: "instance-type", Values: [instanceType] }],
    }),
  );
  const offered = new Set(InstanceTypeOfferings.map(({ Location }) => Location));
  const lacking = zones.filter((zone) => !offered.has(zone));
  if (lacking.length === zones.length) {
    return [fail(`${instanceType} is not offered in ${zones.join(", ")}`, "Choose another instanceType in the spec.")];
  }
  const { InstanceTypes = [] } = await ec2.send(
    new DescribeInstanceTypesCommand({ InstanceTypes: [instanceType as "t3.small"] }),
  );
  const supported: readonly string[] = InstanceTypes[0]?.ProcessorInfo?.SupportedArchitectures ?? [];
  if (supported.length > 0 && !supported.includes(architecture)) {
    const fix = "Change instanceType or architecture in the spec.";
    return [fail(`${instanceType} is ${supported.join(", ")}, the spec says ${architecture}`, fix)];
  }
  if (lacking.length > 0) {
    const fix = "Fine as long as the other zones have room.";
    return [warn(`${instanceType} is not offered in ${lacking.join(", ")}`, fix)];
  }
  return [ok(`${instanceType} is offered in ${zones.join(", ")}`)];
}
