import type { ImageRecords } from "./aws/image-records.ts";
import type { ImageUsers } from "./aws/image-users.ts";
import type { Ledger } from "./aws/ledger.ts";
import type { Templates } from "./aws/templates.ts";
import type { Head } from "./domain/head.ts";
import { type ImageInventory, type ImagePlan, isUnneeded, type OwnImage, planImages } from "./domain/image-plan.ts";
import { holdersIn, ledgerUses } from "./domain/image-uses.ts";
import { usualGraceHours } from "./domain/keep.ts";
import { templateName } from "./domain/names.ts";

export interface ImageSurveyWorld {
  config: { stage: string };
  ledger: Ledger;
  templates: Templates;
  imageUsers: ImageUsers;
  imageRecords: ImageRecords;
  now: () => number;
}

/** A plan with what it was made from. */
export interface PlannedImages {
  plan: ImagePlan;
  inventory: ImageInventory;
  /** What was asked who needs the images, with how much of it there was: the proof of a deletion. */
  lookedAt: Record<string, number>;
}

/** The images of one service, and what its ledger intends. */
export interface ServiceImages {
  head: Head;
  images: readonly OwnImage[];
}

/**
 * What becomes of the images of many services, in their order. It only reads, and as little as tells what there is to do:
 * whoever acts looks again at everything. Who else in the account uses an image is asked for all services together, and
 * only about the few images that nothing in the ledger needs.
 */
export async function surveyImages(services: readonly ServiceImages[], world: ImageSurveyWorld): Promise<ImagePlan[]> {
  const inventories = await Promise.all(services.map((one) => readInventory(one, false, world)));
  const elsewhere = await usersElsewhere(inventories, world);
  return inventories.map((inventory) => planImages(withUses(inventory, elsewhere), world.now()));
}

/** The same for one service right before something is done: every release that is held is read, and every own template. */
export async function examineImages(service: ServiceImages, world: ImageSurveyWorld): Promise<PlannedImages> {
  const { head, images } = service;
  const [read, own] = await Promise.all([
    readInventory(service, true, world),
    world.templates.images(templateName(world.config.stage, head.service)),
  ]);
  const elsewhere = await usersElsewhere([read], world);
  const inventory = withUses(withUses(read, elsewhere), own);
  const holders = new Set(holdersIn(head).map(({ generation }) => generation));
  const lookedAt = {
    images: images.length,
    releases: holders.size,
    ownTemplateVersions: own.size,
    usersElsewhere: elsewhere.size,
  };
  return { plan: planImages(inventory, world.now()), inventory, lookedAt };
}

async function readInventory(
  { head, images }: ServiceImages,
  thorough: boolean,
  { config, ledger, imageRecords }: ImageSurveyWorld,
): Promise<ImageInventory> {
  const { service, live } = head;
  const made = new Set(images.map(({ generation }) => generation));
  const held = new Set(holdersIn(head).map(({ generation }) => generation));
  const digests = new Map<string, string>();
  // The image that was made for a release says so itself; the others share one, and only the ledger knows which.
  const asked = [...held].filter((generation) => thorough || !made.has(generation));
  const [record, liveRelease] = await Promise.all([
    imageRecords.read(service),
    live && images.length > 0 ? ledger.release(service, live.generation) : undefined,
    ...asked.map(async (generation) => {
      const release = await ledger.release(service, generation);
      if (release) digests.set(generation, release.imageDigest);
    }),
  ]);
  const { uses, incomplete } = ledgerUses(config.stage, head, images, (generation) => digests.get(generation));
  const { marks, lastSeen } = record;
  const graceSeconds = (liveRelease?.spec.keep?.graceHours ?? usualGraceHours) * 3600;
  return { images, uses, incomplete, marks, lastSeen, graceSeconds };
}

/** Instances and launch templates, of anybody in this account, that use images which nothing in the ledger needs. */
async function usersElsewhere(
  inventories: readonly ImageInventory[],
  { imageUsers, now }: ImageSurveyWorld,
): Promise<Map<string, string>> {
  const unneeded = inventories.flatMap((inventory) => planImages(inventory, now()).lines.filter(isUnneeded));
  const ids = unneeded.map(({ imageId }) => imageId);
  const [instances, templates] = await Promise.all([imageUsers.instances(ids), imageUsers.templates(ids)]);
  return new Map([...templates, ...instances]);
}

function withUses(inventory: ImageInventory, more: ReadonlyMap<string, string>): ImageInventory {
  if (more.size === 0) return inventory;
  const uses = new Map(inventory.uses);
  for (const { imageId } of inventory.images) {
    const by = more.get(imageId);
    if (by !== undefined && !uses.has(imageId)) uses.set(imageId, by);
  }
  return { ...inventory, uses };
}
