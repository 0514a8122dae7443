import type { Recipe } from "./recipe.ts";

/** What a golden image is made of: enough to make it again, and to know it. */
export interface GoldenOrder {
  /** Hex SHA-256 of recipe and parent: another recipe, or another parent, is another image. */
  digest: string;
  recipe: Recipe;
  recipeDigest: string;
  parentImageId: string;
}

/** One of the two instances of a build, and the command on it. */
export interface BuildInstance {
  instanceId: string;
  /** ISO time. */
  launchedAt: string;
  /** Written before the command is sent: a command that nobody knows to be sent is looked for, not sent again at once. */
  askedAt?: string;
  commandId?: string;
}

/** The ledger's record of a golden image: how far its build is, and afterwards what went into it. */
export interface GoldenBuild {
  digest: string;
  recipe: string;
  recipeDigest: string;
  parentImageId: string;
  /** Counts from 1; instances of different attempts have different client tokens. */
  attempt: number;
  phase: "building" | "testing" | "cleaning" | "ready" | "failed";
  /** ISO times: when the attempt began, and when somebody last worked on it. */
  startedAt: string;
  touchedAt: string;
  vpcId: string;
  subnetId: string;
  builder?: BuildInstance;
  imageId?: string;
  tester?: BuildInstance;
  /** What the image has installed, as its package manager lists it. */
  packages?: string[];
  /** What the builder printed at its end, and the throw-away instance. */
  installed?: string;
  checked?: string;
  failure?: { step: string; why: string };
}

/** Where builder and throw-away instance may stand: one of these subnets, with a way to Systems Manager. */
export interface BuildPlace {
  vpcId: string;
  subnetIds: readonly string[];
}

/** The record of a new attempt; each attempt takes the next subnet, in case one is short of capacity. */
export function freshBuild(
  order: GoldenOrder,
  { vpcId, subnetIds }: BuildPlace,
  before: GoldenBuild | undefined,
  now: string,
): GoldenBuild {
  const attempt = (before?.attempt ?? 0) + 1;
  return {
    digest: order.digest,
    recipe: order.recipe.recipe,
    recipeDigest: order.recipeDigest,
    parentImageId: order.parentImageId,
    attempt,
    phase: "building",
    startedAt: now,
    touchedAt: now,
    vpcId,
    subnetId: subnetIds[(attempt - 1) % Math.max(1, subnetIds.length)] ?? "",
  };
}

export function isOver({ phase }: GoldenBuild): boolean {
  return phase === "ready" || phase === "failed";
}

/** A build that went wrong: from now on it is only cleaned up. */
export function failedBuild(build: GoldenBuild, step: string, why: string): GoldenBuild {
  if (isOver(build) || build.phase === "cleaning") return build;
  return { ...build, phase: "cleaning", failure: { step, why } };
}

/** Unit: milliseconds without a sign of whoever builds. A turn takes at most 30 s, and comes every 15. */
const abandonedMs = 10 * 60_000;

/** Whether nobody works on a build any more. */
export function isAbandoned(build: GoldenBuild, nowMs: number): boolean {
  return !isOver(build) && nowMs - Date.parse(build.touchedAt) > abandonedMs;
}
