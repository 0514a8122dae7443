import { EC2Client } from "@aws-sdk/client-ec2";
import type { Command } from "commander";
import { Images } from "../../shared/aws/images.ts";
import { nameOfBase, resolveBase } from "../../shared/base-resolution.ts";
import type { Head } from "../../shared/domain/head.ts";
import type { ImageLine, ImagePlan } from "../../shared/domain/image-plan.ts";
import type { Release } from "../../shared/domain/release.ts";
import { BaseRefusedError } from "../../shared/errors.ts";
import { clientConfiguration } from "../aws/connection.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { baseNotes } from "../explain/base-notes.ts";
import { type RecipeBuild, recipeBuilds } from "../explain/recipe-builds.ts";
import { nothingDone } from "../failure.ts";
import { table } from "../table.ts";

/** A base image that releases of the stage are or were made on, and the stage's own copy of it. */
export interface ListedBase {
  imageId: string;
  /** Null: there is none (yet, or any more). */
  copy: { imageId: string; state: string; madeAt: string | null } | null;
  /** Generations that serve or stand by on it. */
  users: string[];
  /** What the sweep has in mind with the copy; null: it stays. */
  fate: string | null;
}

/** What one service stands on. */
export interface ServiceBase {
  service: string;
  base: string;
  architecture: string;
  /** Null: nothing is live. */
  live: string | null;
  /** What it would be made on now; null when that cannot be told. */
  newest: string | null;
  notes: string[];
}

/** `kiln base list`: what services stand on, what they would stand on, and the stage's copies of base images. */
export function addBaseList(base: Command, surroundings: Surroundings): void {
  const command = base
    .command("list")
    .description("show the base image of every service, the newest one there is, the stage's own copies, and recipes");
  examples(command, "kiln base list", "kiln base list --json");
  runs(command, surroundings, nothingDone, async (context) => {
    const stage = await context.stage();
    const images = new Images(new EC2Client(clientConfiguration(stage.connection)));
    const [owned, { lines }] = await Promise.all([
      images.ownedBases(stage.name),
      stage.functions.ask<ImagePlan>(stage.outputs.BaseFunction, { find: "unneeded" }),
    ]);
    const found = await listBases(stage, owned, lines);
    return { json: { stage: stage.name, ...found }, text: basesText(found, Date.now()) };
  });
}

type Listing = Pick<Stage, "ledger" | "parameters" | "recipes">;
type OwnedBase = Awaited<ReturnType<Images["ownedBases"]>>[number];

/** Bases as they are listed. */
interface Listed {
  services: ServiceBase[];
  bases: ListedBase[];
  recipes: (RecipeBuild & { fate: string | null })[];
}

/**
 * @param owned The stage's copies, as EC2 lists them.
 * @param plan What the sweep would do with bases.
 */
export async function listBases(
  stage: Listing,
  owned: readonly OwnedBase[],
  plan: readonly ImageLine[],
): Promise<Listed> {
  const services: ServiceBase[] = [];
  const users = new Map<string, string[]>();
  for (const service of await stage.ledger.services()) {
    const head = await stage.ledger.head(service);
    const [live, standby] = await Promise.all(
      [head.live, head.standby].map(async (one) => one && stage.ledger.release(service, one.generation)),
    );
    for (const release of [live, standby]) {
      if (release) users.set(release.base.imageId, [...(users.get(release.base.imageId) ?? []), release.generation]);
    }
    services.push(await serviceBase(stage, head, live ?? undefined));
  }
  const ids = new Set([...users.keys(), ...owned.map(({ of }) => of)]);
  const bases = [...ids].sort().map((imageId) => {
    const copy = owned.find(({ of }) => of === imageId);
    const { imageId: copyId = "", state = "", madeAt = null } = copy ?? {};
    return {
      ...{ imageId, copy: copy ? { imageId: copyId, state, madeAt } : null },
      ...{ users: users.get(imageId) ?? [], fate: fateOf(plan, copyId) },
    };
  });
  const builds = await recipeBuilds(stage);
  return { services, bases, recipes: builds.map((build) => ({ ...build, fate: fateOf(plan, build.imageId) })) };
}

function fateOf(plan: readonly ImageLine[], imageId: string | null): string | null {
  const line = plan.find((one) => one.imageId === imageId);
  return line && line.action !== "keep" ? `${line.action}: ${line.reason}` : null;
}

async function serviceBase(stage: Listing, head: Head, live: Release | undefined): Promise<ServiceBase> {
  const { service } = head;
  const notes = baseNotes(head);
  if (!live) return { service, base: "", architecture: "", live: null, newest: null, notes };
  const base = nameOfBase(live.spec);
  const { architecture, imageId } = live.base;
  try {
    const { imageId: newest } = await resolveBase(live.spec, undefined, stage);
    return { service, base, architecture, live: imageId, newest, notes };
  } catch (error) {
    if (!(error instanceof BaseRefusedError)) throw error;
    return { service, base, architecture, live: imageId, newest: null, notes: [...notes, error.message] };
  }
}

const dayMs = 86_400_000;

export function basesText({ services, bases, recipes }: Listed, nowMs: number): string {
  if (services.length === 0 && recipes.length === 0) return "no service stands on a base yet";
  const first = services.flatMap(({ service, base, architecture, live, newest, notes }) => [
    [service, base || "nothing is live", architecture, live ?? "", newerCell(live, newest)],
    ...notes.map((note) => ["", note]),
  ]);
  const second = bases.flatMap(({ imageId, copy, users, fate }) => [
    [
      imageId,
      copy ? `${copy.imageId} (${copy.state})` : "no copy",
      ageCell(copy?.madeAt ?? null, nowMs),
      users.join(" ") || "nobody",
    ],
    ...(fate === null ? [] : [["", fate]]),
  ]);
  return [
    ...table([["SERVICE", "BASE", "FOR", "LIVE ON", "NEWEST"], ...first]),
    "",
    ...table([["IMAGE", "OWN COPY", "AGE", "USED BY"], ...second]),
    ...(recipes.length === 0 ? [] : ["", ...recipesTable(recipes, nowMs)]),
  ].join("\n");
}

function recipesTable(recipes: Listed["recipes"], nowMs: number): string[] {
  const rows = recipes.flatMap(({ recipe, digest, imageId, phase, parentImageId, startedAt, users, failure, fate }) => [
    [
      recipe,
      digest.slice(0, 12),
      `${imageId ?? "no image"} (${phase})`,
      parentImageId,
      ageCell(startedAt, nowMs),
      users.join(" ") || "nobody",
    ],
    ...[failure, fate].flatMap((note) => (note === null ? [] : [["", note]])),
  ]);
  return table([["RECIPE", "DIGEST", "IMAGE", "MADE OF", "AGE", "USED BY"], ...rows]);
}

function newerCell(live: string | null, newest: string | null): string {
  if (live === null) return "";
  if (newest === null) return "unknown";
  return newest === live ? "the same" : newest;
}

function ageCell(madeAt: string | null, nowMs: number): string {
  if (madeAt === null) return "";
  const days = Math.max(0, Math.floor((nowMs - Date.parse(madeAt)) / dayMs));
  return days === 1 ? "1 day" : `${days} days`;
}
