import type {
  CreateSecurityGroupCommandInput,
  DeleteSecurityGroupCommandInput,
  DescribeSecurityGroupsCommandInput,
  IpPermission,
} from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Operation } from "../core/kernel.ts";
import { canonicalJson } from "../ebs/canonical-json.ts";
import { missingParameter, required } from "./errors.ts";
import { type FilterTable, matching } from "./filters.ts";
import { operation } from "./operation.ts";
import { page } from "./paging.ts";
import type { SecurityGroupRecord } from "./records.ts";
import { shownTags, specifiedTags, tagOnCreatePermissions, tagsFor } from "./tags.ts";
import type { Ec2World } from "./world.ts";

type Direction = "ingress" | "egress";
type RuleInput = {
  GroupId?: string;
  GroupName?: string;
  IpPermissions?: IpPermission[];
  IpProtocol?: string;
  FromPort?: number;
  ToPort?: number;
  CidrIp?: string;
};

const filters: FilterTable<Readonly<SecurityGroupRecord>> = {
  "group-id": (one) => one.groupId,
  "group-name": (one) => one.groupName,
  "vpc-id": (one) => one.vpcId,
  description: (one) => one.description,
};

/** Security groups are kept and shown; traffic inside the embedded cloud is not filtered by them. */
export function securityGroupOperations(world: Ec2World): Record<string, Operation> {
  return {
    ...operation<CreateSecurityGroupCommandInput, object>({
      name: "CreateSecurityGroup",
      accepts: ["GroupName", "Description", "VpcId", "TagSpecifications"],
      permissions: (input) => [
        world.creation("CreateSecurityGroup", "security-group", tagsFor(input.TagSpecifications, "security-group")),
        world.permission("CreateSecurityGroup", "vpc", input.VpcId ?? defaultVpc(world)),
        ...tagOnCreatePermissions(world, "CreateSecurityGroup", input.TagSpecifications),
      ],
      run(input, call) {
        const groupName = required(input.GroupName, "GroupName");
        const vpcId = world.require(world.vpcs, "vpc-", input.VpcId ?? defaultVpc(world)).vpcId;
        const tags = specifiedTags(input.TagSpecifications, ["security-group"], call)["security-group"] ?? {};
        if (world.groups.list().some((one) => one.vpcId === vpcId && one.groupName === groupName)) {
          throw new AwsError(
            "InvalidGroup.Duplicate",
            `The security group '${groupName}' already exists for VPC '${vpcId}'`,
          );
        }
        const groupId = world.newId("sg-");
        world.groups.put(groupId, {
          groupId,
          groupName,
          description: required(input.Description, "GroupDescription"),
          vpcId,
          ingress: [],
          egress: [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }],
          tags,
          visibleAtMs: world.visibleFrom(),
        });
        return { GroupId: groupId, Tags: shownTags(tags), SecurityGroupArn: world.arn("security-group", groupId) };
      },
    }),
    ...operation<DescribeSecurityGroupsCommandInput, object>({
      name: "DescribeSecurityGroups",
      accepts: ["GroupIds", "GroupNames", "Filters", "MaxResults", "NextToken"],
      run(input) {
        const visible = world.groups.list().filter((one) => world.isVisible(one));
        const chosen = input.GroupIds?.map((id) => world.require(world.groups, "sg-", id)) ?? visible;
        const named = chosen.filter((one) => input.GroupNames?.includes(one.groupName) ?? true);
        const { items, NextToken } = page(matching(named, input.Filters, filters), (one) => one.groupId, input);
        return { SecurityGroups: items.map((one) => shown(world, one)), NextToken };
      },
    }),
    ...operation<DeleteSecurityGroupCommandInput, object>({
      name: "DeleteSecurityGroup",
      accepts: ["GroupId", "GroupName"],
      permissions: (input) => [world.permission("DeleteSecurityGroup", "security-group", groupIdOf(world, input))],
      run(input) {
        const group = world.require(world.groups, "sg-", groupIdOf(world, input));
        if (group.groupName === "default") {
          throw new AwsError(
            "CannotDelete",
            `the specified group: "${group.groupId}" name: "default" cannot be deleted by a user`,
          );
        }
        if (world.interfaces.list().some((one) => one.securityGroupIds.includes(group.groupId))) {
          throw new AwsError("DependencyViolation", `resource ${group.groupId} has a dependent object`);
        }
        world.groups.delete(group.groupId);
        return { Return: true, GroupId: group.groupId };
      },
    }),
    ...authorize(world, "AuthorizeSecurityGroupIngress", "ingress"),
    ...authorize(world, "AuthorizeSecurityGroupEgress", "egress"),
    ...revoke(world, "RevokeSecurityGroupIngress", "ingress"),
    ...revoke(world, "RevokeSecurityGroupEgress", "egress"),
  };
}

const ruleMembers = ["GroupId", "GroupName", "IpPermissions", "IpProtocol", "FromPort", "ToPort", "CidrIp"] as const;

function authorize(world: Ec2World, name: string, direction: Direction) {
  return operation<RuleInput, object>({
    name,
    accepts: ruleMembers,
    permissions: (input) => [world.permission(name, "security-group", groupIdOf(world, input))],
    run(input) {
      const group = world.require(world.groups, "sg-", groupIdOf(world, input));
      const known = new Set(group[direction].map(canonicalJson));
      const added = rulesOf(input);
      const repeated = added.find((rule) => known.has(canonicalJson(rule)));
      if (repeated) {
        throw new AwsError("InvalidPermission.Duplicate", `the specified rule "${ruleText(repeated)}" already exists`);
      }
      world.groups.put(group.groupId, { ...group, [direction]: [...group[direction], ...added] });
      return { Return: true };
    },
  });
}

function revoke(world: Ec2World, name: string, direction: Direction) {
  return operation<RuleInput, object>({
    name,
    accepts: ruleMembers,
    permissions: (input) => [world.permission(name, "security-group", groupIdOf(world, input))],
    run(input) {
      const group = world.require(world.groups, "sg-", groupIdOf(world, input));
      const gone = new Set(rulesOf(input).map(canonicalJson));
      const left = group[direction].filter((rule) => !gone.has(canonicalJson(rule)));
      if (left.length + gone.size > group[direction].length) {
        throw new AwsError("InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
      }
      world.groups.put(group.groupId, { ...group, [direction]: left });
      return { Return: true };
    },
  });
}

/** One rule for each source, so that rules compare whatever way a request grouped them. */
function rulesOf(input: RuleInput): IpPermission[] {
  const given = [...(input.IpPermissions ?? [])];
  const single = { IpProtocol: input.IpProtocol, FromPort: input.FromPort, ToPort: input.ToPort };
  if (input.CidrIp !== undefined) given.push({ ...single, IpRanges: [{ CidrIp: input.CidrIp }] });
  if (given.length === 0) throw missingParameter("ipPermissions");
  return given.flatMap((rule) => {
    const ports = rule.IpProtocol === "-1" ? {} : { FromPort: rule.FromPort, ToPort: rule.ToPort };
    const base = { IpProtocol: required(rule.IpProtocol, "ipProtocol"), ...ports };
    return [
      ...(rule.IpRanges ?? []).map((one) => ({ ...base, IpRanges: [one] })),
      ...(rule.Ipv6Ranges ?? []).map((one) => ({ ...base, Ipv6Ranges: [one] })),
      ...(rule.PrefixListIds ?? []).map((one) => ({ ...base, PrefixListIds: [one] })),
      ...(rule.UserIdGroupPairs ?? []).map((one) => ({ ...base, UserIdGroupPairs: [one] })),
    ];
  });
}

function ruleText(rule: IpPermission): string {
  const peer = rule.IpRanges?.[0]?.CidrIp ?? rule.UserIdGroupPairs?.[0]?.GroupId ?? "";
  return `peer: ${peer}, ${rule.IpProtocol}, from port: ${rule.FromPort}, to port: ${rule.ToPort}, ALLOW`;
}

function groupIdOf(world: Ec2World, input: { GroupId?: string | undefined; GroupName?: string | undefined }): string {
  if (input.GroupId !== undefined) return input.GroupId;
  const name = required(input.GroupName, "GroupId");
  const found = world.groups.list().find((one) => one.groupName === name && one.vpcId === defaultVpc(world));
  if (!found) throw new AwsError("InvalidGroup.NotFound", `The security group '${name}' does not exist in default VPC`);
  return found.groupId;
}

function defaultVpc(world: Ec2World): string {
  return world.vpcs.list()[0]?.vpcId ?? "";
}

function shown(world: Ec2World, one: Readonly<SecurityGroupRecord>) {
  return {
    GroupId: one.groupId,
    GroupName: one.groupName,
    Description: one.description,
    VpcId: one.vpcId,
    OwnerId: world.accountId,
    SecurityGroupArn: world.arn("security-group", one.groupId),
    IpPermissions: one.ingress,
    IpPermissionsEgress: one.egress,
    Tags: shownTags(one.tags),
  };
}
