import { beforeAll, describe, expect, it } from "vitest";
import type { ImageRecord } from "../../local/ec2/records.ts";
import { noFaults, oneFault } from "../../scripts/simulate/faults.ts";
import { openStage, type PreparedStage, type SimulatedStage } from "../../scripts/simulate/simulated-stage.ts";
import { ownedBaseName, tagKeys } from "../../shared/domain/names.ts";
import { parseRecipe } from "../../shared/domain/recipe.ts";
import { type LiveService, liveService } from "./live-service.ts";

const minutes = 60_000;
const hours = 60 * minutes;

/** What the stage copied a year ago. */
const oldBase = "ami-0a000000000000001";

let prepared: LiveService;
/** A stage with a service, and a copy of a base that nothing was made on any more. */
let withOldBase: PreparedStage;
/** The same when the copy has been disabled for almost the whole time of grace. */
let almostGone: PreparedStage;

beforeAll(async () => {
  prepared = await liveService();
  const stage = await prepared.open();
  const { kernel, administrator } = stage.cloud;
  const base = rows(stage).find(({ tags }) => tags[tagKeys.role] === "base");
  const tags = Object.entries(base?.tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
  await stage.cloud.complete(
    kernel.call(
      "ec2",
      "CopyImage",
      {
        Name: ownedBaseName("dev", oldBase),
        SourceImageId: base?.imageId,
        SourceRegion: kernel.settings.region,
        TagSpecifications: ["image", "snapshot"].map((ResourceType) => ({ ResourceType, Tags: tags })),
      },
      administrator,
    ),
  );
  await stage.cloud.until(() => stateOf(stage) === "available", hours);
  withOldBase = stage.snapshot();
  const later = await opened(withOldBase);
  await sweepAfter(later, 0);
  await sweepAfter(later, 31 * minutes);
  await later.cloud.until(() => false, 71 * hours);
  await later.idle();
  expect(stateOf(later)).toBe("disabled");
  almostGone = later.snapshot();
}, 120_000);

async function opened(begin: PreparedStage): Promise<SimulatedStage> {
  const stage = await openStage(3, begin);
  await stage.cloud.until(() => false, 1);
  return stage;
}

function rows({ cloud }: SimulatedStage): Readonly<ImageRecord>[] {
  return cloud.kernel.store.collection<ImageRecord>("ec2.images").list();
}

function stateOf(stage: SimulatedStage, name = ownedBaseName("dev", oldBase)): string | undefined {
  return rows(stage).find((image) => image.name === name)?.state;
}

/** Every base but the old one, with its state. */
function others(stage: SimulatedStage): Record<string, string> {
  const bases = rows(stage).filter(({ name, tags }) => tags[tagKeys.role] === "base" && !name.endsWith(oldBase));
  return Object.fromEntries(bases.map(({ name, state }) => [name, state]));
}

function snapshots({ cloud }: SimulatedStage): number {
  const all = cloud.kernel.store.collection<{ tags: Record<string, string> }>("ebs.snapshots").list();
  return all.filter(({ tags }) => tags[tagKeys.role] === "base").length;
}

async function sweepAfter(stage: SimulatedStage, passMs: number): Promise<void> {
  await stage.cloud.until(() => false, passMs);
  await stage.idle();
  expect(await stage.run("Sweep", {})).toMatchObject({ status: "SUCCEEDED" });
}

describe("a base image that nothing needs any more", () => {
  it("is marked, disabled, and deregistered with its snapshot after the time of grace, and no other is touched", async () => {
    const stage = await opened(withOldBase);
    const before = others(stage);
    const had = snapshots(stage);
    await sweepAfter(stage, 0);
    expect(stateOf(stage)).toBe("available");
    await sweepAfter(stage, 31 * minutes);
    expect(stateOf(stage)).toBe("disabled");

    const later = await opened(almostGone);
    const [{ imageId = "" } = {}] = rows(later).filter(({ name }) => name.endsWith(oldBase));
    await sweepAfter(later, hours);
    expect(stateOf(later)).toBeUndefined();
    expect(snapshots(later)).toBe(had - 1);
    expect(others(later)).toEqual(before);
    expect(await later.cloud.complete(later.baseRecords.reaped("bases", imageId))).toMatchObject({
      name: ownedBaseName("dev", oldBase),
      reason: expect.stringMatching(/^nothing has needed it since .*, and it has been disabled since /),
      lookedAt: { images: 2, usersElsewhere: 0 },
    });
  });

  it("is enabled again when a service is pinned to it, and stays", async () => {
    const stage = await opened(almostGone);
    const basePin = { imageId: oldBase, by: "ann", at: "2026-11-23T00:00:00Z", reason: "a driver" };
    await stage.cloud.complete(stage.ledger.updateHead("web", (head) => ({ ...head, basePin })));
    await sweepAfter(stage, 2 * hours);
    expect(stateOf(stage)).toBe("available");
    await sweepAfter(stage, 2 * hours);
    expect(stateOf(stage)).toBe("available");
  });

  it("stays while somebody's own launch template names it", async () => {
    const stage = await opened(almostGone);
    const ImageId = rows(stage).find(({ name }) => name.endsWith(oldBase))?.imageId;
    const LaunchTemplateData = { ImageId, InstanceType: "t3.small" };
    await stage.cloud.call("ec2", "CreateLaunchTemplate", { LaunchTemplateName: "somebodys", LaunchTemplateData });
    await sweepAfter(stage, 2 * hours);
    expect(stateOf(stage)).toBe("available");
  });

  it("converges whichever call of the sweep is its last one", async () => {
    const begin = await opened(almostGone);
    const { marks } = await begin.cloud.complete(begin.baseRecords.read("bases"));
    const [{ disabledAt = "" } = {}] = Object.values(marks);
    const dueMs = Date.parse(disabledAt) + 72 * hours;
    await begin.cloud.until(() => false, dueMs - begin.cloud.kernel.clock.now() + 1000);
    const ready = begin.snapshot();
    const whole = await opened(ready);
    whole.cloud.faults.arm(noFaults);
    await whole.run("Sweep", {});
    const calls = whole.cloud.faults.calls.filter(({ operation }) => /^(Put|Disable|Deregister)/.test(operation));
    expect(stateOf(whole)).toBeUndefined();
    expect(calls.length).toBeGreaterThan(3);
    for (const { index } of calls) {
      const killed = await opened(ready);
      killed.cloud.faults.arm(oneFault(index, "crash"));
      await killed.run("Sweep", {});
      killed.cloud.faults.arm(noFaults);
      await killed.run("Sweep", {});
      expect([index, stateOf(killed), others(killed)]).toEqual([index, stateOf(whole), others(whole)]);
    }
  });
});

describe("a golden image", () => {
  it("goes when its recipe changed and nothing stands on it, and is enabled instead of built when it is wanted again", async () => {
    const stage = await prepared.open({ base: { recipe: "runtime" }, keep: { releases: 2, graceHours: 1 } });
    const golden = () => rows(stage).filter(({ name }) => name.startsWith("kiln/dev/golden/"));
    const apply = async (content: string) => {
      const parsed = parseRecipe({ recipe: "runtime", files: [{ path: "/opt/runtime/version", content }] });
      if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
      await stage.cloud.complete(stage.recipes.apply(parsed.recipe));
    };
    await apply("24");
    expect(await stage.deploy("web", "2")).toMatchObject({ status: "SUCCEEDED" });
    await apply("25");
    for (const version of ["3", "4"]) expect((await stage.deploy("web", version)).status).toBe("SUCCEEDED");
    await stage.settle();
    expect(golden()).toHaveLength(2);
    await stage.cloud.until(() => golden().some(({ state }) => state === "disabled"), 12 * hours);
    await stage.idle();
    expect(
      golden()
        .map(({ state }) => state)
        .sort(),
    ).toEqual(["available", "disabled"]);

    const scripts = stage.cloud.kernel.store.collection("ssm.commands");
    const sent = scripts.list().length;
    await apply("24");
    expect(await stage.deploy("web", "5")).toMatchObject({ status: "SUCCEEDED" });
    expect(golden().map(({ state }) => state)).toEqual(["available", "available"]);
    expect(scripts.list()).toHaveLength(sent);
  });
});
