import { beforeAll, describe, expect, it } from "vitest";
import type { ImageRecord } from "../../local/ec2/records.ts";
import { endStateProblems } from "../../scripts/simulate/end-state.ts";
import { noFaults, oneFault } from "../../scripts/simulate/faults.ts";
import { openStage, type PreparedStage, type SimulatedStage } from "../../scripts/simulate/simulated-stage.ts";
import { tagKeys } from "../../shared/domain/names.ts";
import { liveService } from "./live-service.ts";

const minutes = 60_000;
const spec = { keep: { releases: 2, graceHours: 1 } };

/** The third release is live, the first one is no longer kept. */
let dropped: PreparedStage;

beforeAll(async () => {
  const stage = await (await liveService()).open(spec);
  for (const version of ["2", "3"]) expect((await stage.deploy("web", version)).status).toBe("SUCCEEDED");
  await stage.settle();
  dropped = stage.snapshot();
}, 120_000);

async function opened(begin: PreparedStage): Promise<SimulatedStage> {
  const stage = await openStage(3, begin);
  await stage.cloud.until(() => false, 1);
  return stage;
}

/** The images of the service's releases, by the release they were made for. */
function images({ cloud }: SimulatedStage): Record<string, string> {
  const all = cloud.kernel.store.collection<ImageRecord>("ec2.images").list();
  const own = all.filter(({ tags }) => tags[tagKeys.role] === "image");
  return Object.fromEntries(own.map(({ tags, state }) => [tags[tagKeys.generation] ?? "", state]));
}

function imageIdOf({ cloud }: SimulatedStage, generation: string): string {
  const all = cloud.kernel.store.collection<ImageRecord>("ec2.images").list();
  return all.find(({ tags }) => tags[tagKeys.generation] === generation)?.imageId ?? "";
}

async function sweepAfter(stage: SimulatedStage, passMs: number): Promise<void> {
  await stage.cloud.until(() => false, passMs);
  await stage.idle();
  expect(await stage.run("Sweep", {})).toMatchObject({ status: "SUCCEEDED" });
}

const allThere = { "web-000001": "available", "web-000002": "available", "web-000003": "available" };

describe("an image that nothing needs any more", () => {
  it("is marked, disabled half an hour later, and deregistered with its snapshot after the time of grace", async () => {
    const stage = await opened(dropped);
    const imageId = imageIdOf(stage, "web-000001");
    await sweepAfter(stage, 0);
    expect(images(stage)).toEqual(allThere);
    await sweepAfter(stage, 31 * minutes);
    expect(images(stage)).toEqual({ ...allThere, "web-000001": "disabled" });
    await sweepAfter(stage, 20 * minutes);
    expect(images(stage)).toEqual({ ...allThere, "web-000001": "disabled" });
    await sweepAfter(stage, 45 * minutes);
    expect(images(stage)).toEqual({ "web-000002": "available", "web-000003": "available" });
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
    const proof = await stage.cloud.complete(stage.imageRecords.reaped("web", imageId));
    expect(proof).toMatchObject({
      generation: "web-000001",
      reason: expect.stringMatching(/^nothing has needed it since .*, and it has been disabled since /),
      lookedAt: { images: 3, releases: 2, ownTemplateVersions: 2, usersElsewhere: 0 },
    });
  });

  it("stays while somebody's own launch template names it", async () => {
    const stage = await opened(dropped);
    const LaunchTemplateData = { ImageId: imageIdOf(stage, "web-000001"), InstanceType: "t3.small" };
    await stage.cloud.call("ec2", "CreateLaunchTemplate", { LaunchTemplateName: "somebodys", LaunchTemplateData });
    for (const passMs of [31, 31, 120]) await sweepAfter(stage, passMs * minutes);
    expect(images(stage)).toEqual(allThere);
  });

  it("is enabled again when its release is pinned, and can be rolled back to", async () => {
    const stage = await opened(dropped);
    await sweepAfter(stage, 0);
    await sweepAfter(stage, 31 * minutes);
    expect(images(stage)["web-000001"]).toBe("disabled");
    const pinned = [{ generation: "web-000001", by: "ann", at: "2026-11-23T00:00:00Z", reason: "the audit" }];
    await stage.cloud.complete(stage.ledger.updateHead("web", (head) => ({ ...head, pinned })));
    await sweepAfter(stage, 0);
    expect(images(stage)).toEqual(allThere);
    expect(await stage.run("Rollback", { service: "web", to: "web-000001" })).toMatchObject({ status: "SUCCEEDED" });
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("is not removed while most images are needed by nobody all at once, and the sweep raises the alarm", async () => {
    const stage = await opened(dropped);
    await stage.cloud.complete(
      stage.imageRecords.counted("web", { at: new Date(stage.cloud.kernel.clock.now()).toISOString(), images: 9 }),
    );
    expect(await stage.run("Sweep", {})).toMatchObject({
      status: "FAILED",
      cause: expect.stringContaining("InventoryDistrusted: web: EC2 shows 3 images where there were 9"),
    });
    await stage.cloud.until(() => false, 31 * minutes);
    await stage.idle();
    expect((await stage.run("Sweep", {})).status).toBe("FAILED");
    expect(images(stage)).toEqual(allThere);
  });
});

describe("a sweep that is killed after any of its calls", () => {
  it.each([
    { what: "marking", before: [], passMs: 0, struck: /^Put/ },
    { what: "disabling", before: [0], passMs: 31 * minutes, struck: /^(Put|Disable)/ },
    { what: "deregistering", before: [0, 31], passMs: 61 * minutes, struck: /./ },
  ])("is finished by the next one: $what", async ({ before, passMs, struck }) => {
    const stage = await opened(dropped);
    for (const earlier of before) await sweepAfter(stage, earlier * minutes);
    await stage.cloud.until(() => false, passMs);
    await stage.idle();
    const begin = stage.snapshot();
    const whole = await opened(begin);
    whole.cloud.faults.arm(noFaults);
    await whole.run("Sweep", {});
    const calls = whole.cloud.faults.calls.filter(({ operation }) => struck.test(operation));
    expect(calls.length).toBeGreaterThan(1);
    for (const { index } of calls) {
      const killed = await opened(begin);
      killed.cloud.faults.arm(oneFault(index, "crash"));
      await killed.run("Sweep", {});
      killed.cloud.faults.arm(noFaults);
      await killed.run("Sweep", {});
      expect([index, images(killed)]).toEqual([index, images(whole)]);
      expect(await endStateProblems(killed, ["web"])).toEqual([]);
    }
  });
});
