import type { ImageRecords } from "./aws/image-records.ts";
import type { ImageUsers } from "./aws/image-users.ts";
import type { Images } from "./aws/images.ts";
import type { Ledger } from "./aws/ledger.ts";
import type { Parameters } from "./aws/parameters.ts";
import type { Recipes } from "./aws/recipes.ts";
import { resolveBase } from "./base-resolution.ts";
import { baseUses, type NeededBase, standsUnder } from "./domain/base-uses.ts";
import { isGenerationZero } from "./domain/head.ts";
import {
  changes,
  type ImageInventory,
  type ImageLine,
  type ImagePlan,
  isUnneeded,
  planImages,
} from "./domain/image-plan.ts";
import { holdersIn } from "./domain/image-uses.ts";
import { usualGraceHours } from "./domain/keep.ts";
import { knownBases } from "./domain/service-spec.ts";
import { BaseRefusedError } from "./errors.ts";
import type { BaseWorld } from "./step.ts";

/** What looking after base images works with. */
export interface BaseReapWorld extends BaseWorld {
  ledger: Ledger;
  images: Images;
  imageUsers: ImageUsers;
  baseRecords: ImageRecords;
  parameters: Pick<Parameters, "read">;
  recipes: Pick<Recipes, "builds" | "current">;
}

/** What the ledger's records of bases are under: they belong to the whole stage. */
const owner = "bases";

/** How many services are read at the same time. */
const readersAtOnce = 8;

interface PlannedBases {
  plan: ImagePlan;
  inventory: ImageInventory;
  /** What was asked who needs the images, with how much of it there was: the proof of a deletion. */
  lookedAt: Record<string, number>;
}

/**
 * What becomes of the stage's base images that nothing needs: marked, disabled half an hour later, deregistered with their
 * snapshots after the time of grace. It only reads, and of the ledger only when the images do not say enough themselves.
 */
export async function planBases(world: BaseReapWorld): Promise<ImagePlan> {
  return (await examine(world)).plan;
}

/**
 * Does what the plan says with the stage's base images.
 *
 * Before: nothing is known of them. After: each is as its line of the plan says.
 * Repeatable, also by two sweeps at once: a mark is written after what it tells of, and before an image goes it is looked at
 * again: a deploy that wants a disabled one enables it.
 * @returns What was done.
 */
export async function reapBases(execution: string, world: BaseReapWorld): Promise<ImageLine[]> {
  const planned = await examine(world);
  const work = planned.plan.lines.filter(changes);
  for (const line of work) await act(line, planned, execution, world);
  if (work.length > 0 && planned.plan.implausible === undefined) {
    const gone = work.filter(({ action }) => action === "deregister").length;
    const at = new Date(world.now()).toISOString();
    await world.baseRecords.counted(owner, { at, images: planned.inventory.images.length - gone });
  }
  return work;
}

async function examine(world: BaseReapWorld): Promise<PlannedBases> {
  const { stage } = world.config;
  const [found, { marks, lastSeen }] = await Promise.all([
    world.images.stageBases(stage),
    world.baseRecords.read(owner),
  ]);
  const { bases: images, made } = found;
  const seen = standsUnder(images, made);
  const isSettled = images.every(({ name }) => seen.has(name)) && Object.keys(marks).length === 0;
  const { needed, incomplete } = isSettled ? { needed: [], incomplete: undefined } : await readNeeds(world);
  const builds = isSettled ? [] : await world.recipes.builds();
  const uses = isSettled
    ? new Map([...seen].map((name) => [name, "images stand on its snapshot"]))
    : baseUses({ stage, images, made, needed, builds });
  const graceSeconds = usualGraceHours * 3600;
  const inventory: ImageInventory = { images, uses, incomplete, marks, lastSeen, graceSeconds };
  const elsewhere = await usersElsewhere(inventory, world);
  const lookedAt = {
    images: images.length,
    imagesOfReleases: made.length,
    needs: needed.length,
    builds: builds.length,
    usersElsewhere: elsewhere.size,
  };
  // The names in `uses` win over ids: what the ledger says is the better reason.
  const all = { ...inventory, uses: new Map([...elsewhere, ...uses]) };
  return { plan: planImages(all, world.now()), inventory: all, lookedAt };
}

/** Instances and launch templates, of anybody in this account. */
async function usersElsewhere(
  inventory: ImageInventory,
  { imageUsers, now }: BaseReapWorld,
): Promise<Map<string, string>> {
  const ids = planImages(inventory, now())
    .lines.filter(isUnneeded)
    .map(({ imageId }) => imageId);
  const [instances, templates] = await Promise.all([imageUsers.instances(ids), imageUsers.templates(ids)]);
  return new Map([...templates, ...instances]);
}

interface Needs {
  needed: NeededBase[];
  /** Why somebody may be missing. */
  incomplete: string | undefined;
}

async function readNeeds(world: BaseReapWorld): Promise<Needs> {
  const [services, experiments] = await Promise.all([world.ledger.services(), world.ledger.experiments()]);
  const needs: Needs = { needed: await newestBases(world), incomplete: undefined };
  const queue = [...services, ...experiments];
  const reader = async () => {
    for (let service = queue.shift(); service !== undefined; service = queue.shift()) {
      await readService(service, needs, world);
    }
  };
  await Promise.all(Array.from({ length: readersAtOnce }, reader));
  return needs;
}

/** What a service that nothing was deployed of yet would be made on. */
async function newestBases({ parameters }: BaseReapWorld): Promise<NeededBase[]> {
  const names = Object.entries(knownBases).flatMap(([base, of]) =>
    Object.entries(of).map(([architecture, parameter]) => ({
      parameter,
      why: `it is the newest ${base} for ${architecture}`,
    })),
  );
  const found = await Promise.all(
    names.map(async ({ parameter, why }) => ({ imageId: await parameters.read(parameter), why })),
  );
  return found.flatMap(({ imageId, why }) => (imageId === undefined ? [] : [{ imageId, why }]));
}

async function readService(service: string, needs: Needs, world: BaseReapWorld): Promise<void> {
  const head = await world.ledger.head(service);
  const { basePin, live } = head;
  if (basePin) needs.needed.push({ imageId: basePin.imageId, why: `${service} is pinned to it by ${basePin.by}` });
  for (const { generation, why } of holdersIn(head)) {
    const release = await world.ledger.release(service, generation);
    if (release) needs.needed.push({ ...release.base, why });
    const owed = !isGenerationZero(service, generation) && !head.known.includes(generation);
    if (!release && owed) needs.incomplete = `the ledger has no release ${generation}, but ${why}`;
    if (release && generation === live?.generation) {
      try {
        const next = await resolveBase(release.spec, basePin, world);
        needs.needed.push({ ...next, why: `${service} would be deployed on it now` });
      } catch (error) {
        if (!(error instanceof BaseRefusedError)) throw error;
        needs.incomplete = `what ${service} would be deployed on cannot be told: ${error.message}`;
      }
    }
  }
}

async function act(
  { imageId, action, reason }: ImageLine,
  { inventory, lookedAt }: PlannedBases,
  execution: string,
  world: BaseReapWorld,
): Promise<void> {
  const { baseRecords, images } = world;
  const at = new Date(world.now()).toISOString();
  const image = inventory.images.find((one) => one.imageId === imageId);
  const mark = inventory.marks[imageId];
  switch (action) {
    case "mark":
      return baseRecords.mark(owner, imageId, { generation: "", markedAt: at });
    case "enable":
      await images.enable(imageId);
      return baseRecords.mark(owner, imageId, undefined);
    case "disable":
      if (image?.state === "available") await images.disable(imageId);
      return baseRecords.mark(owner, imageId, { generation: "", markedAt: mark?.markedAt ?? at, disabledAt: at });
    case "deregister": {
      const found = await images.find(image?.name ?? "");
      if (found.state === "available" || found.state === "pending") return;
      const markedAt = mark?.markedAt ?? "";
      const { name = "" } = image ?? {};
      await baseRecords.recordReaped(owner, {
        ...{ imageId, name, generation: "", at, execution, markedAt },
        ...{ disabledAt: mark?.disabledAt, reason, lookedAt },
      });
      await images.deregister(imageId);
      return baseRecords.mark(owner, imageId, undefined);
    }
    case "unmark":
    case "forget":
      return baseRecords.mark(owner, imageId, undefined);
    case "keep":
    case "wait":
  }
}
