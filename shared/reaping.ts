import type { Fleets } from "./aws/fleets.ts";
import type { ImageUsers } from "./aws/image-users.ts";
import { type Images, releaseTags } from "./aws/images.ts";
import type { Ledger } from "./aws/ledger.ts";
import type { Snapshots } from "./aws/snapshots.ts";
import type { TargetGroups } from "./aws/target-groups.ts";
import type { Templates } from "./aws/templates.ts";
import type { Standing, Traffic } from "./aws/traffic.ts";
import { isLent, returned, stillUsed } from "./domain/experiment.ts";
import {
  type Head,
  isKept,
  isPropagating,
  keptGenerations,
  propagationLeftSeconds,
  propagationSeconds,
  reaped,
  retired,
} from "./domain/head.ts";
import { experimentOf, fleetName, imageName, templateName } from "./domain/names.ts";
import { imageOwner, type Release } from "./domain/release.ts";
import { left, stateOf, unexplained } from "./domain/rule-record.ts";
import { vanished } from "./domain/second-look.ts";
import { targetGroupOf } from "./fleet-names.ts";
import type { BaseWorld } from "./step.ts";

/** What reaping works with. */
export interface ReapWorld extends BaseWorld {
  ledger: Ledger;
  traffic: Traffic;
  fleets: Fleets;
  targetGroups: TargetGroups;
  templates: Templates;
  images: Images;
  imageUsers: ImageUsers;
  snapshots: Snapshots;
}

/**
 * What becomes of the image of a generation that is not kept. `remove`: nobody but this failed candidate ever needed it.
 * `leave`: the sweep finds it, and gives people time (image-plan.ts).
 */
export type ImageFate = "remove" | "leave";

/**
 * Unit: milliseconds. What EC2 has just made may not be found yet (EC2 API guide, "Eventual consistency"), so what looks
 * gone is looked for again until this long after the first look: a candidate may fail right after something was created.
 */
const visibleMs = 10_000;

/** What became of a generation; while it goes, when it is worth looking again. Unit: seconds. */
export type Reaped = { state: "gone" | "serving" } | { state: "going"; waitSeconds: number };

/** Unit: seconds. From the end of draining until an instance has ended; no figure is published. */
const stoppingSeconds = 20;
/** Unit: seconds between looks when something should go at any moment. */
const againSeconds = 5;
/** Unit: seconds. Programs often have no requests in flight and end earlier than the drain allows. */
const longestWaitSeconds = 60;

/**
 * Removes what one generation owns, in the order that keeps requests safe: its trial rule, its instances after draining, its
 * place in the production rule, its target group, and, unless it is kept for a cold rollback, template version, image and snapshots.
 * @param firstLookMs When nothing more could be created in its name: from then on reads catch up.
 * @param fate What becomes of its image, unless it is kept.
 * @param guard Asked before every change; throws when the lease is lost.
 * @param execution Whose work this is.
 * @returns `serving` when production goes there: then nothing was changed.
 */
export async function reapGeneration(
  service: string,
  generation: string,
  firstLookMs: number,
  fate: ImageFate,
  guard: () => Promise<void>,
  execution: string,
  world: ReapWorld,
): Promise<Reaped> {
  const head = await world.ledger.head(service);
  if (head.live?.generation === generation) return { state: "serving" };
  const release = await world.ledger.release(service, generation);
  if (release) {
    // Nothing is emptied while a node of the load balancer may still send requests by the rule as it was.
    if (isPropagating(head, world.now())) return going(propagationLeftSeconds(head, world.now()));
    const group = await world.targetGroups.find(targetGroupOf(world.config.stage, generation));
    const standing = await world.traffic.standing(release.network.listenerArn, release.service);
    if (isServing(group, standing)) return { state: "serving" };
    // Nobody may be told that it stands by once its fleet goes; should this end half-way, it is a leftover.
    if (head.standby?.generation === generation) {
      await guard();
      await world.ledger.updateHead(service, (present) => retired(present, generation));
    }
    await leaveTrial(generation, standing, guard, world);
    // While the production rule names its group, its targets are drained; out of it they would be cut off.
    const leavingSeconds = await removeFleet(release, guard, world);
    if (leavingSeconds !== undefined) return going(leavingSeconds);
    const left = await leaveProduction(standing, head, group, guard, world);
    if (left === "serving") return { state: "serving" };
    if (left === "changed") return going(propagationSeconds);
    if (!(await removeGroup(group, guard, world))) return going(againSeconds);
    if (!isKept(head, generation)) await removeImage(release, fate, head, guard, world);
    if (world.now() - firstLookMs < visibleMs) return going(visibleMs / 1000);
  }
  const at = new Date(world.now()).toISOString();
  await world.ledger.updateHead(service, (present) => vanished(reaped(present, generation, execution), generation, at));
  return { state: "gone" };
}

function going(waitSeconds: number): Reaped {
  return { state: "going", waitSeconds };
}

/** Whether requests go to a group, by Kiln's own rule or by one that somebody else made. */
function isServing(group: string | undefined, { own, others }: Standing): boolean {
  return [...own, ...others].some(({ weights }) =>
    weights.some(({ targetGroupArn, weight }) => targetGroupArn === group && weight > 0),
  );
}

/**
 * Takes away the trial rules of what is live and what stands by: a launch may have made one that outlived its own deploy, or a
 * rollback that was stopped. At generation 0 there is nothing live, and such a rule keeps the standby's health checked.
 */
export async function leaveHeldTrials(service: string, guard: () => Promise<void>, world: ReapWorld): Promise<void> {
  const { live, standby } = await world.ledger.head(service);
  const release = live && (await world.ledger.release(service, live.generation));
  if (!release) return;
  const standing = await world.traffic.standing(release.network.listenerArn, service);
  for (const held of [live, standby]) {
    if (held) await leaveTrial(held.generation, standing, guard, world);
  }
}

async function leaveTrial(
  generation: string,
  { trials }: Standing,
  guard: () => Promise<void>,
  world: ReapWorld,
): Promise<void> {
  for (const trial of trials.filter((rule) => rule.generation === generation)) {
    await guard();
    await world.traffic.delete(trial.arn);
  }
}

type Leaving = "unchanged" | "changed" | "serving";

/**
 * Takes a generation out of production's rule; when that was changed, the load balancer's nodes have yet to follow. Only
 * the fleet's own entry goes: what somebody else wrote into the rule stays, and stays told as not explained.
 */
async function leaveProduction(
  { own }: Standing,
  head: Head,
  group: string | undefined,
  guard: () => Promise<void>,
  world: ReapWorld,
): Promise<Leaving> {
  const [rule] = own;
  const entry = rule?.weights.find(({ targetGroupArn }) => targetGroupArn === group);
  if (!rule || !entry) return expectWithout(head, group, guard, world);
  if (entry.weight > 0) return "serving";
  const weights = rule.weights.filter((weight) => weight !== entry);
  const from = stateOf(rule);
  // What stands in front of it is somebody else's, and says nothing of this one.
  const isAsLeft = unexplained(head.service, head.rule, [rule], []) === undefined;
  const record =
    !head.rule || isAsLeft ? { from, to: from && { ...from, weights } } : left(head.rule, entry.targetGroupArn);
  await world.ledger.announceRuleChange(head.service, world.now(), record);
  await guard();
  await world.traffic.change(rule, weights);
  return "changed";
}

/**
 * Where somebody else took the group out, or the rule, or the group never came into it, nobody is to be told to put a group
 * there that goes now.
 */
async function expectWithout(
  head: Head,
  group: string | undefined,
  guard: () => Promise<void>,
  { ledger }: ReapWorld,
): Promise<Leaving> {
  const isExpected = head.rule?.to?.weights.some(({ targetGroupArn }) => targetGroupArn === group) ?? false;
  if (group === undefined || !isExpected) return "unchanged";
  await guard();
  await ledger.updateHead(head.service, (present) =>
    present.rule ? { ...present, rule: left(present.rule, group) } : present,
  );
  return "unchanged";
}

/** @returns Seconds after which to look again; undefined once the fleet is gone. */
async function removeFleet(
  release: Release,
  guard: () => Promise<void>,
  world: ReapWorld,
): Promise<number | undefined> {
  const name = fleetName(world.config.stage, release.generation);
  const fleet = await world.fleets.read(name);
  if (!fleet) return undefined;
  await guard();
  if (fleet.max > 0) await world.fleets.empty(name);
  if (fleet.instanceIds.length > 0) {
    const drained = Math.min(longestWaitSeconds, release.spec.drainSeconds + stoppingSeconds);
    return fleet.max > 0 ? drained : 2 * againSeconds;
  }
  return (await world.fleets.delete(name)) ? undefined : againSeconds;
}

async function removeGroup(group: string | undefined, guard: () => Promise<void>, world: ReapWorld): Promise<boolean> {
  if (group === undefined) return true;
  await guard();
  return world.targetGroups.delete(group);
}

async function removeImage(
  release: Release,
  fate: ImageFate,
  head: Head,
  guard: () => Promise<void>,
  world: ReapWorld,
): Promise<void> {
  const { stage } = world.config;
  const { service, generation } = release;
  await guard();
  await world.templates.remove(templateName(stage, service), generation);
  const isNeeded = (await isShared(release, head, world)) || (await isOthers(release, head, guard, world));
  if (!isNeeded) await deregister(release, fate, guard, world);
  // One that became no image is nobody else's, also where the image with the same contents is; one that did is in use.
  await guard();
  await world.snapshots.deleteTagged(releaseTags(stage, service, generation, "release-volume"));
}

async function deregister(
  release: Release,
  fate: ImageFate,
  guard: () => Promise<void>,
  world: ReapWorld,
): Promise<void> {
  const owner = imageOwner(release);
  const { image } = await world.images.find(imageName(world.config.stage, owner, release.imageDigest));
  // The sweep looks after the images of services; one of an experiment goes with whoever needed it last.
  const atOnce = fate === "remove" || experimentOf(owner) !== undefined;
  const imageId = atOnce ? image?.ImageId : undefined;
  if (imageId === undefined || (await isUsedElsewhere(imageId, release.generation, world))) return;
  await guard();
  await world.images.deregister(imageId);
}

/**
 * Whether another generation that is kept, or under way, has the same image. What is under way is known; a pending one that
 * is not known any more was reaped a moment ago by this same execution.
 */
async function isShared(release: Release, head: Head, world: ReapWorld): Promise<boolean> {
  for (const other of new Set([...keptGenerations(head), ...head.known])) {
    if (other === release.generation) continue;
    const found = await world.ledger.release(release.service, other);
    if (found && isSameImage(found, release)) return true;
  }
  return false;
}

function isSameImage(one: Release, other: Release): boolean {
  return one.imageDigest === other.imageDigest && imageOwner(one) === imageOwner(other);
}

/**
 * Whether the image of a promoted release is still the experiment's, or that of an experiment is lent. Both sides give
 * it up in the experiment's head, by compare-and-set: so whoever does so last sees it, and removes the image.
 */
async function isOthers(release: Release, head: Head, guard: () => Promise<void>, world: ReapWorld): Promise<boolean> {
  const { promotedFrom, generation, imageDigest } = release;
  if (!promotedFrom) return isLent(head, imageDigest);
  await guard();
  const { experiment } = promotedFrom;
  const owner = await world.ledger.updateHead(experiment, (present) => returned(present, generation));
  if (isLent(owner, imageDigest)) return true;
  for (const using of stillUsed(owner)) {
    if ((await world.ledger.release(experiment, using))?.imageDigest === imageDigest) return true;
  }
  return false;
}

/** Whether somebody whom the ledger does not know runs or would launch the image. */
async function isUsedElsewhere(imageId: string, generation: string, { imageUsers }: ReapWorld): Promise<boolean> {
  const users = await Promise.all([
    imageUsers.instances([imageId], generation),
    imageUsers.templates([imageId], generation),
  ]);
  return users.some((found) => found.has(imageId));
}
