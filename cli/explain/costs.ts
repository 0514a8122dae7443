import { type Cost, costText, deployCost, fleetCostPerDay, imageCostPerDay } from "../../shared/domain/cost/cost.ts";
import { priceSource } from "../../shared/domain/cost/prices.ts";
import type { Release } from "../../shared/domain/release.ts";

/** One thing that costs money by the day. */
export interface DailyCost {
  /** A fleet's role, or `kept images`. */
  what: string;
  generations: readonly string[];
  /** Unit: US dollars a day; null when it is not known. */
  dollarsPerDay: number | null;
  unknown: string | null;
}

export interface ServiceCost {
  /** When the prices were noted, and where they are published. */
  asOf: string;
  sources: readonly string[];
  perDay: readonly DailyCost[];
  /** What the next deploy adds at least: its image, and a second fleet until the hot window is over. Unit: US dollars. */
  deploy: { dollars: number | null; unknown: string | null };
}

/** What a service costs now, and what its next deploy adds, by Kiln's own table of list prices. */
export function costOf(
  fleets: readonly { role: string; generation: string; instances: number; release: Release | undefined }[],
  kept: readonly Release[],
): ServiceCost | undefined {
  const running = fleets.flatMap(({ release, ...fleet }) => (release ? [{ ...fleet, release }] : []));
  const live = running.find(({ role }) => role === "live") ?? running[0];
  if (!live) return undefined;
  const perDay = running.map(({ role, generation, instances, release }) =>
    daily(role, [generation], [fleetCostPerDay(release, instances)]),
  );
  // The image of a fleet that runs is kept as well.
  const images = daily(
    "kept images",
    kept.map(({ generation }) => generation),
    distinctImages(kept).map(imageCostPerDay),
  );
  const next = deployCost(live.release, Math.max(live.instances, live.release.spec.capacity.min));
  return {
    asOf: priceSource.asOf,
    sources: priceSource.pages,
    perDay: kept.length > 0 ? [...perDay, images] : perDay,
    deploy: { dollars: "dollars" in next ? next.dollars : null, unknown: "unknown" in next ? next.unknown : null },
  };
}

/** Releases that differ in their spec alone have one image. */
function distinctImages(kept: readonly Release[]): Release[] {
  return [...new Map(kept.map((release) => [release.imageDigest, release])).values()];
}

function daily(what: string, generations: readonly string[], costs: readonly Cost[]): DailyCost {
  const unknown = costs.flatMap((cost) => ("unknown" in cost ? [cost.unknown] : []))[0];
  if (unknown !== undefined) return { what, generations, dollarsPerDay: null, unknown };
  const dollarsPerDay = costs.reduce((sum, cost) => sum + ("dollars" in cost ? cost.dollars : 0), 0);
  return { what, generations, dollarsPerDay, unknown: null };
}

/** One line about the money, with the date of the prices. */
export function costLine({ perDay, deploy, asOf }: ServiceCost): string {
  const each = perDay.map(({ what, generations, dollarsPerDay, unknown }) => {
    const kept = generations.length === 1 ? "1 kept image" : `${generations.length} kept images`;
    return `${what === "kept images" ? kept : what} ${amount(dollarsPerDay, unknown)}`;
  });
  const least = deploy.dollars === null ? "" : "at least ";
  return `${each.join(", ")} a day; a deploy adds ${least}${amount(deploy.dollars, deploy.unknown)}  (list prices of ${asOf})`;
}

function amount(dollars: number | null, unknown: string | null): string {
  return costText(dollars === null ? { unknown: unknown ?? "" } : { dollars });
}
