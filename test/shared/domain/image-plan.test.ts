import { describe, expect, it } from "vitest";
import {
  actionsPerRun,
  believedAfterSeconds,
  changes,
  type ImageAction,
  type ImageInventory,
  type ImageLine,
  type ImageMark,
  isUnneeded,
  type OwnImage,
  planImages,
  settlingSeconds,
} from "../../../shared/domain/image-plan.ts";

const nowMs = Date.UTC(2026, 10, 23, 12);
const graceSeconds = 3 * 86_400;
const ago = (seconds: number) => new Date(nowMs - seconds * 1000).toISOString();

function image(index: number, parts: Partial<OwnImage> = {}): OwnImage {
  const generation = `web-${String(index).padStart(6, "0")}`;
  return {
    imageId: `ami-${index}`,
    name: `kiln/dev/web/${index}`,
    generation,
    state: "available",
    protectedBy: undefined,
    ...parts,
  };
}

function inventory(images: readonly OwnImage[], parts: Partial<ImageInventory> = {}): ImageInventory {
  return { images, uses: new Map(), incomplete: undefined, marks: {}, lastSeen: undefined, graceSeconds, ...parts };
}

const marked = (markedAt: string, disabledAt?: string): ImageMark => ({
  generation: "web-000001",
  markedAt,
  ...(disabledAt !== undefined && { disabledAt }),
});

/** The one line about the one image. */
function lineOf(one: OwnImage, mark?: ImageMark, parts: Partial<ImageInventory> = {}): ImageLine {
  const marks = mark ? { [one.imageId]: mark } : {};
  const { lines } = planImages(inventory([one], { marks, ...parts }), nowMs);
  expect(lines).toHaveLength(1);
  return lines[0] ?? expect.fail("there is no line");
}

const isoAfter = (time: string, seconds: number) => new Date(Date.parse(time) + seconds * 1000).toISOString();

describe("an image that nothing needs", () => {
  it("is marked first", () => {
    expect(lineOf(image(1))).toEqual({
      imageId: "ami-1",
      generation: "web-000001",
      action: "mark",
      reason: "nothing needs it",
    });
  });

  it("waits half an hour from its mark until it is disabled", () => {
    const early = ago(settlingSeconds - 1);
    expect(lineOf(image(1), marked(early))).toMatchObject({
      action: "wait",
      reason: `nothing has needed it since ${early}; it is disabled after ${isoAfter(early, settlingSeconds)}`,
    });
    expect(lineOf(image(1), marked(ago(settlingSeconds)))).toMatchObject({ action: "disable" });
    expect(lineOf(image(1, { state: "disabled" }), marked(ago(settlingSeconds)))).toMatchObject({ action: "disable" });
  });

  it("is deregistered only after its time of grace, counted from when it was disabled", () => {
    const disabled = image(1, { state: "disabled" });
    const early = ago(graceSeconds - 1);
    expect(lineOf(disabled, marked(ago(9 * 86_400), early))).toMatchObject({
      action: "wait",
      reason: `nothing has needed it since ${ago(9 * 86_400)}; it is deregistered after ${isoAfter(early, graceSeconds)}`,
    });
    expect(lineOf(disabled, marked(ago(9 * 86_400), ago(graceSeconds)))).toMatchObject({ action: "deregister" });
  });

  it("begins anew when somebody enabled it", () => {
    expect(lineOf(image(1), marked(ago(9 * 86_400), ago(9 * 86_400)))).toMatchObject({ action: "mark" });
  });

  it("is deregistered after its time of grace when it never became an image", () => {
    const failed = image(1, { state: "failed" });
    expect(lineOf(failed, marked(ago(graceSeconds)))).toMatchObject({ action: "deregister" });
    const early = ago(graceSeconds - 1);
    expect(lineOf(failed, marked(early))).toMatchObject({
      action: "wait",
      reason: `nothing has needed it since ${early}; it is deregistered after ${isoAfter(early, graceSeconds)}`,
    });
    const shortGrace = { graceSeconds: 60 };
    expect(lineOf(failed, marked(ago(settlingSeconds - 1)), shortGrace)).toMatchObject({ action: "wait" });
    expect(lineOf(failed, marked(ago(settlingSeconds)), shortGrace)).toMatchObject({ action: "deregister" });
  });
});

describe("an image that is needed", () => {
  it.each<[string, Partial<OwnImage>, Partial<ImageInventory>, string]>([
    ["by its tag", { protectedBy: "kiln:keep" }, { uses: new Map([["ami-1", "live"]]) }, "kiln:keep"],
    ["by its id", {}, { uses: new Map([["ami-1", "web-000001 is live"]]) }, "web-000001 is live"],
    ["by its name", {}, { uses: new Map([["kiln/dev/web/1", "an experiment"]]) }, "an experiment"],
    ["because not everybody is known", {}, { incomplete: "the ledger is gone" }, "the ledger is gone"],
    ["while it is being made", { state: "pending" }, {}, "it is being made"],
  ])("stays: %s", (_, parts, known, reason) => {
    expect(lineOf(image(1, parts), undefined, known)).toMatchObject({ action: "keep", reason });
    expect(lineOf(image(1, parts), marked(ago(1)), known)).toMatchObject({ action: "unmark", reason });
  });

  it("is enabled again where Kiln disabled it, and left where somebody else did", () => {
    const uses = new Map([["ami-1", "it is live"]]);
    const disabled = image(1, { state: "disabled" });
    expect(lineOf(disabled, marked(ago(99), ago(9)), { uses })).toMatchObject({ action: "enable" });
    expect(lineOf(disabled, marked(ago(99)), { uses })).toMatchObject({ action: "unmark" });
    expect(lineOf(disabled, undefined, { uses })).toMatchObject({ action: "keep" });
    expect(lineOf(image(1), marked(ago(99), ago(9)), { uses })).toMatchObject({ action: "unmark" });
  });
});

describe("an image that is gone", () => {
  const marks = { "ami-9": marked(ago(99)) };

  it("has its mark forgotten", () => {
    const { lines } = planImages(inventory([image(1, { protectedBy: "x" })], { marks }), nowMs);
    expect(lines.map(({ imageId, action }) => [imageId, action])).toEqual([
      ["ami-1", "keep"],
      ["ami-9", "forget"],
    ]);
    expect(lines[1]).toMatchObject({ generation: "web-000001", reason: "the image is gone" });
  });

  it("is not believed to be gone while the inventory may be wrong", () => {
    expect(planImages(inventory([], { marks, incomplete: "unknown" }), nowMs).lines).toEqual([]);
    const lost = { at: ago(60), images: 8 };
    expect(planImages(inventory([], { marks, lastSeen: lost }), nowMs).lines).toEqual([]);
  });
});

describe("an inventory that cannot be right", () => {
  const used = (count: number) => Array.from({ length: count }, (_, index) => image(index + 1, { protectedBy: "x" }));
  const seen = (images: number, seconds = 60) => ({ at: ago(seconds), images });

  it("has lost more than half of the images within a day", () => {
    const reading = (count: number, lastSeen: ImageInventory["lastSeen"]) =>
      planImages(inventory(used(count), { lastSeen }), nowMs).implausible;
    expect(reading(3, seen(8))).toBe(`EC2 shows 3 images where there were 8 at ${ago(60)}`);
    expect(reading(4, seen(8))).toBeUndefined();
    expect(reading(1, seen(3))).toBeUndefined();
    expect(reading(1, seen(4))).toBeDefined();
    expect(reading(3, seen(8, believedAfterSeconds - 1))).toBeDefined();
    expect(reading(3, seen(8, believedAfterSeconds))).toBeUndefined();
    expect(reading(3, undefined)).toBeUndefined();
  });

  it("lets go of most images at once", () => {
    const reading = (free: number, held: number, marks: ImageInventory["marks"] = {}) => {
      const images = [...Array.from({ length: free }, (_, index) => image(index + 100)), ...used(held)];
      return planImages(inventory(images, { marks }), nowMs).implausible;
    };
    expect(reading(4, 0)).toBe("4 of 4 images are needed by nobody all at once");
    expect(reading(3, 0)).toBeUndefined();
    expect(reading(5, 5)).toBeUndefined();
    expect(reading(6, 5)).toBe("6 of 11 images are needed by nobody all at once");
    const long = Object.fromEntries([0, 1, 2].map((one) => [`ami-${one + 100}`, marked(ago(believedAfterSeconds))]));
    expect(reading(6, 0, long)).toBeUndefined();
    const young = Object.fromEntries([0, 1].map((one) => [`ami-${one + 100}`, marked(ago(believedAfterSeconds - 1))]));
    expect(reading(6, 0, young)).toBeDefined();
  });

  it("has nothing disabled or deregistered, and says why", () => {
    const due = marked(ago(settlingSeconds));
    const { lines, implausible } = planImages(
      inventory([image(1)], { marks: { "ami-1": due }, lastSeen: seen(8) }),
      nowMs,
    );
    expect(implausible).toBeDefined();
    expect(lines).toEqual([
      {
        imageId: "ami-1",
        generation: "web-000001",
        action: "wait",
        reason: `nothing has needed it since ${due.markedAt}, but the inventory looks wrong`,
      },
    ]);
  });
});

describe("one run", () => {
  it("takes no more than twenty images, the first ones", () => {
    const images = Array.from({ length: 25 }, (_, index) => image(index, index % 2 === 0 ? {} : { state: "disabled" }));
    const old = ago(9 * 86_400);
    const marks = Object.fromEntries(
      images.map(({ imageId, state }) => [imageId, state === "disabled" ? marked(old, old) : marked(old)]),
    );
    const { lines } = planImages(inventory([image(99, { protectedBy: "x" }), ...images], { marks }), nowMs);
    const actions = lines.map(({ action }) => action);
    expect(actions[0]).toBe("keep");
    expect(actions.slice(1, 1 + actionsPerRun).filter((one) => one === "disable")).toHaveLength(10);
    expect(actions.slice(1, 1 + actionsPerRun).filter((one) => one === "deregister")).toHaveLength(10);
    expect(actions.slice(1 + actionsPerRun)).toEqual(Array.from({ length: 5 }, () => "wait"));
    expect(lines.at(-1)?.reason).toBe(`nothing has needed it since ${old}; one sweep takes 20 at most`);
  });
});

describe("a line of a plan", () => {
  const line = (action: ImageAction): ImageLine => ({ imageId: "ami-1", generation: "web-000001", action, reason: "" });
  const all = ["keep", "mark", "unmark", "disable", "enable", "deregister", "forget", "wait"] as const;

  it("changes something unless it keeps or waits", () => {
    expect(all.filter((action) => changes(line(action)))).toEqual([
      "mark",
      "unmark",
      "disable",
      "enable",
      "deregister",
      "forget",
    ]);
  });

  it("is worth asking everybody else about where nobody is known to need the image", () => {
    expect(all.filter((action) => isUnneeded(line(action)))).toEqual(["mark", "disable", "deregister", "wait"]);
  });
});
