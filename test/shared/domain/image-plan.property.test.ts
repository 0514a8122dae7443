import { expect, it } from "vitest";
import { Random } from "../../../local/core/random.ts";
import { emptyHead, type Head } from "../../../shared/domain/head.ts";
import {
  actionsPerRun,
  type ImageInventory,
  type ImageMark,
  type OwnImage,
  planImages,
} from "../../../shared/domain/image-plan.ts";
import { ledgerUses } from "../../../shared/domain/image-uses.ts";
import { generationName, imageName } from "../../../shared/domain/names.ts";

const nowMs = Date.UTC(2026, 10, 23);
const graceSeconds = 3 * 86_400;
const states = ["pending", "available", "available", "disabled", "disabled", "failed"] as const;

/** Everything that can need an image. */
const holders = [
  "live",
  "standby",
  "pending",
  "kept",
  "known",
  "pinned",
  "instance",
  "template",
  "experiment",
  "tag",
] as const;

interface Case {
  inventory: ImageInventory;
  /** Ids of the images that something uses, by construction. */
  used: Set<string>;
}

/** One service with up to a dozen images; who needs which is decided first, and the facts are made from that. */
function generated(random: Random): Case {
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random.next() * items.length)];
  const ago = (days: number) => new Date(nowMs - random.next() * days * 86_400_000).toISOString();
  const head: Head = { ...emptyHead("web"), pinned: [] };
  const digests = new Map<string, string>();
  const images: OwnImage[] = [];
  const marks: Record<string, ImageMark> = {};
  const [used, elsewhere] = [new Set<string>(), new Map<string, string>()];
  const count = Math.floor(random.next() * 12);
  for (let index = 0; index < count; index++) {
    const generation = generationName("web", index + 1);
    const imageId = `ami-${index}`;
    const digest = `digest-${index}`;
    if (random.next() < 0.5) digests.set(generation, digest);
    const holder = random.next() < 0.6 ? pick(holders) : undefined;
    if (holder !== undefined) used.add(imageId);
    if (holder === "instance" || holder === "template") elsewhere.set(imageId, holder);
    if (holder === "experiment") elsewhere.set(imageName("dev", "web", digest), holder);
    hold(head, holder, generation);
    const protectedBy = holder === "tag" ? "its tag kiln:keep" : undefined;
    images.push({
      imageId,
      name: imageName("dev", "web", digest),
      generation,
      state: pick(states) ?? "available",
      protectedBy,
    });
    if (random.next() < 0.7)
      marks[imageId] = { generation, markedAt: ago(9), ...(random.next() < 0.6 && { disabledAt: ago(6) }) };
  }
  // Now and then the head is an old one, which has not heard of the newest images.
  head.nextOrdinal = random.next() < 0.9 ? count + 1 : Math.floor(random.next() * (count + 1)) + 1;
  const { uses, incomplete } = ledgerUses("dev", head, images, (generation) => digests.get(generation));
  for (const [image, by] of elsewhere) uses.set(image, by);
  const lastSeen = random.next() < 0.5 ? { at: ago(3), images: Math.floor(random.next() * 24) } : undefined;
  return { inventory: { images, uses, incomplete, marks, lastSeen, graceSeconds }, used };
}

/** Of two images that want the one place of live, the later one gets it, and the earlier one becomes the standby. */
function hold(head: Head, holder: (typeof holders)[number] | undefined, generation: string): void {
  if (holder === "live" && !head.live) head.live = { generation, since: "" };
  else if (holder === "standby" && !head.standby) head.standby = { generation, until: "" };
  else if (holder === "pending" && !head.pending) head.pending = { generation, execution: "" };
  else if (holder === "pinned") head.pinned?.push({ generation, by: "ann", at: "", reason: "" });
  else if (holder === "known") head.known.push(generation);
  else if (holder === "kept" || holder === "live" || holder === "standby" || holder === "pending")
    head.kept.push(generation);
}

it("never touches an image that anything uses, in 100,000 inventories", () => {
  const random = new Random(5);
  let [touched, spared] = [0, 0];
  for (let round = 0; round < 100_000; round++) {
    const { inventory, used } = generated(random);
    const plan = planImages(inventory, nowMs);
    let actions = 0;
    for (const { imageId, action } of plan.lines) {
      const inUse = used.has(imageId);
      if (inUse && action === "enable") spared += 1;
      if (action !== "disable" && action !== "deregister") continue;
      actions += 1;
      touched += 1;
      const mark = inventory.marks[imageId];
      const isOwed =
        inUse ||
        !mark ||
        plan.implausible !== undefined ||
        inventory.incomplete !== undefined ||
        (action === "deregister" &&
          !isOver(
            mark,
            inventory.images.find((one) => one.imageId === imageId),
          ));
      if (isOwed) throw new Error(`round ${round}: ${action} ${imageId} of ${JSON.stringify(inventory)}`);
    }
    if (actions > actionsPerRun) throw new Error(`round ${round}: ${actions} actions in one run`);
  }
  // The inventories are such that there was much to do, and to take back.
  expect(touched).toBeGreaterThan(50_000);
  expect(spared).toBeGreaterThan(10_000);
});

function isOver({ markedAt, disabledAt }: ImageMark, image: OwnImage | undefined): boolean {
  const since = image?.state === "failed" ? (disabledAt ?? markedAt) : disabledAt;
  return since !== undefined && image?.state !== "available" && nowMs - Date.parse(since) >= graceSeconds * 1000;
}
