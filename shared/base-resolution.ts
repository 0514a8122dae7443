import type { Parameters } from "./aws/parameters.ts";
import type { Recipes } from "./aws/recipes.ts";
import { digestOf } from "./digests.ts";
import type { BasePin } from "./domain/base-pin.ts";
import type { Release } from "./domain/release.ts";
import { type KnownBase, knownBases, type ServiceSpec } from "./domain/service-spec.ts";
import { BaseRefusedError } from "./errors.ts";

/** What a spec says of its base. */
export type BaseWish = Pick<ServiceSpec, "base" | "architecture">;

interface BaseResolutionWorld {
  parameters: Pick<Parameters, "read">;
  recipes: Pick<Recipes, "current">;
}

/**
 * The base that a release of this spec is made on now: the pinned one, a fixed AMI, or what the distributor calls newest;
 * of a recipe, what it makes of the newest parent, or of the pinned one.
 * @throws {BaseRefusedError} when the region has no such public parameter, or the stage no such recipe.
 */
export async function resolveBase(
  wish: BaseWish,
  pin: BasePin | null | undefined,
  world: BaseResolutionWorld,
): Promise<Release["base"]> {
  const { base, architecture } = wish;
  const name = nameOfBase(wish);
  if (typeof base === "object" && "recipe" in base) return goldenBase(base.recipe, wish, pin, world);
  return { name, imageId: pin?.imageId ?? (await imageOf({ base, architecture }, world)), architecture };
}

async function goldenBase(
  name: string,
  { architecture }: BaseWish,
  pin: BasePin | null | undefined,
  world: BaseResolutionWorld,
): Promise<Release["base"]> {
  const { recipe, digest: recipeDigest } = await world.recipes.current(name);
  if (recipe.architecture !== architecture) {
    throw new BaseRefusedError(
      `Recipe ${name} is for ${recipe.architecture}; the service runs on ${architecture}.`,
      "Change architecture in the spec, or apply a recipe for it under another name.",
    );
  }
  const parent = { base: recipe.parent, architecture };
  const imageId = pin?.imageId ?? (await imageOf(parent, world));
  const digest = digestOf({ recipe: recipeDigest, parent: imageId });
  return { name: `recipe ${name}`, imageId, architecture, golden: { recipe: name, recipeDigest, digest } };
}

/** A public image: named, or what the distributor's parameter says now. */
async function imageOf(
  { base, architecture }: { base: KnownBase | { ami: string }; architecture: BaseWish["architecture"] },
  { parameters }: Pick<BaseResolutionWorld, "parameters">,
): Promise<string> {
  if (typeof base === "object") return base.ami;
  const parameter = knownBases[base][architecture];
  const imageId = await parameters.read(parameter);
  if (imageId) return imageId;
  throw new BaseRefusedError(`The public parameter ${parameter} does not exist here.`, "Name the base by its AMI id.");
}

/** How people call a base. */
export function nameOfBase({ base }: Pick<ServiceSpec, "base">): string {
  if (typeof base !== "object") return base;
  return "ami" in base ? base.ami : `recipe ${base.recipe}`;
}
