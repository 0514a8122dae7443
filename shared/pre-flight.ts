import type { Fleets } from "./aws/fleets.ts";
import type { Images } from "./aws/images.ts";
import type { Keys } from "./aws/keys.ts";
import type { Launches } from "./aws/launches.ts";
import type { Ledger } from "./aws/ledger.ts";
import type { LoadBalancingLimits } from "./aws/load-balancing-limits.ts";
import type { Networks } from "./aws/networks.ts";
import type { Vcpus } from "./aws/vcpus.ts";
import { capacityTarget } from "./domain/capacity.ts";
import { fleetName, ownedBaseName, tagKeys } from "./domain/names.ts";
import { autoScalingMayUse, shortagesOf } from "./domain/pre-flight.ts";
import type { Release } from "./domain/release.ts";
import { PreFlightFailedError } from "./errors.ts";
import type { BaseWorld } from "./step.ts";

/** What the pre-flight works with; it only reads. */
export interface PreFlightWorld extends BaseWorld {
  ledger: Ledger;
  fleets: Fleets;
  images: Images;
  limits: LoadBalancingLimits;
  networks: Networks;
  vcpus: Vcpus;
  keys: Keys;
  launches: Launches;
}

/**
 * Proves, while the image is being made, that its fleet can be launched: quotas, addresses, key, permissions.
 * @throws {PreFlightFailedError} naming everything that is missing.
 */
export async function preFlight(release: Release, world: PreFlightWorld): Promise<void> {
  const { spec, network } = release;
  const { keyArn } = world.config;
  const { live } = await world.ledger.head(release.service);
  const [fleet, vcpus, subnets, limits, keyState, keyPolicy, launchRefusal] = await Promise.all([
    live ? world.fleets.read(fleetName(world.config.stage, live.generation)) : undefined,
    world.vcpus.standing(spec.instanceType),
    world.networks.subnets(network.subnetIds),
    world.limits.read(network.loadBalancerArn),
    world.keys.state(keyArn),
    world.keys.policy(keyArn),
    launchRefusalOf(release, world),
  ]);
  const shortages = shortagesOf({
    needed: capacityTarget(spec.capacity, fleet),
    instanceType: spec.instanceType,
    vcpus,
    subnets,
    ...limits,
    // Its trial rule, and for a first release a production rule.
    rulesNeeded: live ? 1 : 2,
    keyState,
    autoScalingMayUseKey: autoScalingMayUse(keyPolicy, keyArn),
    launchRefusal,
  });
  if (shortages.length === 0) return;
  throw new PreFlightFailedError(
    `Release ${release.generation} could not be launched: ${shortages.map(({ what }) => what).join("; ")}.`,
    `${[...new Set(shortages.map(({ fix }) => fix))].join(" ")} Then deploy again.`,
  );
}

/** The candidate's image is not there yet; its base differs in nothing that a launch is judged by. */
async function launchRefusalOf(release: Release, world: PreFlightWorld): Promise<string | undefined> {
  const { image } = await world.images.find(ownedBaseName(world.config.stage, release.base.imageId));
  return world.launches.refusal({
    imageId: image?.ImageId ?? "",
    instanceType: release.spec.instanceType,
    subnetId: release.network.subnetIds[0] ?? "",
    securityGroupIds: release.network.securityGroupIds,
    instanceProfile: release.spec.instanceProfile,
    tags: { [tagKeys.stage]: world.config.stage },
  });
}
