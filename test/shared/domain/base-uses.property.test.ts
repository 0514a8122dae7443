import { expect, it } from "vitest";
import { Random } from "../../../local/core/random.ts";
import { type BaseFacts, type BaseImage, baseUses, type NeededBase } from "../../../shared/domain/base-uses.ts";
import type { GoldenBuild } from "../../../shared/domain/golden-build.ts";
import { type ImageMark, planImages } from "../../../shared/domain/image-plan.ts";
import { goldenName, ownedBaseName } from "../../../shared/domain/names.ts";

const nowMs = Date.UTC(2026, 10, 23);
const graceSeconds = 3 * 86_400;
const stage = "dev";
const states = ["available", "available", "disabled", "disabled", "failed"] as const;
/** Everything that can need a base. */
const needs = ["release", "image", "building", "newest", "nothing", "nothing"] as const;

interface Case {
  facts: BaseFacts;
  marks: Record<string, ImageMark>;
  /** Ids of the images that something needs, by construction. */
  used: Set<string>;
}

/** A stage with up to a dozen bases; who needs which is decided first, and the facts are made from that. */
function generated(random: Random): Case {
  const pick = <T>(items: readonly [T, ...T[]]): T => items[Math.floor(random.next() * items.length)] ?? items[0];
  const ago = (days: number) => new Date(nowMs - random.next() * days * 86_400_000).toISOString();
  const images: BaseImage[] = [];
  const made: { imageId: string; snapshotIds: string[] }[] = [];
  const needed: NeededBase[] = [];
  const builds: GoldenBuild[] = [];
  const marks: Record<string, ImageMark> = {};
  const used = new Set<string>();
  const copies = Math.floor(random.next() * 8);
  const add = (imageId: string, name: string) => {
    images.push({
      ...{ imageId, name, generation: "", state: pick(states), protectedBy: undefined },
      snapshotIds: [`snap-${imageId}`],
    });
    if (random.next() < 0.7)
      marks[imageId] = { generation: "", markedAt: ago(9), ...(random.next() < 0.6 && { disabledAt: ago(6) }) };
  };
  const need = (imageId: string, of: string, golden: { digest: string } | undefined) => {
    const why = pick(needs);
    if (why === "release") needed.push({ imageId: of, ...(golden && { golden }), why });
    else if (why === "image") made.push({ imageId: `ami-on-${imageId}`, snapshotIds: [`snap-${imageId}`, "snap-x"] });
    else return why;
    used.add(imageId);
    return why;
  };
  for (let index = 0; index < copies; index++) {
    add(`copy-${index}`, ownedBaseName(stage, `ami-${index}`));
    need(`copy-${index}`, `ami-${index}`, undefined);
  }
  for (let index = 0; index < copies / 2; index++) {
    const [imageId, digest] = [`golden-${index}`, `digest-${index}`];
    const parent = Math.floor(random.next() * copies);
    add(imageId, goldenName(stage, digest));
    const why = need(imageId, `ami-${parent}`, { digest });
    // Each recipe has a build that came after; the one of the image counts only when it is the newest.
    const build = {
      ...{ digest, recipe: `recipe-${index}`, recipeDigest: "", parentImageId: `ami-${parent}`, attempt: 1 },
      ...{ startedAt: "2026-02-01", touchedAt: "2026-02-01", vpcId: "vpc-1", subnetId: "subnet-1" },
    };
    const phase = why === "building" ? "testing" : why === "newest" || random.next() < 0.8 ? "ready" : "failed";
    builds.push({ ...build, phase });
    if (why === "building" || (why === "newest" && phase === "ready")) used.add(imageId);
    if (why !== "newest" && why !== "building")
      builds.push({ ...build, digest: `${digest}-later`, startedAt: "2026-03-01", phase: "ready" });
    // What a golden image was made of stays as long as it does, needed or not.
    used.add(`copy-${parent}`);
  }
  return { facts: { stage, images, made, needed, builds }, marks, used };
}

it("never touches a base that anything needs, in 100,000 stages", () => {
  const random = new Random(7);
  let touched = 0;
  for (let round = 0; round < 100_000; round++) {
    const { facts, marks, used } = generated(random);
    const uses = baseUses(facts);
    const inventory = { images: facts.images, uses, incomplete: undefined, marks, lastSeen: undefined, graceSeconds };
    for (const { imageId, action } of planImages(inventory, nowMs).lines) {
      if (action !== "disable" && action !== "deregister") continue;
      touched += 1;
      if (used.has(imageId)) throw new Error(`round ${round}: ${action} ${imageId} of ${JSON.stringify(facts)}`);
    }
  }
  expect(touched).toBeGreaterThan(20_000);
});
