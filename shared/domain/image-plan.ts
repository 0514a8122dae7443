/**
 * Decides what becomes of the images of one service that nothing needs any more: marked, then disabled, which can be undone,
 * and only after a time of grace deregistered. Each turn judges anew; what is needed again in the meantime is taken back.
 */

/** An image that Kiln made for a service of its stage. */
export interface OwnImage {
  imageId: string;
  name: string;
  /** The release that it was made for; later ones with the same contents share it. */
  generation: string;
  state: "pending" | "available" | "disabled" | "failed";
  /** Why a person wants it to stay, whatever the ledger says. */
  protectedBy: string | undefined;
}

/** What the ledger remembers of an image that nothing needed. */
export interface ImageMark {
  /** The release that the image was made for: its snapshots carry that name. */
  generation: string;
  /** ISO time of the first look that found nobody who needs it. */
  markedAt: string;
  /** ISO time since when nobody can launch from it. */
  disabledAt?: string;
}

/** How many images a service had when the sweep last acted. */
export interface ImageCount {
  /** ISO time. */
  at: string;
  images: number;
}

/** All that is known about the images of one service at one moment. */
export interface ImageInventory {
  images: readonly OwnImage[];
  /** Who needs an image, by its id or by its name. */
  uses: ReadonlyMap<string, string>;
  /** Why the uses may not be all there are; then every image counts as needed. */
  incomplete: string | undefined;
  /** By image id. */
  marks: Readonly<Record<string, ImageMark>>;
  lastSeen: ImageCount | undefined;
  /** Unit: seconds from disabling to deregistering. */
  graceSeconds: number;
}

/** `wait` and `keep` do nothing; `forget` drops the mark of an image that is gone, with the snapshots it left. */
export type ImageAction = "keep" | "mark" | "unmark" | "disable" | "enable" | "deregister" | "forget" | "wait";

export interface ImageLine {
  imageId: string;
  generation: string;
  action: ImageAction;
  reason: string;
}

export interface ImagePlan {
  lines: ImageLine[];
  /** Why the inventory cannot be right; while it is set, nothing is disabled or deregistered. */
  implausible: string | undefined;
}

/** Unit: seconds. EC2's reads may be minutes old ("Eventual consistency", EC2 API guide); two looks must agree this far apart. */
export const settlingSeconds = 1_800;

/** Unit: seconds. An inventory that looks wrong is believed when it has looked the same for a day, and somebody was told. */
export const believedAfterSeconds = 86_400;

/** Images that one run disables or deregisters at most: a mistake is noticed before it has gone far. */
export const actionsPerRun = 20;

/** Below this many images a share says nothing. */
const fewImages = 3;

export function planImages(inventory: ImageInventory, nowMs: number): ImagePlan {
  const { images, marks } = inventory;
  const implausible = implausibleIn(inventory, nowMs);
  const present = new Set(images.map(({ imageId }) => imageId));
  const lines = images.map((image) => judge(image, inventory, implausible !== undefined, nowMs));
  for (const [imageId, { generation }] of Object.entries(marks)) {
    if (present.has(imageId) || implausible !== undefined || inventory.incomplete !== undefined) continue;
    lines.push({ imageId, generation, action: "forget", reason: "the image is gone" });
  }
  return { lines: capped(lines), implausible };
}

/** Whether a line of the plan changes anything. */
export function changes({ action }: ImageLine): boolean {
  return action !== "keep" && action !== "wait";
}

/** Whether nobody is known to need the image, so that it is worth asking everybody else. */
export function isUnneeded({ action }: ImageLine): boolean {
  return action === "mark" || action === "disable" || action === "deregister" || action === "wait";
}

type Judged = Pick<ImageLine, "action" | "reason">;

function judge(image: OwnImage, inventory: ImageInventory, held: boolean, nowMs: number): ImageLine {
  const { imageId, generation } = image;
  const mark = inventory.marks[imageId];
  const needed = neededBy(image, inventory);
  const judged = needed === undefined ? unneeded(image, mark, inventory, held, nowMs) : wanted(image, mark, needed);
  return { imageId, generation, ...judged };
}

function neededBy(image: OwnImage, { uses, incomplete }: ImageInventory): string | undefined {
  const by = image.protectedBy ?? uses.get(image.imageId) ?? uses.get(image.name) ?? incomplete;
  if (by !== undefined) return by;
  return image.state === "pending" ? "it is being made" : undefined;
}

function wanted(image: OwnImage, mark: ImageMark | undefined, reason: string): Judged {
  // One that somebody else disabled is theirs to enable.
  if (mark?.disabledAt !== undefined && image.state === "disabled") return { action: "enable", reason };
  return { action: mark ? "unmark" : "keep", reason };
}

function unneeded(
  image: OwnImage,
  mark: ImageMark | undefined,
  { graceSeconds }: ImageInventory,
  held: boolean,
  nowMs: number,
): Judged {
  if (!mark) return { action: "mark", reason: "nothing needs it" };
  const { state } = image;
  if (state === "available" && mark.disabledAt !== undefined) {
    return { action: "mark", reason: "it was enabled since; its time begins again" };
  }
  const since = `nothing has needed it since ${mark.markedAt}`;
  const dueMs = dueAt(state, mark, graceSeconds);
  if (dueMs > nowMs) {
    const what = mark.disabledAt === undefined && state !== "failed" ? "disabled" : "deregistered";
    return { action: "wait", reason: `${since}; it is ${what} after ${new Date(dueMs).toISOString()}` };
  }
  if (held) return { action: "wait", reason: `${since}, but the inventory looks wrong` };
  if (state === "available" || mark.disabledAt === undefined) {
    return state === "failed"
      ? { action: "deregister", reason: `${since}, and it never became an image` }
      : { action: "disable", reason: since };
  }
  return { action: "deregister", reason: `${since}, and it has been disabled since ${mark.disabledAt}` };
}

/** When the next thing may be done to an image that nothing needs. Unit: milliseconds. */
function dueAt(state: OwnImage["state"], mark: ImageMark, graceSeconds: number): number {
  if (mark.disabledAt !== undefined) return Date.parse(mark.disabledAt) + graceSeconds * 1000;
  const waitSeconds = state === "failed" ? Math.max(settlingSeconds, graceSeconds) : settlingSeconds;
  return Date.parse(mark.markedAt) + waitSeconds * 1000;
}

/** A reading that lost half of what there was, or a ledger that lets go of most at once, is a mistake until a day has passed. */
function implausibleIn(inventory: ImageInventory, nowMs: number): string | undefined {
  const { images, lastSeen, marks } = inventory;
  const recent = (time: string) => nowMs - Date.parse(time) < believedAfterSeconds * 1000;
  if (lastSeen && lastSeen.images > fewImages && images.length * 2 < lastSeen.images && recent(lastSeen.at)) {
    return `EC2 shows ${images.length} images where there were ${lastSeen.images} at ${lastSeen.at}`;
  }
  const fresh = images.filter((image) => {
    if (neededBy(image, inventory) !== undefined) return false;
    const mark = marks[image.imageId];
    return mark === undefined || recent(mark.markedAt);
  });
  if (fresh.length <= Math.max(fewImages, images.length / 2)) return undefined;
  return `${fresh.length} of ${images.length} images are needed by nobody all at once`;
}

function capped(lines: ImageLine[]): ImageLine[] {
  let taken = 0;
  return lines.map((line) => {
    if (line.action !== "disable" && line.action !== "deregister") return line;
    taken += 1;
    if (taken <= actionsPerRun) return line;
    return { ...line, action: "wait", reason: `${line.reason}; one sweep takes ${actionsPerRun} at most` };
  });
}
