import * as z from "zod/mini";
import { encodeHeader } from "../boot/release-volume.ts";
import { renderUserData } from "../boot/user-data.ts";
import * as clients from "../shared/aws/clients.ts";
import { Documents } from "../shared/aws/documents.ts";
import { Fleets } from "../shared/aws/fleets.ts";
import { Images, releaseTags } from "../shared/aws/images.ts";
import { Keys } from "../shared/aws/keys.ts";
import { Launches } from "../shared/aws/launches.ts";
import { Ledger } from "../shared/aws/ledger.ts";
import { LoadBalancingLimits } from "../shared/aws/load-balancing-limits.ts";
import { Networks } from "../shared/aws/networks.ts";
import { ScalingPolicies } from "../shared/aws/scaling-policies.ts";
import { TargetGroups } from "../shared/aws/target-groups.ts";
import { Templates } from "../shared/aws/templates.ts";
import { Traffic } from "../shared/aws/traffic.ts";
import { Vcpus } from "../shared/aws/vcpus.ts";
import { sha256Hex } from "../shared/digests.ts";
import { capacityTarget, type LiveCapacity } from "../shared/domain/capacity.ts";
import { clientToken, fleetName, imageName, serviceOf, tagKeys, templateName } from "../shared/domain/names.ts";
import { firstLookSeconds } from "../shared/domain/pace.ts";
import { imageOwner, type Release } from "../shared/domain/release.ts";
import { scalingTargets } from "../shared/domain/scaling.ts";
import { targetGroupOf } from "../shared/fleet-names.ts";
import { readGenerationZero, zeroCapacity } from "../shared/generation-zero.ts";
import { recordEvent } from "../shared/history.ts";
import { pin } from "../shared/pinning.ts";
import { type PreFlightWorld, preFlight } from "../shared/pre-flight.ts";
import { lambdaHandler, type Step } from "../shared/step.ts";
import { ready, type StepOutput, stepInput } from "../shared/step-input.ts";
import { volumeOf } from "../shared/volume-of-release.ts";

const input = z.extend(stepInput, {
  /** `pre-flight`: only whether it could be launched, while its image is being made. Left out: it is launched. */
  phase: z._default(z.enum(["pre-flight", "launch"]), "launch"),
});
type Input = z.infer<typeof input>;

interface World extends PreFlightWorld {
  ledger: Ledger;
  images: Images;
  templates: Templates;
  targetGroups: TargetGroups;
  traffic: Traffic;
  fleets: Fleets;
  policies: ScalingPolicies;
}

/**
 * Launches the fleet of a release beside production, reached only through its own trial rule.
 *
 * Before: the release's image is available. After: template version, target group, trial rule and Auto Scaling group
 * exist under derived names, and the group wants every instance that is needed; production's rule is untouched. Whether
 * they came is for validation to see, once they had the time that is answered here.
 * Repeatable: each of them is found by its name; nothing is created twice.
 */
export async function launch(input: Input, world: World): Promise<StepOutput> {
  const release = await world.ledger.frozen(input.release);
  if (input.phase === "pre-flight") {
    await preFlight(release, world);
    return ready();
  }
  const { stage } = world.config;
  const name = fleetName(stage, release.generation);
  const { live } = await world.ledger.head(release.service);
  const other = live && live.generation !== release.generation ? [fleetName(stage, live.generation)] : [];
  const [fleet, liveFleet] = await world.fleets.readEach([name, ...other]);
  const needed = capacityTarget(release.spec.capacity, live ? liveFleet : await capacityBefore(release, world));

  await world.ledger.assertLease(input.release, input.execution);
  const targetGroupArn = await ensureTargetGroup(release, world);
  // Also for a fleet that stands: a cold standby coming back may have lost its trial rule.
  await world.traffic.ensureTrial(release, targetGroupArn);
  const lasting = release.spec.capacity.min;
  if (needed > lasting) await pin(input, { generation: release.generation, min: needed, lasting }, world);
  if (!fleet) await createFleet(release, { name, size: needed, targetGroupArn }, world);
  else if (fleet.desired < needed) {
    await world.fleets.resize(name, { min: needed, max: Math.max(needed, fleet.max), desired: needed });
  }
  // Its pin keeps an idle candidate from shrinking.
  const targets = scalingTargets(release.spec.capacity, release.network.listenerArn, targetGroupArn);
  await world.policies.ensure(name, targets, firstLookSeconds(release.spec.healthCheck));
  await recordEvent(input, world, "launched", {
    fleet: name,
    instances: needed,
    instanceType: release.spec.instanceType,
  });
  const stands = fleet !== undefined && fleet.inService >= needed;
  return ready({ startedMs: world.now(), targetGroupArn }, stands ? 0 : firstLookSeconds(release.spec.healthCheck));
}

/** What carries the requests until a first release does. */
async function capacityBefore(release: Release, { traffic, targetGroups }: World): Promise<LiveCapacity | undefined> {
  const { own, others } = await traffic.standing(release.network.listenerArn, release.service);
  return own.length > 0 ? undefined : zeroCapacity(await readGenerationZero(others, release.spec.route, targetGroups));
}

function ensureTargetGroup(release: Release, world: World): Promise<string> {
  const { stage } = world.config;
  const tags = releaseTags(stage, release.service, release.generation, "target-group");
  return world.targetGroups.ensure(targetGroupOf(stage, release.generation), release, tags);
}

async function createFleet(
  release: Release,
  fleet: { name: string; size: number; targetGroupArn: string },
  world: World,
): Promise<void> {
  const { stage } = world.config;
  const version = await ensureTemplate(release, world);
  await world.fleets.create({
    ...fleet,
    template: { name: templateName(stage, release.service), version },
    max: Math.max(fleet.size, release.spec.capacity.max),
    subnetIds: release.network.subnetIds,
    tags: releaseTags(stage, release.service, release.generation, "fleet"),
  });
}

async function ensureTemplate(release: Release, world: World): Promise<number> {
  const { stage } = world.config;
  const { image, state } = await world.images.find(imageName(stage, imageOwner(release), release.imageDigest));
  // The sweep had begun to remove it before somebody pinned the release.
  if (state === "disabled") await world.images.enable(image?.ImageId ?? "");
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
        service: serviceOf(release.service),
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
  input,
  run: launch,
  world: (common, connect) => {
    const ec2 = clients.ec2(connect);
    const elb = clients.loadBalancing(connect);
    const s3 = clients.s3(connect);
    const scaling = clients.autoScaling(connect);
    return {
      ...common,
      ledger: new Ledger(new Documents(s3, common.config.ledgerBucket), common.releases),
      images: new Images(ec2),
      templates: new Templates(ec2),
      targetGroups: new TargetGroups(elb),
      traffic: new Traffic(elb, common.config.stage),
      fleets: new Fleets(scaling),
      networks: new Networks(elb, ec2),
      limits: new LoadBalancingLimits(elb),
      vcpus: new Vcpus(clients.serviceQuotas(connect), ec2),
      keys: new Keys(clients.kms(connect)),
      launches: new Launches(ec2),
      policies: new ScalingPolicies(scaling),
    };
  },
};

export const handler = lambdaHandler(step);
