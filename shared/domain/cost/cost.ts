import type { Release } from "../release.ts";
import { rootVolumeGib } from "../root-volume.ts";
import { snapshotBlockBytes } from "../snapshot-blocks.ts";
import { pricesOf, type RegionPrices } from "./prices.ts";

/** An amount, or why there is none. */
export type Cost = { dollars: number } | { unknown: string };

type Priced = Pick<Release, "spec" | "artifact" | "layers" | "network">;

const gib = 1024 ** 3;
/** A GB-month is billed by its hours, 730 of them. */
const daysInMonth = 730 / 24;
/** Unit: GiB. The root volume of every base that Kiln knows by name; a base named by its AMI may have more. */
const leastRootGib = 8;

/** Region of an ARN. */
export function regionOf(arn: string): string {
  return arn.split(":")[3] ?? "";
}

/**
 * What a fleet costs for each day: its instances and their root volumes. Traffic, metrics, public addresses and processor
 * credits are not in it. Unit: US dollars.
 */
export function fleetCostPerDay(release: Priced, instances: number): Cost {
  return priced(release, (prices, hourly) => instances * instanceCostPerDay(release, prices, hourly));
}

/** What the kept image of a release costs for each day: its own release volume; the root is its base's. */
export function imageCostPerDay(release: Priced): Cost {
  const prices = pricesOf(regionOf(release.network.listenerArn));
  if (!prices) return unknownRegion(release);
  return { dollars: ((bakedBytes(release) / gib) * prices.snapshotGbMonth) / daysInMonth };
}

/**
 * What a deploy of this release adds at least to what runs anyway: its image is written, and two fleets run side by side
 * while it is watched and while the former one stands by.
 */
export function deployCost(release: Priced, instances: number): Cost {
  const { hotSeconds } = release.spec;
  const days = (watchedSeconds(release.spec) + hotSeconds) / 86_400;
  const blocks = Math.ceil(bakedBytes(release) / snapshotBlockBytes);
  return priced(
    release,
    (prices, hourly) => days * instances * instanceCostPerDay(release, prices, hourly) + blocks * prices.blockWritten,
  );
}

/** Unit: seconds that steps and observation take together, when all goes well. */
function watchedSeconds({ deploy, observeSeconds }: Release["spec"]): number {
  const { strategy, steps, stepPercent, intervalSeconds } = deploy;
  const counts = { "all-at-once": 0, canary: steps?.length ?? 1, linear: Math.ceil(100 / (stepPercent ?? 20)) - 1 };
  return counts[strategy] * intervalSeconds + observeSeconds;
}

function instanceCostPerDay({ layers, artifact }: Priced, prices: RegionPrices, hourly: number): number {
  const unpackedBytes = [...layers, artifact].reduce((sum, part) => sum + part.unpackedBytes, 0);
  const volumesGib = rootVolumeGib(leastRootGib, unpackedBytes);
  return hourly * 24 + (volumesGib * prices.volumeGbMonth) / daysInMonth;
}

function bakedBytes({ layers, artifact }: Priced): number {
  return [...layers, artifact].reduce((sum, { bytes }) => sum + bytes, 0);
}

function priced(release: Priced, dollars: (prices: RegionPrices, hourly: number) => number): Cost {
  const prices = pricesOf(regionOf(release.network.listenerArn));
  if (!prices) return unknownRegion(release);
  const { instanceType } = release.spec;
  if (!Object.hasOwn(prices.instanceHour, instanceType)) {
    return {
      unknown: `the price of ${instanceType} in ${regionOf(release.network.listenerArn)} is not in Kiln's table`,
    };
  }
  return { dollars: dollars(prices, prices.instanceHour[instanceType] ?? 0) };
}

function unknownRegion({ network }: Priced): Cost {
  return { unknown: `the prices of ${regionOf(network.listenerArn) || "this region"} are not in Kiln's table` };
}

/** An amount for a person: cents, or more digits below a cent, as long as they say something. */
export function costText(cost: Cost): string {
  if ("unknown" in cost) return `unknown (${cost.unknown})`;
  const { dollars } = cost;
  if (dollars > 0 && dollars < 0.0001) return "less than $0.0001";
  return `$${dollars !== 0 && dollars < 0.01 ? dollars.toPrecision(2) : dollars.toFixed(2)}`;
}
