import { paginateDescribeAutoScalingGroups } from "@aws-sdk/client-auto-scaling";
import {
  DeleteLaunchTemplateCommand,
  DeleteSnapshotCommand,
  DescribeImagesCommand,
  paginateDescribeInstances,
  paginateDescribeLaunchTemplates,
  paginateDescribeSnapshots,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { DescribeTagsCommand, paginateDescribeTargetGroups } from "@aws-sdk/client-elastic-load-balancing-v2";
import { Fleets } from "../../shared/aws/fleets.ts";
import { Images } from "../../shared/aws/images.ts";
import { TargetGroups } from "../../shared/aws/target-groups.ts";
import { tagKeys } from "../../shared/domain/names.ts";
import { isNamed } from "../../shared/errors.ts";
import type { Account } from "./account.ts";
import type { Holding, Removal } from "./removal.ts";

/** Servers and what they are made of, in the order in which nothing is in use any more. Found by their tag alone. */
export function fleetRemovals(account: Account): Removal[] {
  const { scaling, ec2, elb } = account;
  const fleets = new Fleets(scaling);
  const groups = new TargetGroups(elb);
  const images = new Images(ec2);
  return [
    {
      kind: "fleet",
      list: () => listFleets(account),
      async remove({ id }) {
        await fleets.empty(id);
        if ((await fleets.read(id))?.instanceIds.length === 0) await fleets.delete(id);
      },
    },
    { kind: "instance", list: () => listInstances(account), remove: ({ id }) => terminate(account, id) },
    {
      kind: "target group",
      list: () => listTargetGroups(account),
      remove: async ({ id }) => void (await groups.delete(id)),
    },
    { kind: "launch template", list: () => listTemplates(account), remove: ({ id }) => deleteTemplate(account, id) },
    { kind: "image", list: () => listImages(account), remove: ({ id }) => images.deregister(id) },
    { kind: "snapshot", list: () => listSnapshots(account), remove: ({ id }) => deleteSnapshot(account, id) },
  ];
}

const ofStage = (stage: string) => [{ Name: `tag:${tagKeys.stage}`, Values: [stage] }];

async function listFleets({ scaling, stage }: Account): Promise<Holding[]> {
  const found: Holding[] = [];
  for await (const page of paginateDescribeAutoScalingGroups({ client: scaling }, {})) {
    for (const { AutoScalingGroupName, Tags = [], Instances = [] } of page.AutoScalingGroups ?? []) {
      const own = Tags.some(({ Key, Value }) => Key === tagKeys.stage && Value === stage);
      if (own && AutoScalingGroupName) found.push({ id: AutoScalingGroupName, note: `${Instances.length} instances` });
    }
  }
  return found;
}

async function listInstances({ ec2, stage }: Account): Promise<Holding[]> {
  const found: Holding[] = [];
  for await (const { Reservations = [] } of paginateDescribeInstances({ client: ec2 }, { Filters: ofStage(stage) })) {
    for (const { InstanceId, State } of Reservations.flatMap(({ Instances = [] }) => Instances)) {
      if (InstanceId && State?.Name !== "terminated") found.push({ id: InstanceId });
    }
  }
  return found;
}

async function terminate({ ec2 }: Account, id: string): Promise<void> {
  try {
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  } catch (error) {
    if (!isNamed(error, "InvalidInstanceID.NotFound")) throw error;
  }
}

/** Unit: groups. DescribeTags takes at most 20 resources a call. */
const tagBatch = 20;

async function listTargetGroups({ elb, stage }: Account): Promise<Holding[]> {
  const arns: string[] = [];
  for await (const { TargetGroups: some = [] } of paginateDescribeTargetGroups({ client: elb }, {})) {
    arns.push(...some.flatMap(({ TargetGroupArn }) => TargetGroupArn ?? []));
  }
  const found: Holding[] = [];
  for (let start = 0; start < arns.length; start += tagBatch) {
    const ResourceArns = arns.slice(start, start + tagBatch);
    const { TagDescriptions = [] } = await elb.send(new DescribeTagsCommand({ ResourceArns }));
    for (const { ResourceArn = "", Tags = [] } of TagDescriptions) {
      if (Tags.some(({ Key, Value }) => Key === tagKeys.stage && Value === stage)) found.push({ id: ResourceArn });
    }
  }
  return found;
}

async function listTemplates({ ec2, stage }: Account): Promise<Holding[]> {
  const found: Holding[] = [];
  for await (const page of paginateDescribeLaunchTemplates({ client: ec2 }, { Filters: ofStage(stage) })) {
    for (const { LaunchTemplateId, LaunchTemplateName } of page.LaunchTemplates ?? []) {
      if (LaunchTemplateId)
        found.push({ id: LaunchTemplateId, ...(LaunchTemplateName && { note: LaunchTemplateName }) });
    }
  }
  return found;
}

async function deleteTemplate({ ec2 }: Account, LaunchTemplateId: string): Promise<void> {
  try {
    await ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId }));
  } catch (error) {
    if (!isNamed(error, "InvalidLaunchTemplateId.NotFound")) throw error;
  }
}

/** Images of releases, and the stage's own copies of bases; disabled ones too. */
async function listImages({ ec2, stage }: Account): Promise<Holding[]> {
  const { Images: some = [] } = await ec2.send(
    new DescribeImagesCommand({ Filters: ofStage(stage), Owners: ["self"], IncludeDisabled: true }),
  );
  return some.flatMap(({ ImageId, Name }) => (ImageId ? [{ id: ImageId, ...(Name && { note: Name }) }] : []));
}

async function listSnapshots({ ec2, stage }: Account): Promise<Holding[]> {
  const found: Holding[] = [];
  const input = { Filters: ofStage(stage), OwnerIds: ["self"] };
  for await (const { Snapshots = [] } of paginateDescribeSnapshots({ client: ec2 }, input)) {
    found.push(...Snapshots.flatMap(({ SnapshotId }) => (SnapshotId ? [{ id: SnapshotId }] : [])));
  }
  return found;
}

async function deleteSnapshot({ ec2 }: Account, SnapshotId: string): Promise<void> {
  try {
    await ec2.send(new DeleteSnapshotCommand({ SnapshotId }));
  } catch (error) {
    // In use: what uses it is listed before, and reads may lag behind its end.
    if (!isNamed(error, "InvalidSnapshot.NotFound", "InvalidSnapshot.InUse")) throw error;
  }
}
