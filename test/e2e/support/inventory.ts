import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSnapshotsCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { type Connection, clientConfiguration } from "../../../cli/aws/connection.ts";
import { Traffic } from "../../../shared/aws/traffic.ts";
import type { Weight } from "../../../shared/domain/cutover.ts";
import { tagKeys } from "../../../shared/domain/names.ts";

export type Kind =
  | "fleet"
  | "target group"
  | "experiment rule"
  | "trial rule"
  | "production rule"
  | "instance"
  | "image"
  | "snapshot"
  | "template version";

/** One thing of Kiln's on the cloud. */
export interface Holding {
  kind: Kind;
  id: string;
  /** Empty for what belongs to no single release: a production rule, an owned base with its snapshots. */
  generation: string;
  /** `production`, `trial`, `release`, `base`, …: the tag kiln:role. */
  role: string;
}

/** Everything a stage has on the cloud at one moment. */
export interface Inventory {
  holdings: Holding[];
  /** Where the production rule of each service sends its requests; generations by their target groups. */
  production: { service: string; weights: { generation: string; weight: number }[] }[];
  /** How many of each kind a generation has; kinds it has none of are left out. */
  of(generation: string): Partial<Record<Kind, number>>;
  /** Generations that have anything at all, in order. */
  generations(): string[];
}

type Tags = { Key?: string | undefined; Value?: string | undefined }[] | undefined;

/** Reads, as the account's administrator, everything tagged for the stage; terminated instances are gone. */
export async function readInventory(connection: Connection, stage: string): Promise<Inventory> {
  const configuration = clientConfiguration(connection);
  const scaling = new AutoScalingClient(configuration);
  const ec2 = new EC2Client(configuration);
  const elb = new ElasticLoadBalancingV2Client(configuration);
  try {
    const [fleets, machines, balancing] = await Promise.all([
      readFleets(scaling, stage),
      readMachines(ec2, stage),
      readBalancing(elb, stage),
    ]);
    return inventoryOf([...fleets, ...machines, ...balancing.holdings], balancing.production);
  } finally {
    for (const client of [scaling, ec2, elb]) client.destroy();
  }
}

function inventoryOf(holdings: Holding[], production: Inventory["production"]): Inventory {
  return {
    holdings,
    production,
    of(generation) {
      const counts: Partial<Record<Kind, number>> = {};
      for (const { kind } of holdings.filter((one) => one.generation === generation)) {
        counts[kind] = (counts[kind] ?? 0) + 1;
      }
      return counts;
    },
    generations: () => [...new Set(holdings.map(({ generation }) => generation))].filter((one) => one !== "").sort(),
  };
}

function holding(kind: Kind, id: string | undefined, tags: Tags, generation?: string): Holding {
  const value = (key: string) => tags?.find(({ Key }) => Key === key)?.Value ?? "";
  return { kind, id: id ?? "", generation: generation ?? value(tagKeys.generation), role: value(tagKeys.role) };
}

function ofStage(tags: Tags, stage: string): boolean {
  return (tags ?? []).some(({ Key, Value }) => Key === tagKeys.stage && Value === stage);
}

async function readFleets(scaling: AutoScalingClient, stage: string): Promise<Holding[]> {
  const { AutoScalingGroups = [] } = await scaling.send(new DescribeAutoScalingGroupsCommand({ MaxRecords: 100 }));
  return AutoScalingGroups.filter(({ Tags }) => ofStage(Tags, stage)).map(({ AutoScalingGroupName, Tags }) =>
    holding("fleet", AutoScalingGroupName, Tags),
  );
}

async function readMachines(ec2: EC2Client, stage: string): Promise<Holding[]> {
  const Filters = [{ Name: `tag:${tagKeys.stage}`, Values: [stage] }];
  const [instances, images, snapshots, templates] = await Promise.all([
    ec2.send(new DescribeInstancesCommand({ Filters })),
    ec2.send(new DescribeImagesCommand({ Filters, Owners: ["self"], IncludeDisabled: true })),
    ec2.send(new DescribeSnapshotsCommand({ Filters, OwnerIds: ["self"] })),
    ec2.send(new DescribeLaunchTemplatesCommand({ Filters })),
  ]);
  const versions = await Promise.all(
    (templates.LaunchTemplates ?? []).map(({ LaunchTemplateId }) =>
      unlessGone(ec2.send(new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId }))),
    ),
  );
  const running = (instances.Reservations ?? [])
    .flatMap(({ Instances = [] }) => Instances)
    .filter(({ State }) => State?.Name !== "terminated");
  return [
    ...running.map(({ InstanceId, Tags }) => holding("instance", InstanceId, Tags)),
    ...(images.Images ?? []).map(({ ImageId, Tags }) => holding("image", ImageId, Tags)),
    ...(snapshots.Snapshots ?? []).map(({ SnapshotId, Tags }) => holding("snapshot", SnapshotId, Tags)),
    ...versions
      .flatMap((described) => described?.LaunchTemplateVersions ?? [])
      .map(({ LaunchTemplateName, VersionNumber, VersionDescription }) =>
        holding("template version", `${LaunchTemplateName}:${VersionNumber}`, undefined, VersionDescription),
      ),
  ];
}

async function readBalancing(
  elb: ElasticLoadBalancingV2Client,
  stage: string,
): Promise<{ holdings: Holding[]; production: Inventory["production"] }> {
  const [groups, listeners] = await Promise.all([readTargetGroups(elb, stage), listenerArns(elb)]);
  const traffic = new Traffic(elb, stage);
  const rules = (await Promise.all(listeners.map((arn) => traffic.rules(arn)))).flat();
  const byArn = new Map(groups.map(({ id, generation }) => [id, generation]));
  const named = ({ targetGroupArn, weight }: Weight) => ({
    generation: byArn.get(targetGroupArn) ?? targetGroupArn,
    weight,
  });
  return {
    holdings: [
      ...groups,
      ...rules.map(({ role, arn, generation }): Holding => ({ kind: `${role} rule`, id: arn, generation, role })),
    ],
    production: rules
      .filter(({ role }) => role === "production")
      .map(({ service, weights }) => ({ service, weights: weights.map(named) })),
  };
}

async function readTargetGroups(elb: ElasticLoadBalancingV2Client, stage: string): Promise<Holding[]> {
  const { TargetGroups = [] } = await elb.send(new DescribeTargetGroupsCommand({}));
  const arns = TargetGroups.flatMap(({ TargetGroupArn }) => (TargetGroupArn ? [TargetGroupArn] : []));
  const found: Holding[] = [];
  // DescribeTags takes at most 20 resources a call, and refuses all of them when one was deleted since the list was read:
  // a sweep may be at work.
  for (const arn of arns) {
    const described = await unlessGone(elb.send(new DescribeTagsCommand({ ResourceArns: [arn] })));
    for (const { ResourceArn, Tags } of described?.TagDescriptions ?? []) {
      if (ofStage(Tags, stage)) found.push(holding("target group", ResourceArn, Tags));
    }
  }
  return found;
}

/** What a call answers; undefined when what it is about was deleted since it was listed. */
async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && /NotFound/.test(error.name)) return undefined;
    throw error;
  }
}

async function listenerArns(elb: ElasticLoadBalancingV2Client): Promise<string[]> {
  const { LoadBalancers = [] } = await elb.send(new DescribeLoadBalancersCommand({}));
  const listeners = await Promise.all(
    LoadBalancers.map(({ LoadBalancerArn }) => elb.send(new DescribeListenersCommand({ LoadBalancerArn }))),
  );
  return listeners.flatMap(({ Listeners = [] }) =>
    Listeners.flatMap(({ ListenerArn }) => (ListenerArn ? [ListenerArn] : [])),
  );
}
