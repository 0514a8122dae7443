import type {
  DescribeLoadBalancerTargetGroupsCommandInput,
  DescribeLoadBalancerTargetGroupsCommandOutput,
  DescribeTrafficSourcesCommandInput,
  DescribeTrafficSourcesCommandOutput,
  TrafficSourceIdentifier,
} from "@aws-sdk/client-auto-scaling";
import type { Operation } from "../core/kernel.ts";
import type { GroupDocument } from "./documents.ts";
import { invalid, unsupported } from "./errors.ts";
import type { Neighbours } from "./neighbours.ts";
import { page } from "./paging.ts";
import type { AutoScalingPermissions } from "./permissions.ts";
import type { AutoScalingState } from "./state.ts";

/** Target groups per call, and the largest page of the Describe operations. Source: quotas for Amazon EC2 Auto Scaling. */
const groupsPerCall = 10;
const largestPage = 50;

interface Named {
  TargetGroupARNs?: string[] | undefined;
  TrafficSources?: TrafficSourceIdentifier[] | undefined;
}

/**
 * Target groups that a request names in either way.
 * @throws {AwsError} ValidationError when one does not exist, NotImplemented for other kinds of traffic sources.
 */
export async function requestedGroups(neighbours: Neighbours, input: Named): Promise<string[]> {
  const arns = namedGroups(input);
  if (!(await neighbours.targetGroupsExist(arns))) {
    throw invalid("Provided Target Groups may not be valid. Please ensure they exist and try again.");
  }
  return arns;
}

function namedGroups({ TargetGroupARNs = [], TrafficSources = [] }: Named): string[] {
  const sources = TrafficSources.map(({ Identifier = "", Type = "elbv2" }) => {
    if (Type !== "elbv2") throw unsupported(`traffic sources of type '${Type}'`);
    return Identifier;
  });
  const arns = [...new Set([...TargetGroupARNs, ...sources])];
  if (arns.length > groupsPerCall) throw invalid(`At most ${groupsPerCall} target groups can be given in one call`);
  return arns;
}

/** Attaching and detaching target groups, under both of their API names. */
export function trafficSourceOperations(
  state: AutoScalingState,
  permissions: AutoScalingPermissions,
  neighbours: Neighbours,
  poke: (group: string) => void,
): Record<string, Operation> {
  type Input = Named & { AutoScalingGroupName?: string | undefined };
  const needed = (action: string, key: string) => (input: Input) => [
    permissions.on(action, input.AutoScalingGroupName, { [`autoscaling:${key}`]: namedGroups(input) }),
  ];
  const attach = async (input: Input) => {
    const { name } = state.group(input.AutoScalingGroupName);
    const arns = await requestedGroups(neighbours, input);
    state.change(name, ({ trafficSources }) => ({
      trafficSources: [
        ...trafficSources.filter((source) => !arns.includes(source.arn) || source.state !== "Removing"),
        ...arns
          .filter((arn) => !trafficSources.some((source) => source.arn === arn && source.state !== "Removing"))
          .map((arn) => ({ arn, state: "Adding" as const })),
      ],
    }));
    poke(name);
    return {};
  };
  const detach = (input: Input) => {
    const group = state.group(input.AutoScalingGroupName);
    const arns = namedGroups(input);
    const unknown = arns.filter((arn) => !group.trafficSources.some((source) => source.arn === arn));
    if (unknown.length > 0) throw invalid(`Target groups are not attached to the group: ${unknown.join(", ")}`);
    state.change(group.name, ({ trafficSources }) => ({
      trafficSources: trafficSources.map((source) =>
        arns.includes(source.arn) ? { ...source, state: "Removing" } : source,
      ),
    }));
    poke(group.name);
    return {};
  };
  return {
    AttachLoadBalancerTargetGroups: {
      permissions: needed("AttachLoadBalancerTargetGroups", "TargetGroupARNs"),
      run: attach,
    },
    AttachTrafficSources: { permissions: needed("AttachTrafficSources", "TrafficSourceIdentifiers"), run: attach },
    DetachLoadBalancerTargetGroups: {
      permissions: needed("DetachLoadBalancerTargetGroups", "TargetGroupARNs"),
      run: detach,
    },
    DetachTrafficSources: { permissions: needed("DetachTrafficSources", "TrafficSourceIdentifiers"), run: detach },
    DescribeLoadBalancerTargetGroups: {
      run: (
        input: DescribeLoadBalancerTargetGroupsCommandInput,
      ): Omit<DescribeLoadBalancerTargetGroupsCommandOutput, "$metadata"> => {
        const { items, NextToken } = page(state.group(input.AutoScalingGroupName).trafficSources, input, largestPage);
        return {
          LoadBalancerTargetGroups: items.map(({ arn, state }) => ({ LoadBalancerTargetGroupARN: arn, State: state })),
          NextToken,
        };
      },
    },
    DescribeTrafficSources: {
      run: (input: DescribeTrafficSourcesCommandInput): Omit<DescribeTrafficSourcesCommandOutput, "$metadata"> => {
        const { TrafficSourceType: type } = input;
        const sources = state.group(input.AutoScalingGroupName).trafficSources;
        const { items, NextToken } = page(type === undefined || type === "elbv2" ? sources : [], input, largestPage);
        const TrafficSources = items.map(({ arn, state }) => ({
          TrafficSource: arn,
          Identifier: arn,
          Type: "elbv2",
          State: state,
        }));
        return { TrafficSources, NextToken };
      },
    },
  };
}

/**
 * Moves each attached target group on: Adding until every instance in service is registered, then Added, then InService
 * once one passed a health check; Removing until nothing of the group drains there any more.
 */
export async function advanceTrafficSources(
  state: AutoScalingState,
  neighbours: Neighbours,
  group: Readonly<GroupDocument>,
): Promise<void> {
  const inService = state
    .instancesOf(group.name)
    .filter((instance) => instance.state === "InService")
    .map(({ id }) => id);
  for (const { arn, state: before } of group.trafficSources) {
    if (before === "InService") continue;
    const health = await neighbours.targetHealth(arn, inService);
    const absent = inService.filter((id) => isAbsent(health.get(id)?.Reason));
    if (before === "Removing") {
      const present = inService.filter((id) => health.has(id) && !absent.includes(id));
      await neighbours.deregister(
        arn,
        present.filter((id) => health.get(id)?.State !== "draining"),
      );
      const left = await neighbours.targetHealth(arn, present);
      if ([...left.values()].every(({ Reason }) => isAbsent(Reason))) replace(state, group.name, arn, undefined);
      continue;
    }
    await neighbours.register(arn, absent);
    const passed = [...health.values()].some(({ State }) => State === "healthy");
    replace(state, group.name, arn, passed ? "InService" : "Added");
  }
}

function isAbsent(reason: string | undefined): boolean {
  return reason === "Target.NotRegistered";
}

/** Gives one attachment its next state, unless a request changed it meanwhile; undefined drops it. */
function replace(state: AutoScalingState, group: string, arn: string, next: "Added" | "InService" | undefined): void {
  state.change(group, ({ trafficSources }) => ({
    trafficSources: trafficSources.flatMap((source) => {
      if (source.arn !== arn || (source.state === "Removing") !== (next === undefined)) return [source];
      return next === undefined ? [] : [{ ...source, state: next }];
    }),
  }));
}
