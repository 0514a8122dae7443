import type { SimulatedStage } from "../../simulate/simulated-stage.ts";
import type { Reference } from "../reference.ts";
import { applyRecipe, hourMs, minuteMs, newest, pass } from "./people.ts";

async function withRecipe(stage: SimulatedStage): Promise<void> {
  await stage.apply("web", { base: { recipe: "runtime" } });
  await applyRecipe(stage, "24");
}

/** Releases on a base that Kiln builds. */
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
      await pass(stage, 61 * minuteMs);
      await stage.idle();
      return newest(stage, "sweep");
    },
    end: undefined,
    serves: "1",
  },
];
