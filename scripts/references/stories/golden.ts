import type { SnapshotRecord } from "../../../local/ebs/snapshots.ts";
import type { ImageRecord } from "../../../local/ec2/records.ts";
import { resolveBase } from "../../../shared/base-resolution.ts";
import { at, pushed } from "../../planted/scenes.ts";
import type { SimulatedStage } from "../../simulate/simulated-stage.ts";
import type { Reference } from "../reference.ts";
import { applyRecipe, asked, hourMs, minuteMs, newest, pass, publishNewerBase } from "./people.ts";

async function withRecipe(stage: SimulatedStage): Promise<void> {
  await stage.apply("web", { base: { recipe: "runtime" } });
  await applyRecipe(stage, "24");
}

const images = ({ cloud }: SimulatedStage) => cloud.kernel.store.collection<ImageRecord>("ec2.images");

/** Images that the stage made of others, as a base. */
const bases = (stage: SimulatedStage) =>
  images(stage)
    .list()
    .filter(({ tags }) => tags["kiln:role"] === "base");

/** What `kiln base apply` does: the handler is asked until the image is there. */
async function builtByHand(stage: SimulatedStage): Promise<void> {
  const { cloud } = stage;
  const spec = { base: { recipe: "runtime" }, architecture: "x86_64" } as const;
  const { golden, imageId: parentImageId } = await cloud.complete(resolveBase(spec, undefined, stage));
  const network = (await cloud.complete(stage.ledger.release("web", "web-000001")))?.network;
  let memo: unknown = {};
  for (let turn = 0; turn < 30; turn++) {
    const said = await asked(stage, "BaseFunction", { golden, parentImageId, network, memo });
    if (said["status"] !== "pending") return;
    memo = said["memo"];
    await pass(stage, Number(said["waitSeconds"]) * 1000);
  }
}

/** Pushes, and makes the image another as soon as it is registered. */
async function deployWithImage(stage: SimulatedStage, changed: Partial<ImageRecord>): Promise<string> {
  const deploy = await pushed(stage, "2");
  const registered = () =>
    images(stage)
      .list()
      .find(({ state }) => state === "pending");
  await stage.cloud.until(() => registered() !== undefined, hourMs);
  const image = registered();
  if (image) images(stage).put(image.imageId, { ...image, ...changed });
  await stage.ended(() => deploy);
  return deploy;
}

/** Releases on a base that Kiln builds or copies. */
export const goldenStories: readonly Reference[] = [
  {
    name: "golden-base",
    begins: "one release",
    act: async (stage) => {
      await withRecipe(stage);
      return (await stage.deploy("web", "2")).arn;
    },
    end: "Live",
    serves: "2",
  },
  {
    name: "golden-base-fails",
    begins: "one release",
    act: async (stage) => {
      await withRecipe(stage);
      stage.cloud.scripted = () => ({ exitCode: 9, stdout: "", stderr: "no such mirror" });
      return (await stage.deploy("web", "2")).arn;
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "golden-base-abandoned",
    begins: "one release",
    act: async (stage) => {
      await withRecipe(stage);
      await stage.push("web", "2");
      const installing = () => stage.cloud.kernel.store.collection("ssm.commands").list().length === 1;
      await stage.cloud.until(installing, hourMs);
      await stage.stop(newest(stage, "deploy"));
      await stage.idle();
      await pass(stage, 65 * minuteMs);
      await stage.idle();
      return newest(stage, "sweep");
    },
    end: undefined,
    serves: "1",
  },
  {
    name: "golden-base-by-hand",
    begins: "one release",
    act: async (stage) => {
      await applyRecipe(stage, "24");
      await builtByHand(stage);
      return (await stage.run("Sweep", {})).arn;
    },
    end: "Swept",
    serves: "1",
  },
  {
    name: "golden-base-on-a-newer-one",
    begins: "one release",
    act: async (stage) => {
      // It ships no agent that would take the commands of a build.
      publishNewerBase(stage);
      await withRecipe(stage);
      return (await stage.deploy("web", "2")).arn;
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    // Its builders are shutting down for longer than a sweep is patient.
    name: "golden-base-whose-builder-stays",
    begins: "one release",
    act: async (stage) => {
      const { settings } = stage.cloud.kernel;
      settings.delays = { ...settings.delays, instanceTerminateSeconds: 1200 };
      await withRecipe(stage);
      const deploy = await pushed(stage, "2");
      const installing = () => stage.cloud.kernel.store.collection("ssm.commands").list().length === 1;
      await stage.cloud.until(installing, hourMs);
      await stage.stop(deploy);
      await stage.idle();
      await pass(stage, 65 * minuteMs);
      await stage.idle();
      const sweep = await stage.run("Sweep", {});
      await stage.idle();
      await pass(stage, 30 * minuteMs);
      return sweep.arn;
    },
    end: undefined,
    serves: "1",
  },
  {
    name: "base-disabled-before-a-deploy",
    begins: "one release",
    act: async (stage) => {
      for (const { imageId } of bases(stage)) await stage.cloud.call("ec2", "DisableImage", { ImageId: imageId });
      await stage.settle();
      return (await stage.deploy("web", "2")).arn;
    },
    end: "Live",
    serves: "2",
  },
  {
    name: "base-whose-copy-fails",
    begins: "one release",
    act: async (stage) => {
      publishNewerBase(stage);
      const deploy = await pushed(stage, "2");
      await at(stage, deploy, "WaitForBase");
      const copy = bases(stage).find(({ state }) => state === "pending");
      if (copy) images(stage).put(copy.imageId, { ...copy, state: "failed" });
      await stage.ended(() => deploy);
      return deploy;
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "image-that-fails",
    begins: "one release",
    act: (stage) => deployWithImage(stage, { state: "failed" }),
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "image-that-is-another",
    begins: "one release",
    act: (stage) => deployWithImage(stage, { architecture: "arm64" }),
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "snapshot-that-fails",
    begins: "one release",
    act: async (stage) => {
      const snapshots = stage.cloud.kernel.store.collection<SnapshotRecord>("ebs.snapshots");
      const before = new Set(snapshots.keys());
      const deploy = await pushed(stage, "2");
      const made = () => snapshots.list().find(({ snapshotId }) => !before.has(snapshotId));
      await stage.cloud.until(() => made() !== undefined, hourMs);
      // Blocks are still taken; what comes of it is said once it is sealed.
      await at(stage, deploy, "WaitForImage");
      await pass(stage, 3_000);
      const snapshot = made();
      if (snapshot) snapshots.put(snapshot.snapshotId, { ...snapshot, state: "error" });
      await stage.ended(() => deploy);
      return deploy;
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "base-with-a-large-root",
    begins: "one release",
    act: async (stage) => {
      for (const base of bases(stage)) {
        const mappings = base.mappings.map((mapping) => ({
          ...mapping,
          ...(mapping.ebs && { ebs: { ...mapping.ebs, volumeSizeGiB: 20 } }),
        }));
        images(stage).put(base.imageId, { ...base, mappings });
      }
      return (await stage.deploy("web", "2")).arn;
    },
    end: undefined,
    serves: undefined,
  },
];
