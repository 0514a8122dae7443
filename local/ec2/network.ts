import type {
  DescribeInternetGatewaysCommandInput,
  DescribeNetworkInterfacesCommandInput,
  DescribeRouteTablesCommandInput,
  DescribeSubnetsCommandInput,
  DescribeVpcsCommandInput,
} from "@aws-sdk/client-ec2";
import type { Operation } from "../core/kernel.ts";
import { type FilterTable, matching } from "./filters.ts";
import { operation } from "./operation.ts";
import { page } from "./paging.ts";
import type { InterfaceRecord, SubnetRecord, VpcRecord } from "./records.ts";
import { shownTags } from "./tags.ts";
import type { Ec2World } from "./world.ts";
import { zonesOf } from "./zones.ts";

/** Addresses in a subnet that AWS keeps: the first four and the last. Source: VPC user guide, "Subnet CIDR blocks". */
const reservedAddresses = 5;

/** Makes the default VPC every account has, with a default subnet in each zone and its default security group. */
export function seedNetwork(world: Ec2World): void {
  if (world.vpcs.list().length > 0) return;
  const vpcId = world.newId("vpc-");
  world.vpcs.put(vpcId, {
    vpcId,
    cidrBlock: "172.31.0.0/16",
    routeTableId: world.newId("rtb-"),
    internetGatewayId: world.newId("igw-"),
    tags: {},
    visibleAtMs: 0,
  });
  zonesOf(world.kernel.settings.region).forEach((zone, position) => {
    const subnetId = world.newId("subnet-");
    world.subnets.put(subnetId, {
      subnetId,
      vpcId,
      cidrBlock: `172.31.${position * 16}.0/20`,
      availabilityZone: zone.name,
      availabilityZoneId: zone.id,
      tags: {},
      visibleAtMs: 0,
    });
  });
  const groupId = world.newId("sg-");
  const everywhere = [{ CidrIp: "0.0.0.0/0" }];
  world.groups.put(groupId, {
    groupId,
    groupName: "default",
    description: "default VPC security group",
    vpcId,
    ingress: [{ IpProtocol: "-1", UserIdGroupPairs: [{ GroupId: groupId, UserId: world.accountId }] }],
    egress: [{ IpProtocol: "-1", IpRanges: everywhere }],
    tags: {},
    visibleAtMs: 0,
  });
}

/**
 * The lowest free private address of a subnet.
 * Returns undefined when all are taken.
 */
export function freeAddress(world: Ec2World, subnet: Readonly<SubnetRecord>): string | undefined {
  const taken = new Set(world.interfaces.list().map((one) => one.privateIp));
  const { first, count } = range(subnet.cidrBlock);
  for (let offset = 4; offset < count - 1; offset++) {
    const address = dotted(first + offset);
    if (!taken.has(address)) return address;
  }
  return undefined;
}

function range(cidr: string): { first: number; count: number } {
  const [address = "", bits = "32"] = cidr.split("/");
  const first = address.split(".").reduce((number, part) => number * 256 + Number(part), 0);
  return { first, count: 2 ** (32 - Number(bits)) };
}

function dotted(number: number): string {
  return [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255].join(".");
}

export function networkOperations(world: Ec2World): Record<string, Operation> {
  return {
    ...operation<DescribeVpcsCommandInput, object>({
      name: "DescribeVpcs",
      accepts: ["VpcIds", "Filters", "MaxResults", "NextToken"],
      run(input) {
        const chosen = input.VpcIds?.map((id) => world.require(world.vpcs, "vpc-", id)) ?? world.vpcs.list();
        const { items, NextToken } = page(matching(chosen, input.Filters, vpcFilters), (one) => one.vpcId, input);
        return { Vpcs: items.map((one) => shownVpc(world, one)), NextToken };
      },
    }),
    ...operation<DescribeSubnetsCommandInput, object>({
      name: "DescribeSubnets",
      accepts: ["SubnetIds", "Filters", "MaxResults", "NextToken"],
      run(input) {
        const chosen =
          input.SubnetIds?.map((id) => world.require(world.subnets, "subnet-", id)) ?? world.subnets.list();
        const found = matching(chosen, input.Filters, subnetFilters);
        const { items, NextToken } = page(found, (one) => one.subnetId, input);
        return { Subnets: items.map((one) => shownSubnet(world, one)), NextToken };
      },
    }),
    ...operation<DescribeRouteTablesCommandInput, object>({
      name: "DescribeRouteTables",
      accepts: ["Filters", "RouteTableIds", "MaxResults", "NextToken"],
      run(input) {
        const chosen = world.vpcs.list().filter((one) => input.RouteTableIds?.includes(one.routeTableId) ?? true);
        return {
          RouteTables: matching(chosen, input.Filters, routeTableFilters).map((one) => shownRoutes(world, one)),
        };
      },
    }),
    ...operation<DescribeInternetGatewaysCommandInput, object>({
      name: "DescribeInternetGateways",
      accepts: ["Filters", "InternetGatewayIds", "MaxResults", "NextToken"],
      run(input) {
        const chosen = world.vpcs
          .list()
          .filter((one) => input.InternetGatewayIds?.includes(one.internetGatewayId) ?? true);
        const InternetGateways = matching(chosen, input.Filters, gatewayFilters).map((one) => ({
          InternetGatewayId: one.internetGatewayId,
          OwnerId: world.accountId,
          Attachments: [{ VpcId: one.vpcId, State: "available" }],
          Tags: [],
        }));
        return { InternetGateways };
      },
    }),
    ...operation<DescribeNetworkInterfacesCommandInput, object>({
      name: "DescribeNetworkInterfaces",
      accepts: ["NetworkInterfaceIds", "Filters", "MaxResults", "NextToken"],
      run(input) {
        const chosen =
          input.NetworkInterfaceIds?.map((id) => world.require(world.interfaces, "eni-", id)) ??
          world.interfaces.list().filter((one) => world.isVisible(one));
        const found = matching(chosen, input.Filters, interfaceFilters);
        const { items, NextToken } = page(found, (one) => one.networkInterfaceId, input);
        return { NetworkInterfaces: items.map((one) => shownInterface(world, one)), NextToken };
      },
    }),
  };
}

const vpcFilters: FilterTable<Readonly<VpcRecord>> = {
  "vpc-id": (one) => one.vpcId,
  cidr: (one) => one.cidrBlock,
  "is-default": () => true,
  isDefault: () => true,
  state: () => "available",
};

const subnetFilters: FilterTable<Readonly<SubnetRecord>> = {
  "subnet-id": (one) => one.subnetId,
  "vpc-id": (one) => one.vpcId,
  "availability-zone": (one) => one.availabilityZone,
  "availability-zone-id": (one) => one.availabilityZoneId,
  "cidr-block": (one) => one.cidrBlock,
  "default-for-az": () => true,
  "map-public-ip-on-launch": () => false,
  state: () => "available",
};

const routeTableFilters: FilterTable<Readonly<VpcRecord>> = {
  "vpc-id": (one) => one.vpcId,
  "route-table-id": (one) => one.routeTableId,
  "association.main": () => true,
};

const gatewayFilters: FilterTable<Readonly<VpcRecord>> = {
  "attachment.vpc-id": (one) => one.vpcId,
  "internet-gateway-id": (one) => one.internetGatewayId,
};

const interfaceFilters: FilterTable<Readonly<InterfaceRecord>> = {
  "network-interface-id": (one) => one.networkInterfaceId,
  "subnet-id": (one) => one.subnetId,
  "vpc-id": (one) => one.vpcId,
  "availability-zone": (one) => one.availabilityZone,
  "private-ip-address": (one) => one.privateIp,
  "attachment.instance-id": (one) => one.instanceId,
  "group-id": (one) => one.securityGroupIds,
  status: () => "in-use",
};

function shownVpc(world: Ec2World, one: Readonly<VpcRecord>) {
  return {
    VpcId: one.vpcId,
    CidrBlock: one.cidrBlock,
    State: "available",
    IsDefault: true,
    InstanceTenancy: "default",
    OwnerId: world.accountId,
    DhcpOptionsId: "default",
    Tags: shownTags(one.tags),
  };
}

function shownSubnet(world: Ec2World, one: Readonly<SubnetRecord>) {
  const used = world.interfaces.list().filter((other) => other.subnetId === one.subnetId).length;
  return {
    SubnetId: one.subnetId,
    SubnetArn: world.arn("subnet", one.subnetId),
    VpcId: one.vpcId,
    CidrBlock: one.cidrBlock,
    AvailabilityZone: one.availabilityZone,
    AvailabilityZoneId: one.availabilityZoneId,
    AvailableIpAddressCount: range(one.cidrBlock).count - reservedAddresses - used,
    DefaultForAz: true,
    // A default subnet of AWS gives public addresses; nothing here is reachable beyond loopback, so none is claimed.
    MapPublicIpOnLaunch: false,
    State: "available",
    OwnerId: world.accountId,
    Tags: shownTags(one.tags),
  };
}

function shownRoutes(world: Ec2World, one: Readonly<VpcRecord>) {
  return {
    RouteTableId: one.routeTableId,
    VpcId: one.vpcId,
    OwnerId: world.accountId,
    Associations: [{ Main: true, RouteTableId: one.routeTableId, AssociationState: { State: "associated" } }],
    Routes: [
      { DestinationCidrBlock: one.cidrBlock, GatewayId: "local", Origin: "CreateRouteTable", State: "active" },
      { DestinationCidrBlock: "0.0.0.0/0", GatewayId: one.internetGatewayId, Origin: "CreateRoute", State: "active" },
    ],
    Tags: [],
  };
}

function shownInterface(world: Ec2World, one: Readonly<InterfaceRecord>) {
  return {
    NetworkInterfaceId: one.networkInterfaceId,
    SubnetId: one.subnetId,
    VpcId: one.vpcId,
    AvailabilityZone: one.availabilityZone,
    MacAddress: one.macAddress,
    PrivateIpAddress: one.privateIp,
    OwnerId: world.accountId,
    Status: "in-use",
    InterfaceType: "interface",
    SourceDestCheck: true,
    Groups: one.securityGroupIds.map((id) => ({ GroupId: id, GroupName: world.groups.get(id)?.groupName })),
    Attachment: {
      InstanceId: one.instanceId,
      InstanceOwnerId: world.accountId,
      DeviceIndex: 0,
      NetworkCardIndex: 0,
      DeleteOnTermination: true,
      Status: "attached",
      AttachTime: new Date(one.attachedAtMs),
    },
    TagSet: shownTags(one.tags),
  };
}
