import type { AutoScalingState } from "../../local/auto-scaling/state.ts";
import type { SnapshotRecord } from "../../local/ebs/snapshots.ts";
import type { ImageRecord, InstanceRecord, LaunchTemplateVersionRecord } from "../../local/ec2/records.ts";
import type { GroupDocument, RuleDocument } from "../../local/load-balancing/documents.ts";
import { type Head, keptGenerations } from "../../shared/domain/head.ts";
import { fleetName, imageName, tagKeys } from "../../shared/domain/names.ts";
import type { Pin } from "../../shared/domain/pins.ts";
import { imageOwner } from "../../shared/domain/release.ts";
import { targetGroupOf } from "../../shared/fleet-names.ts";
import { type SimulatedStage, stageName } from "./simulated-stage.ts";

type FleetRecord = Readonly<ReturnType<AutoScalingState["group"]>>;

/** What every quiet moment must look like: only what the head holds exists, and the lease is free. */
export async function endStateProblems(stage: SimulatedStage, services: readonly string[]): Promise<string[]> {
  const problems: string[] = [];
  for (const service of services) {
    const head = await stage.cloud.complete(stage.ledger.head(service));
    const lease = await stage.cloud.complete(stage.ledger.lease(service));
    if (lease?.owner) problems.push(`S6 lease: ${service} is still held by ${lease.owner}`);
    if (head.pending) problems.push(`L1 ends: ${service} still has ${head.pending.generation} pending`);
    if (head.drill) problems.push(`L1 ends: a drill of ${service} is still under way`);
    problems.push(
      ...fleetProblems(stage, head),
      ...pinProblems(head, await stage.cloud.complete(stage.ledger.pins(service))),
      ...trafficProblems(stage, head),
      ...(await imageProblems(stage, head)),
    );
  }
  return problems;
}

/** Generations that may own a fleet. */
function heldBy(head: Head): string[] {
  return [head.live?.generation, head.standby?.generation].filter((generation) => generation !== undefined);
}

function fleetProblems(stage: SimulatedStage, head: Head): string[] {
  const prefix = fleetName(stageName, `${head.service}-`);
  const held = heldBy(head).map((generation) => fleetName(stageName, generation));
  const fleets = rows<FleetRecord>(stage, "autoscaling.groups").map(({ name }) => name);
  const own = fleets.filter((name) => name.startsWith(prefix));
  const instances = rows<InstanceRecord>(stage, "ec2.instances").filter(
    ({ tags, state }) => tags[tagKeys.service] === head.service && state !== "terminated" && state !== "shutting-down",
  );
  const kept = new Set(head.quarantined?.map(({ instanceId }) => instanceId));
  const stray = instances.filter(
    ({ tags, instanceId }) => !kept.has(instanceId) && !heldBy(head).includes(tags[tagKeys.generation] ?? ""),
  );
  return [
    ...extra("fleet", own, held),
    ...missing("fleet", own, without(held, stage.cloud.byHand.fleets)),
    ...stray.map(({ instanceId }) => `L2 nothing left: instance ${instanceId} belongs to nothing that is held`),
  ];
}

function pinProblems({ service, standby }: Head, pins: readonly Pin[]): string[] {
  return pins
    .filter(({ generation }) => generation !== standby?.generation)
    .map(({ generation, reason }) => `L3 pins: ${generation} of ${service} is still held (${reason})`);
}

function trafficProblems(stage: SimulatedStage, head: Head): string[] {
  const groups = rows<GroupDocument>(stage, "elasticloadbalancing.groups");
  const ownGroups = groups.filter(({ tags }) => tags[tagKeys.service] === head.service);
  const held = heldBy(head).map((generation) => targetGroupOf(stageName, generation));
  const rules = rows<RuleDocument>(stage, "elasticloadbalancing.rules").filter(
    ({ tags }) => tags[tagKeys.service] === head.service,
  );
  const production = rules.filter(({ tags }) => tags[tagKeys.role] !== "trial");
  const serving = production.flatMap(({ actions }) =>
    (actions[0]?.ForwardConfig?.TargetGroups ?? []).filter(({ Weight = 0 }) => Weight > 0),
  );
  const servingNames = serving.map(({ TargetGroupArn }) => groups.find(({ arn }) => arn === TargetGroupArn)?.name);
  const live = head.live && targetGroupOf(stageName, head.live.generation);
  const names = ownGroups.map(({ name }) => name);
  const problems = [...extra("target group", names, held), ...missing("target group", names, held)];
  const trials = rules.length - production.length;
  if (trials > 0) problems.push(`L2 nothing left: ${trials} trial rules of ${head.service}`);
  if (servingNames.join() !== (live ?? "")) {
    problems.push(`S2 ledger: ${head.service} serves ${servingNames.join() || "nothing"}, the head says ${live}`);
  }
  return problems;
}

async function imageProblems(stage: SimulatedStage, head: Head): Promise<string[]> {
  const kept = [...new Set([...keptGenerations(head), ...heldBy(head)])];
  const wanted = new Set<string>();
  const bereft = new Set<string>();
  for (const generation of kept) {
    const release = await stage.cloud.complete(stage.ledger.release(head.service, generation));
    if (release && imageOwner(release) === head.service) {
      const name = imageName(stageName, head.service, release.imageDigest);
      wanted.add(name);
      if (stage.cloud.byHand.images.has(name)) bereft.add(generation);
    }
  }
  // What an experiment has lent stays until the release that stands on it is no longer kept.
  for (const { imageDigest } of head.experiment?.lent ?? []) {
    wanted.add(imageName(stageName, head.service, imageDigest));
  }
  const images = rows<ImageRecord>(stage, "ec2.images").filter(({ tags }) => tags[tagKeys.service] === head.service);
  const names = images.map(({ name }) => name);
  const { marks } = await stage.cloud.complete(stage.imageRecords.read(head.service));
  const going = images.filter(({ imageId }) => marks[imageId] !== undefined).map(({ name }) => name);
  const disabled = images.filter(({ name, state }) => wanted.has(name) && state !== "available");
  const used = new Set(images.flatMap(({ mappings }) => mappings.map(({ ebs }) => ebs?.snapshotId)));
  const volumes = rows<SnapshotRecord>(stage, "ebs.snapshots").filter(
    ({ tags }) => tags[tagKeys.service] === head.service,
  );
  // A person who takes an image away in the console leaves its snapshots; they go with the generation.
  const isLeftByHand = (generation = "") => bereft.has(generation) && kept.includes(generation);
  const unused = volumes.filter(
    ({ snapshotId, tags }) => !used.has(snapshotId) && !isLeftByHand(tags[tagKeys.generation]),
  );
  const templates = rows<LaunchTemplateVersionRecord>(stage, "ec2.template-versions")
    .map(({ description = "" }) => description)
    .filter((description) => description.startsWith(`${head.service}-`));
  return [
    ...extra("image", names, [...wanted, ...going]),
    ...disabled.map(({ name, state }) => `S8 reap: image ${name} is needed, and ${state}`),
    ...missing("image", names, without([...wanted], stage.cloud.byHand.images)),
    ...(new Set(names).size < names.length ? [`S4 one image: ${names.join()}`] : []),
    ...unused.map(({ snapshotId, tags }) => `L2 nothing left: snapshot ${snapshotId} of ${tags[tagKeys.generation]}`),
    ...extra("template version", templates, kept),
  ];
}

function rows<T>(stage: SimulatedStage, collection: string): Readonly<T>[] {
  return stage.cloud.kernel.store.collection<T>(collection).list();
}

function extra(what: string, found: readonly string[], wanted: readonly string[]): string[] {
  return found.filter((name) => !wanted.includes(name)).map((name) => `L2 nothing left: ${what} ${name}`);
}

/** Nobody holds it against Kiln that what a person took away is not there. */
function without(names: readonly string[], takenByHand: ReadonlySet<string>): string[] {
  return names.filter((name) => !takenByHand.has(name));
}

function missing(what: string, found: readonly string[], wanted: readonly string[]): string[] {
  return wanted.filter((name) => !found.includes(name)).map((name) => `S3 kept: ${what} ${name} is missing`);
}
