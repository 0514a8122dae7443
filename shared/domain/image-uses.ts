import { type Head, isGenerationZero } from "./head.ts";
import type { OwnImage } from "./image-plan.ts";
import { imageName, ordinalOf } from "./names.ts";

/** Who needs images, by the image's id or name, and whether that is all of them. */
export interface ImageUses {
  uses: Map<string, string>;
  /** Why somebody may be missing. */
  incomplete: string | undefined;
}

/** A generation that needs its image, and why. */
export interface Holder {
  generation: string;
  why: string;
}

/** The generations of a service whose image must stay: what serves, what may serve again, what is under way. */
export function holdersIn(head: Head): Holder[] {
  const { live, standby, pending, known, kept, pinned = [] } = head;
  const held: Holder[] = [];
  if (live) held.push({ generation: live.generation, why: `${live.generation} is live` });
  if (standby) held.push({ generation: standby.generation, why: `${standby.generation} stands by` });
  if (pending) held.push({ generation: pending.generation, why: `${pending.generation} is under way` });
  for (const { generation, by } of pinned) held.push({ generation, why: `${generation} was pinned by ${by}` });
  for (const generation of kept) held.push({ generation, why: `${generation} is kept for a cold rollback` });
  for (const generation of known) held.push({ generation, why: `${generation} may own something still` });
  return held;
}

/**
 * Who of the ledger needs an image: the one that was made for a generation, or the one with the same contents.
 * @param imageDigestOf Of a generation's release; undefined when it is not known.
 */
export function ledgerUses(
  stage: string,
  head: Head,
  images: readonly OwnImage[],
  imageDigestOf: (generation: string) => string | undefined,
): ImageUses {
  const uses = new Map<string, string>();
  const made = new Map(images.map(({ generation, imageId }) => [generation, imageId]));
  let incomplete = lostFrom(head, images);
  for (const { generation, why } of holdersIn(head)) {
    const imageId = made.get(generation);
    const digest = imageDigestOf(generation);
    if (imageId !== undefined && !uses.has(imageId)) uses.set(imageId, why);
    const name = digest && imageName(stage, head.service, digest);
    if (name !== undefined && !uses.has(name)) uses.set(name, why);
    // Generation 0 is what served before Kiln; it has no image of Kiln's. A known one may have died before it was frozen.
    const owed = !isGenerationZero(head.service, generation) && !head.known.includes(generation);
    if (imageId === undefined && digest === undefined && owed) {
      incomplete = `the ledger has no release ${generation}, but ${why}`;
    }
  }
  return { uses, incomplete };
}

/** A head that never gave an image's generation out was lost, or is an old one: what it holds says nothing then. */
function lostFrom({ service, nextOrdinal }: Head, images: readonly OwnImage[]): string | undefined {
  const isGiven = ({ generation }: OwnImage) => (ordinalOf(service, generation) ?? nextOrdinal) < nextOrdinal;
  const unheardOf = images.find((image) => !isGiven(image));
  return unheardOf && `the ledger has never heard of ${unheardOf.generation}, and ${unheardOf.imageId} is of it`;
}
