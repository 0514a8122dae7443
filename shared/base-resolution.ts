import type { Parameters } from "./aws/parameters.ts";
import type { BasePin } from "./domain/base-pin.ts";
import type { Release } from "./domain/release.ts";
import { knownBases, type ServiceSpec } from "./domain/service-spec.ts";
import { BaseRefusedError } from "./errors.ts";

/** What a spec says of its base. */
export type BaseWish = Pick<ServiceSpec, "base" | "architecture">;

interface BaseResolutionWorld {
  parameters: Pick<Parameters, "read">;
}

/**
 * The base that a release of this spec is made on now: the pinned one, a fixed AMI, or what the distributor calls newest.
 * @throws {BaseRefusedError} when the region has no such public parameter.
 */
export async function resolveBase(
  wish: BaseWish,
  pin: BasePin | null | undefined,
  world: BaseResolutionWorld,
): Promise<Release["base"]> {
  const { base, architecture } = wish;
  const name = nameOfBase(wish);
  if (pin) return { name, imageId: pin.imageId, architecture };
  if (typeof base === "object") return { name, imageId: base.ami, architecture };
  const parameter = knownBases[base][architecture];
  const imageId = await world.parameters.read(parameter);
  if (imageId) return { name, imageId, architecture };
  throw new BaseRefusedError(`The public parameter ${parameter} does not exist here.`, "Name the base by its AMI id.");
}

/** How people call a base. */
export function nameOfBase({ base }: Pick<ServiceSpec, "base">): string {
  return typeof base === "object" ? base.ami : base;
}
