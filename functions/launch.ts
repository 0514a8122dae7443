import type * as z from "zod/mini";
import { encodeHeader } from "../boot/release-volume.ts";
import { renderUserData } from "../boot/user-data.ts";
import * as clients from "../shared/aws/clients.ts";
import { Documents } from "../shared/aws/documents.ts";
import { Fleets } from "../shared/aws/fleets.ts";
import { Images, releaseTags } from "../shared/aws/images.ts";
import { Ledger } from "../shared/aws/ledger.ts";
import { TargetGroups } from "../shared/aws/target-groups.ts";
import { Templates } from "../shared/aws/templates.ts";
import { Traffic } from "../shared/aws/traffic.ts";
import { sha256Hex } from "../shared/digests.ts";
import { capacityTarget } from "../shared/domain/capacity.ts";
import { clientToken, fleetName, imageName, tagKeys, templateName } from "../shared/domain/names.ts";
import type { Release } from "../shared/domain/release.ts";
import { CapacityShortageError } from "../shared/errors.ts";
import { targetGroupOf } from "../shared/fleet-names.ts";
import { type BaseWorld, lambdaHandler, type Step } from "../shared/step.ts";
import { pending, ready, type StepOutput, stepInput } from "../shared/step-input.ts";
import { volumeOf } from "../shared/volume-of-release.ts";

type Input = z.infer<typeof stepInput>;

interface World extends BaseWorld {
  ledger: Ledger;
  images: Images;
  templates: Templates;
  targetGroups: TargetGroups;
  traffic: Traffic;
  fleets: Fleets;
}

/** Unit: milliseconds. A fleet that has not its size by then will not get it: capacity or quota is short. */
const launchPatienceMs = 600_000;

/** Unit: seconds. EC2 takes about 18 s from pending to running (brevdev/ec2-coldboot-research): no look is worth it earlier. */
const firstLookSeconds = 20;

/**
 * Launches the fleet of a release beside production, reached only through its own trial rule.
 *
 * Before: the release's image is available. After: template version, target group, trial rule and Auto Scaling group
 * exist under derived names and every instance wanted is in service; production's rule is untouched.
 * Repeatable: each of them is found by its name; nothing is created twice.
 */
export async function launch(input: Input, world: World): Promise<StepOutput> {
  const release = await world.ledger.frozen(input.release);
  const { stage } = world.config;
  const name = fleetName(stage, release.generation);
  const startedMs = Number(input.memo["startedMs"] ?? world.now());

  const needed = await neededCapacity(release, world);
  const fleet = await world.fleets.read(name);
  if (!fleet) {
    await world.ledger.assertLease(input.release, input.execution);
    await createFleet(release, name, needed, world);
    return pending(firstLookSeconds, { startedMs });
  }
  if (fleet.desired < needed) {
    await world.ledger.assertLease(input.release, input.execution);
    await world.fleets.resize(name, { min: needed, max: Math.max(needed, fleet.max), desired: needed });
  }
  if (fleet.inService >= needed) {
    // A fleet that stood before (a cold standby coming back) may have lost its trial rule.
    await world.traffic.ensureTrial(release, await ensureTargetGroup(release, world));
    return ready();
  }
  if (world.now() - startedMs < launchPatienceMs) return pending(5, { startedMs });
  const failures = await world.fleets.launchFailures(name);
  throw new CapacityShortageError(
    `${fleet.inService} of ${needed} instances came into service: ${failures.join("; ") || "AWS names no reason"}.`,
    "Raise the quota, add subnets or choose another instance type, then deploy again.",
  );
}

async function neededCapacity(release: Release, world: World): Promise<number> {
  const head = await world.ledger.head(release.service);
  const other = head.live && head.live.generation !== release.generation;
  const live =
    other && head.live ? await world.fleets.read(fleetName(world.config.stage, head.live.generation)) : undefined;
  return capacityTarget(release.spec.capacity, live || undefined);
}

function ensureTargetGroup(release: Release, world: World): Promise<string> {
  const { stage } = world.config;
  const tags = releaseTags(stage, release.service, release.generation, "target-group");
  return world.targetGroups.ensure(targetGroupOf(stage, release.generation), release, tags);
}

async function createFleet(release: Release, name: string, size: number, world: World): Promise<void> {
  const { stage } = world.config;
  const version = await ensureTemplate(release, world);
  const targetGroupArn = await ensureTargetGroup(release, world);
  await world.traffic.ensureTrial(release, targetGroupArn);
  await world.fleets.create({
    name,
    template: { name: templateName(stage, release.service), version },
    size,
    max: Math.max(size, release.spec.capacity.max),
    subnetIds: release.network.subnetIds,
    targetGroupArn,
    tags: releaseTags(stage, release.service, release.generation, "fleet"),
  });
}

async function ensureTemplate(release: Release, world: World): Promise<number> {
  const { stage } = world.config;
  const { image } = await world.images.find(imageName(stage, release.service, release.imageDigest));
  const tags = releaseTags(stage, release.service, release.generation, "instance");
  return world.templates.ensure({
    name: templateName(stage, release.service),
    generation: release.generation,
    token: clientToken("template", sha256Hex(`${stage} ${release.generation}`)),
    tags: { [tagKeys.stage]: stage, [tagKeys.service]: release.service, [tagKeys.role]: "template" },
    data: {
      imageId: image?.ImageId ?? "",
      instanceType: release.spec.instanceType,
      securityGroupIds: release.network.securityGroupIds,
      instanceProfile: release.spec.instanceProfile,
      userData: renderUserData({
        stage,
        service: release.service,
        generation: release.generation,
        port: release.spec.port,
        headerSha256: sha256Hex(encodeHeader(volumeOf(release))),
        stopSeconds: release.spec.stopSeconds,
        environment: release.spec.environment,
      }),
      tags: { ...tags, Name: release.generation },
    },
  });
}

export const step: Step<Input, World, StepOutput> = {
  name: "launch",
  input: stepInput,
  run: launch,
  world: (common, connect) => {
    const ec2 = clients.ec2(connect);
    const elb = clients.loadBalancing(connect);
    const s3 = clients.s3(connect);
    return {
      ...common,
      ledger: new Ledger(new Documents(s3, common.config.ledgerBucket)),
      images: new Images(ec2),
      templates: new Templates(ec2),
      targetGroups: new TargetGroups(elb),
      traffic: new Traffic(elb, common.config.stage),
      fleets: new Fleets(clients.autoScaling(connect)),
    };
  },
};

export const handler = lambdaHandler(step);
