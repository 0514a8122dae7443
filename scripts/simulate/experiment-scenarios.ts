import type { Random } from "../../local/core/random.ts";
import type { Deed } from "./deeds.ts";
import { drawExperimentDeed } from "./experiment-deeds.ts";
import type { Scenario } from "./scenarios.ts";
import { openStage, type PreparedStage } from "./simulated-stage.ts";

/** What happens to an experiment beside a live service; the second and the third begin with one that serves. */
export const experimentScenarios = {
  start: {
    name: "experiment",
    begins: "one release",
    act: async (stage) => (await stage.experiment("web", "blue")).arn,
    end: "Live",
    serves: "1",
  },
  end: {
    name: "experiment-end",
    begins: "one release",
    act: async (stage) => {
      await stage.endExperiment("web", "blue");
      return (await stage.run("Sweep", {})).arn;
    },
    end: "Swept",
    serves: "1",
  },
  promote: {
    name: "promotion",
    begins: "one release",
    act: async (stage) => (await stage.run("Deploy", { service: "web", promote: "blue" })).arn,
    end: "Live",
    serves: "blue",
  },
} as const satisfies Record<string, Scenario>;

/** A stage in which the experiment `blue` serves beside what is live. */
export async function withExperiment(begin: PreparedStage): Promise<PreparedStage> {
  const stage = await openStage(0, begin);
  await stage.cloud.until(() => false, 1);
  await stage.experiment("web", "blue");
  await stage.settle();
  return stage.snapshot();
}

/** Mostly experiments of `web` are pushed, started, promoted and stopped. */
export function orExperiments(random: Random, otherwise: () => Deed): Deed {
  return random.next() < 0.6 ? drawExperimentDeed(random, "web") : otherwise();
}
