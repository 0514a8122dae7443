import type { GoldenBuild } from "./golden-build.ts";
import type { OwnImage } from "./image-plan.ts";
import { baseImageName, goldenName, ownedBaseName } from "./names.ts";

/** An image that releases can be made on: the stage's copy of a public one, or a golden build. */
export interface BaseImage extends OwnImage {
  snapshotIds: readonly string[];
}

/** A base that somebody needs: the public image, or what a recipe makes of it. */
export interface NeededBase {
  imageId: string;
  golden?: { digest: string };
  why: string;
}

/** Everything that can need a base image. */
export interface BaseFacts {
  stage: string;
  images: readonly BaseImage[];
  /** Other images of the stage, in every state, with the snapshots they stand on. */
  made: readonly { imageId: string; snapshotIds: readonly string[] }[];
  /** Of releases that are held, of pins, and what would be deployed on now. */
  needed: readonly NeededBase[];
  builds: readonly GoldenBuild[];
}

/**
 * Who needs each base image, by its name. An image stays registered while another one stands on its snapshot, while a release
 * that may serve was made on it, while it is the newest of its kind, and while a golden image that was made of it is there.
 */
export function baseUses({ stage, images, made, needed, builds }: BaseFacts): Map<string, string> {
  const uses = new Map<string, string>();
  const use = (name: string, why: string) => {
    if (!uses.has(name)) uses.set(name, why);
  };
  for (const base of needed) use(baseImageName(stage, base), base.why);
  for (const { name, why } of sharers(images, made)) use(name, why);
  for (const build of [...newestOfEach(builds), ...builds.filter(isUnderWay)]) {
    const why = isUnderWay(build) ? `recipe ${build.recipe} is being built` : `it is the newest of ${build.recipe}`;
    use(goldenName(stage, build.digest), why);
    use(ownedBaseName(stage, build.parentImageId), why);
  }
  const byName = new Map(builds.map((build) => [goldenName(stage, build.digest), build]));
  for (const { name, imageId } of images) {
    const build = byName.get(name);
    if (build) use(ownedBaseName(stage, build.parentImageId), `${imageId} of recipe ${build.recipe} was made of it`);
    // Without its record nobody knows what it was for.
    else if (name.startsWith(goldenName(stage, ""))) use(name, "the ledger has no record of its build");
  }
  return uses;
}

/** Whether the images alone show that a base is in use, so that nobody else needs to be asked. */
export function standsUnder(images: readonly BaseImage[], made: BaseFacts["made"]): ReadonlySet<string> {
  return new Set(sharers(images, made).map(({ name }) => name));
}

function sharers(images: readonly BaseImage[], made: BaseFacts["made"]): { name: string; why: string }[] {
  const users = new Map(made.flatMap(({ imageId, snapshotIds }) => snapshotIds.map((id) => [id, imageId])));
  return images.flatMap(({ name, snapshotIds }) => {
    const user = snapshotIds.map((id) => users.get(id)).find((found) => found !== undefined);
    return user === undefined ? [] : [{ name, why: `${user} stands on its snapshot` }];
  });
}

function isUnderWay({ phase }: GoldenBuild): boolean {
  return phase !== "ready" && phase !== "failed";
}

function newestOfEach(builds: readonly GoldenBuild[]): GoldenBuild[] {
  const newest = new Map<string, GoldenBuild>();
  for (const build of builds) {
    const known = newest.get(build.recipe);
    if (build.phase === "ready" && (!known || known.startedAt < build.startedAt)) newest.set(build.recipe, build);
  }
  return [...newest.values()];
}
