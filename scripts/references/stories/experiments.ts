import { experimentScenarios } from "../../simulate/experiment-scenarios.ts";
import type { SimulatedStage } from "../../simulate/simulated-stage.ts";
import type { Reference } from "../reference.ts";
import { hourMs, newest, pass } from "./people.ts";

async function withBlue(stage: SimulatedStage): Promise<void> {
  await stage.experiment("web", "blue");
  await stage.settle();
}

/** Experiments beside a live service. */
export const experimentStories: readonly Reference[] = [
  {
    name: "experiment-replaced-and-ended",
    begins: "one release",
    act: async (stage) => {
      await withBlue(stage);
      await stage.experiment("web", "blue", "2");
      await stage.settle();
      await stage.endExperiment("web", "blue");
      return (await stage.run("Sweep", {})).arn;
    },
    end: "Swept",
    serves: "1",
  },
  {
    name: "experiment-that-fails",
    begins: "one release",
    act: async (stage) => (await stage.experiment("web", "x-unhealthy")).arn,
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "experiment-stopped",
    begins: "one release",
    act: async (stage) => {
      await stage.pushExperiment("web", "blue");
      const observes = () => stage.stateOf(newest(stage, "deploy")) === "WaitWhileObserving";
      await stage.cloud.until(observes, hourMs);
      await stage.stop(newest(stage, "deploy"));
      await stage.idle();
      return newest(stage, "sweep");
    },
    end: undefined,
    serves: "1",
  },
  {
    name: "experiment-by-hand",
    begins: "one release",
    act: async (stage) => {
      const experiment = { name: "big", version: "1", size: 2, hours: 2, host: "big.example.com" };
      return (await stage.run("Deploy", { service: "web", experiment })).arn;
    },
    end: "Live",
    serves: "1",
  },
  {
    name: "experiment-whose-time-comes",
    begins: "one release",
    act: async (stage) => {
      const experiment = { name: "big", version: "1", hours: 2 };
      const { arn } = await stage.run("Deploy", { service: "web", experiment });
      await pass(stage, 2.1 * hourMs);
      await stage.idle();
      return arn;
    },
    end: "Live",
    serves: "1",
  },
  {
    ...experimentScenarios.promote,
    name: "experiment-promoted",
    act: async (stage) => {
      await withBlue(stage);
      return experimentScenarios.promote.act(stage);
    },
  },
];
