import { beforeAll, describe, expect, it } from "vitest";
import type { ImageRecord, InstanceRecord, SecurityGroupRecord } from "../../local/ec2/records.ts";
import type { SimulatedStage } from "../../scripts/simulate/simulated-stage.ts";
import { resolveBase } from "../../shared/base-resolution.ts";
import { tagKeys } from "../../shared/domain/names.ts";
import { parseRecipe } from "../../shared/domain/recipe.ts";
import { type LiveService, liveService } from "./live-service.ts";

let prepared: LiveService;

beforeAll(async () => {
  prepared = await liveService();
}, 120_000);

const recipe = { recipe: "runtime", files: [{ path: "/opt/runtime/version", content: "24" }], checks: ["true"] };

async function open(changes: object = {}): Promise<SimulatedStage> {
  const stage = await prepared.open({ base: { recipe: "runtime" } });
  const parsed = parseRecipe({ ...recipe, ...changes });
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  await stage.cloud.complete(stage.recipes.apply(parsed.recipe));
  return stage;
}

function rows<T>(stage: SimulatedStage, collection: string): Readonly<T>[] {
  return stage.cloud.kernel.store.collection<T>(collection).list();
}

/** Whatever a build makes and must not leave. */
function leftOfBuilds(stage: SimulatedStage): string[] {
  const instances = rows<InstanceRecord>(stage, "ec2.instances").filter(
    ({ tags, state }) => tags[tagKeys.role] === "builder" && state !== "terminated",
  );
  const groups = rows<SecurityGroupRecord>(stage, "ec2.security-groups").filter(({ tags }) => tags[tagKeys.golden]);
  const images = rows<ImageRecord>(stage, "ec2.images").filter(({ tags }) => tags[tagKeys.role] === "base-trial");
  const snapshots = rows<{ snapshotId: string; tags: Record<string, string> }>(stage, "ebs.snapshots").filter(
    ({ tags }) => tags[tagKeys.role] === "base-trial",
  );
  return [
    ...instances.map(({ instanceId }) => instanceId),
    ...groups.map(({ groupId }) => groupId),
    ...images.map(({ imageId }) => imageId),
    ...snapshots.map(({ snapshotId }) => snapshotId),
  ];
}

const goldenImages = (stage: SimulatedStage) =>
  rows<ImageRecord>(stage, "ec2.images").filter(({ name }) => name.startsWith("kiln/dev/golden/"));

const builds = (stage: SimulatedStage) => stage.cloud.complete(stage.recipes.builds());

describe("a golden recipe", () => {
  it("is built also while reads miss for a minute what EC2 has just made, and leaves nothing", async () => {
    const stage = await open();
    const { settings } = stage.cloud.kernel;
    settings.delays = { ...settings.delays, notFoundAfterCreateSeconds: 60 };
    const run = await stage.deploy("web", "2");
    expect(run, run.cause).toMatchObject({ status: "SUCCEEDED" });
    expect(leftOfBuilds(stage)).toEqual([]);
  });

  it("is built, tried on a throw-away instance, recorded, and carries the release", async () => {
    const stage = await open();
    const run = await stage.deploy("web", "2");
    expect(run, run.cause).toMatchObject({ status: "SUCCEEDED" });
    expect(stage.path(run.arn)).toEqual(expect.arrayContaining(["PrepareBase", "BakeImage", "Live"]));
    expect(leftOfBuilds(stage)).toEqual([]);
    const [build] = await builds(stage);
    expect(build).toMatchObject({ recipe: "runtime", attempt: 1, phase: "ready", packages: [] });
    const [image] = goldenImages(stage);
    expect(image).toMatchObject({ imageId: build?.imageId, state: "available", tags: { [tagKeys.role]: "base" } });
    const release = await stage.cloud.complete(stage.ledger.release("web", "web-000002"));
    expect(release?.base).toMatchObject({ name: "recipe runtime", golden: { digest: build?.digest } });
    expect(stage.cloud.kernel.store.collection("ssm.commands").list()).toHaveLength(2);
  });

  it("is built once for every release on it, and again when the recipe changes", async () => {
    const stage = await open();
    await stage.deploy("web", "2");
    const again = await stage.deploy("web", "3");
    expect(stage.path(again.arn)).not.toContain("PrepareBase");
    expect(goldenImages(stage)).toHaveLength(1);
    const changed = parseRecipe({ ...recipe, checks: ["true", "test -e opt/runtime"] });
    if ("recipe" in changed) await stage.cloud.complete(stage.recipes.apply(changed.recipe));
    const refreshed = await stage.run("Refresh", {});
    expect(JSON.parse(refreshed.output ?? "{}")).toMatchObject({
      services: [{ service: "web", reason: expect.stringContaining("base recipe runtime changed from") }],
    });
    await stage.idle();
    expect(goldenImages(stage)).toHaveLength(2);
    expect((await stage.cloud.complete(stage.ledger.head("web"))).live?.generation).toBe("web-000004");
  });

  it.each([
    ["builder", 1, "builder: Failed with exit code 9"],
    ["tester", 2, "tester: Failed with exit code 9"],
  ])("whose %s fails ends the deploy with what it printed, and leaves nothing", async (_, nth, why) => {
    const stage = await open();
    let count = 0;
    const silence = { exitCode: 0, stdout: "", stderr: "" };
    stage.cloud.scripted = () => {
      count += 1;
      return count === nth ? { exitCode: 9, stdout: "", stderr: "no such mirror" } : silence;
    };
    const run = await stage.deploy("web", "2");
    expect(run).toMatchObject({ status: "FAILED", error: "GoldenBuildFailedError" });
    expect(run.cause).toContain(why);
    expect(run.cause).toContain("no such mirror");
    expect(leftOfBuilds(stage)).toEqual([]);
    expect(goldenImages(stage)).toEqual([]);
    expect(await builds(stage)).toMatchObject([{ phase: "failed", attempt: 1 }]);
    expect((await stage.cloud.complete(stage.ledger.head("web"))).live?.generation).toBe("web-000001");

    // The next deploy builds it anew.
    stage.cloud.scripted = () => silence;
    expect(await stage.deploy("web", "3")).toMatchObject({ status: "SUCCEEDED" });
    expect(await builds(stage)).toMatchObject([{ phase: "ready", attempt: 2 }]);
    expect(leftOfBuilds(stage)).toEqual([]);
  });

  it("that was stopped in the middle of its build is cleaned up by the sweep", async () => {
    const stage = await open();
    await stage.push("web", "2");
    const installing = () => stage.cloud.kernel.store.collection("ssm.commands").list().length === 1;
    expect(await stage.cloud.until(installing, 3_600_000)).toBe(true);
    await stage.stop(stage.executions("deploy").at(-1)?.arn ?? "");
    await stage.idle();
    // Its execution's sweep comes too early to call the build abandoned; the hourly one does not.
    await stage.cloud.until(() => false, 2 * 3_600_000);
    await stage.idle();
    expect(leftOfBuilds(stage)).toEqual([]);
    expect(await builds(stage)).toMatchObject([{ phase: "failed", failure: { step: "interrupted" } }]);
  });

  it("survives a crash after every change that its build makes: each script is sent once, and nothing is left", async () => {
    const quiet = await open();
    quiet.cloud.faults.arm(() => undefined);
    await build(quiet);
    // A crash after a call that only reads is one after the change before it.
    const strikes = quiet.cloud.faults.calls.filter(({ operation }) => !/^(Describe|Get|List)/.test(operation));
    expect(strikes.length).toBeGreaterThan(20);
    for (const { index: strike } of strikes) {
      const stage = await open();
      stage.cloud.faults.arm(({ index }) => (index === strike ? "crash" : undefined));
      await build(stage);
      expect(leftOfBuilds(stage), `crash at call ${strike}`).toEqual([]);
      expect(stage.cloud.kernel.store.collection("ssm.commands").list(), `crash at call ${strike}`).toHaveLength(2);
      expect(goldenImages(stage), `crash at call ${strike}`).toHaveLength(1);
    }
  }, 180_000);
});

/** Drives the handler as the state machine does, until the image is ready. */
async function build(stage: SimulatedStage): Promise<void> {
  const { cloud } = stage;
  const golden = await cloud.complete(
    resolveBase({ base: { recipe: "runtime" }, architecture: "x86_64" }, undefined, stage),
  );
  const release = await cloud.complete(stage.ledger.release("web", "web-000001"));
  let memo: unknown = {};
  for (let turn = 0; turn < 200; turn++) {
    const request = { golden: golden.golden, parentImageId: golden.imageId, network: release?.network, memo };
    const Payload = Buffer.from(JSON.stringify(request));
    const FunctionName = stage.outputs["BaseFunction"];
    const answer = await cloud.complete(
      cloud.call<{ Payload: Uint8Array; FunctionError?: string }>("lambda", "Invoke", { FunctionName, Payload }),
    );
    const said = JSON.parse(Buffer.from(answer.Payload).toString("utf8"));
    if (said.status === "ready") return;
    if (answer.FunctionError !== undefined && said.errorType !== "Runtime.ExitError")
      throw new Error(JSON.stringify(said));
    memo = said.memo ?? memo;
    await cloud.until(() => false, (said.waitSeconds ?? 5) * 1000);
  }
  throw new Error("the image does not become ready");
}
