import type { Images } from "./aws/images.ts";
import { releaseTags } from "./aws/images.ts";
import type { Snapshots } from "./aws/snapshots.ts";
import { changes, type ImageLine } from "./domain/image-plan.ts";
import { examineImages, type ImageSurveyWorld, type PlannedImages } from "./image-survey.ts";

export interface ImageReapWorld extends ImageSurveyWorld {
  images: Images;
  snapshots: Snapshots;
}

/**
 * Does what the plan says with the images of one service; the plan is made anew, right before.
 *
 * Before: the caller holds the service's lease. After: each image is as its line of the plan says.
 * Repeatable: a mark is written after what it tells of, so a run that died is finished by the next one.
 * @param guard Asked before every change; throws when the lease is lost.
 * @returns What was done.
 */
export async function reapImages(
  service: string,
  guard: () => Promise<void>,
  execution: string,
  world: ImageReapWorld,
): Promise<ImageLine[]> {
  const head = await world.ledger.head(service);
  // Those of an experiment go with it.
  if (head.experiment) return [];
  const images = (await world.images.ofStage(world.config.stage, service)).get(service) ?? [];
  const planned = await examineImages({ head, images }, world);
  const work = planned.plan.lines.filter(changes);
  for (const line of work) {
    await guard();
    await act(service, line, planned, guard, execution, world);
  }
  if (work.length > 0 && planned.plan.implausible === undefined) {
    const gone = work.filter(({ action }) => action === "deregister").length;
    const at = new Date(world.now()).toISOString();
    await world.imageRecords.counted(service, { at, images: images.length - gone });
  }
  return work;
}

async function act(
  service: string,
  { imageId, generation, action }: ImageLine,
  planned: PlannedImages,
  guard: () => Promise<void>,
  execution: string,
  world: ImageReapWorld,
): Promise<void> {
  const { imageRecords, images } = world;
  const now = new Date(world.now()).toISOString();
  const mark = planned.inventory.marks[imageId];
  switch (action) {
    case "mark":
      return imageRecords.mark(service, imageId, { generation, markedAt: now });
    case "unmark":
      return imageRecords.mark(service, imageId, undefined);
    case "enable":
      await images.enable(imageId);
      return imageRecords.mark(service, imageId, undefined);
    case "disable":
      if (stateIn(planned, imageId) === "available") await images.disable(imageId);
      return imageRecords.mark(service, imageId, { generation, markedAt: mark?.markedAt ?? now, disabledAt: now });
    case "deregister":
      await recordProof(service, imageId, planned, execution, world);
      await images.deregister(imageId);
      await guard();
      return forget(service, imageId, generation, world);
    case "forget":
      return forget(service, imageId, generation, world);
    case "keep":
    case "wait":
  }
}

function stateIn({ inventory }: PlannedImages, imageId: string) {
  return inventory.images.find((image) => image.imageId === imageId)?.state;
}

/** The snapshot goes with its image; where that was cut off in between, it is found by its tags. */
async function forget(service: string, imageId: string, generation: string, world: ImageReapWorld): Promise<void> {
  const tags = releaseTags(world.config.stage, service, generation, "release-volume");
  await world.snapshots.deleteTagged(tags);
  await world.imageRecords.mark(service, imageId, undefined);
}

async function recordProof(
  service: string,
  imageId: string,
  { inventory, plan, lookedAt }: PlannedImages,
  execution: string,
  { imageRecords, now }: ImageReapWorld,
): Promise<void> {
  const image = inventory.images.find((one) => one.imageId === imageId);
  const mark = inventory.marks[imageId];
  await imageRecords.recordReaped(service, {
    imageId,
    name: image?.name ?? "",
    generation: image?.generation ?? "",
    at: new Date(now()).toISOString(),
    execution,
    markedAt: mark?.markedAt ?? "",
    disabledAt: mark?.disabledAt,
    reason: plan.lines.find((line) => line.imageId === imageId)?.reason ?? "",
    lookedAt,
  });
}
