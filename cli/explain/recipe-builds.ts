import type { GoldenBuild } from "../../shared/domain/golden-build.ts";
import { holdersIn } from "../../shared/domain/image-uses.ts";
import type { Stage } from "../aws/stage.ts";

/** What was built of a recipe on one parent image. */
export interface RecipeBuild {
  recipe: string;
  /** Hex SHA-256 of recipe and parent; part of the image's name. */
  digest: string;
  /** `building`, `testing`, `cleaning`, `ready` or `failed`. */
  phase: GoldenBuild["phase"];
  /** Null: there is none, or none any more. */
  imageId: string | null;
  parentImageId: string;
  attempt: number;
  /** ISO time of the beginning of the newest attempt. */
  startedAt: string;
  /** Whether the recipe is in force as it was built here. */
  isInForce: boolean;
  packages: string[];
  /** Generations that serve, stand by or are kept on it. */
  users: string[];
  /** Why the newest attempt failed. */
  failure: string | null;
}

type Listing = Pick<Stage, "ledger" | "recipes">;

/** What was built of recipes, the newest first; only of the recipe that is named. */
export async function recipeBuilds({ ledger, recipes }: Listing, only?: string): Promise<RecipeBuild[]> {
  const builds = (await recipes.builds()).filter(({ recipe }) => only === undefined || recipe === only);
  if (builds.length === 0) return [];
  const [users, inForce] = await Promise.all([
    goldenUsers(ledger),
    Promise.all([...new Set(builds.map(({ recipe }) => recipe))].map((name) => recipes.digestInForce(name))),
  ]);
  const listed = builds.map((build): RecipeBuild => {
    const { recipe, digest, phase, parentImageId, attempt, startedAt, failure } = build;
    return {
      ...{ recipe, digest, phase, parentImageId, attempt, startedAt },
      imageId: phase === "failed" ? null : (build.imageId ?? null),
      isInForce: inForce.includes(build.recipeDigest),
      packages: build.packages ?? [],
      users: users.get(digest) ?? [],
      failure: failure?.why ?? null,
    };
  });
  return listed.sort((one, other) => other.startedAt.localeCompare(one.startedAt));
}

async function goldenUsers(ledger: Stage["ledger"]): Promise<Map<string, string[]>> {
  const users = new Map<string, string[]>();
  for (const service of await ledger.services()) {
    for (const generation of new Set(holdersIn(await ledger.head(service)).map((one) => one.generation))) {
      const digest = (await ledger.release(service, generation))?.base.golden?.digest;
      if (digest !== undefined) users.set(digest, [...(users.get(digest) ?? []), generation]);
    }
  }
  return users;
}
