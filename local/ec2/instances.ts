import type { DescribeInstanceStatusCommandInput, DescribeInstancesCommandInput } from "@aws-sdk/client-ec2";
import type { Operation } from "../core/kernel.ts";
import { badCombination } from "./errors.ts";
import { type FilterTable, matching } from "./filters.ts";
import { shownReservation, shownState } from "./instance-shape.ts";
import { operation } from "./operation.ts";
import { page } from "./paging.ts";
import type { InstanceRecord } from "./records.ts";
import type { Ec2World } from "./world.ts";

type Instance = Readonly<InstanceRecord>;

const filters: FilterTable<Instance> = {
  "instance-id": (one) => one.instanceId,
  "instance-state-name": (one) => one.state,
  "instance-state-code": (one) => shownState(one.state).Code,
  "instance-type": (one) => one.instanceType,
  "image-id": (one) => one.imageId,
  architecture: (one) => one.architecture,
  "availability-zone": (one) => one.availabilityZone,
  "subnet-id": (one) => one.subnetId,
  "vpc-id": (one) => one.vpcId,
  "private-ip-address": (one) => one.privateIp,
  "private-dns-name": (one) => one.privateDnsName,
  "client-token": (one) => one.clientToken,
  "reservation-id": (one) => one.reservationId,
  "requester-id": (one) => one.requesterId,
  "launch-index": (one) => one.launchIndex,
  "launch-time": (one) => new Date(one.launchedAtMs).toISOString(),
  "iam-instance-profile.arn": (one) => one.instanceProfile?.Arn,
  "iam-instance-profile.id": (one) => one.instanceProfile?.Id,
  "instance.group-id": (one) => one.securityGroupIds,
  "network-interface.network-interface-id": (one) => one.networkInterfaceId,
  "block-device-mapping.volume-id": (one) => one.volumes.map(({ volumeId }) => volumeId),
  "metadata-options.http-tokens": (one) => one.metadataOptions.HttpTokens,
  "root-device-type": () => "ebs",
};

/** The status checks of an instance, as filters see them. */
const statusFilters: FilterTable<Instance> = {
  "availability-zone": (one) => one.availabilityZone,
  "instance-state-name": (one) => one.state,
  "instance-state-code": (one) => shownState(one.state).Code,
  "instance-status.status": (one) => instanceCheck(one),
  "instance-status.reachability": (one) => reachability(instanceCheck(one)),
  "system-status.status": (one) => systemCheck(one),
  "system-status.reachability": (one) => reachability(systemCheck(one)),
};

export function describeInstances(world: Ec2World): Record<string, Operation> {
  return {
    ...operation<DescribeInstancesCommandInput, object>({
      name: "DescribeInstances",
      accepts: ["InstanceIds", "Filters", "MaxResults", "NextToken"],
      run(input) {
        const found = matching(chosen(world, input), input.Filters, filters);
        const { items, NextToken } = page(found, (one) => one.instanceId, input);
        const reservations = Map.groupBy(items, (one) => one.reservationId);
        return { Reservations: [...reservations].map(([id, group]) => shownReservation(world, id, group)), NextToken };
      },
    }),
    ...operation<DescribeInstanceStatusCommandInput, object>({
      name: "DescribeInstanceStatus",
      accepts: ["InstanceIds", "IncludeAllInstances", "Filters", "MaxResults", "NextToken"],
      run(input) {
        const running = chosen(world, input).filter(
          (one) => input.IncludeAllInstances === true || one.state === "running",
        );
        const { items, NextToken } = page(
          matching(running, input.Filters, statusFilters),
          (one) => one.instanceId,
          input,
        );
        return { InstanceStatuses: items.map(shownStatus), NextToken };
      },
    }),
  };
}

function chosen(
  world: Ec2World,
  input: { InstanceIds?: string[] | undefined; MaxResults?: number | undefined },
): Instance[] {
  if (input.InstanceIds === undefined || input.InstanceIds.length === 0) {
    return world.instances.list().filter((one) => world.isVisible(one));
  }
  // Source: API_DescribeInstances, MaxResults: "You cannot specify this parameter and the instance IDs parameter".
  if (input.MaxResults !== undefined) {
    throw badCombination("The parameter instancesSet cannot be used with the parameter maxResults");
  }
  const ids = [...new Set(input.InstanceIds)].sort();
  return ids.map((id) => world.require(world.instances, "i-", id));
}

function shownStatus(one: Instance) {
  const instance = instanceCheck(one);
  const details = (status: string, impairedAtMs?: number) => ({
    Status: status,
    Details:
      status === "not-applicable"
        ? []
        : [
            {
              Name: "reachability",
              Status: reachability(status),
              ImpairedSince: impairedAtMs === undefined ? undefined : new Date(impairedAtMs),
            },
          ],
  });
  return {
    InstanceId: one.instanceId,
    AvailabilityZone: one.availabilityZone,
    InstanceState: shownState(one.state),
    InstanceStatus: details(instance, one.impairedAtMs),
    SystemStatus: details(systemCheck(one)),
    AttachedEbsStatus: details(systemCheck(one)),
    Events: [],
  };
}

function instanceCheck(one: Instance): string {
  return one.state === "running" ? one.health : "not-applicable";
}

/** The host under a machine never fails here, so its check is well as soon as the instance's has been made. */
function systemCheck(one: Instance): string {
  if (one.state !== "running") return "not-applicable";
  return one.health === "initializing" ? "initializing" : "ok";
}

function reachability(status: string): string {
  const words: Record<string, string> = { ok: "passed", impaired: "failed", initializing: "initializing" };
  return words[status] ?? "not-applicable";
}
