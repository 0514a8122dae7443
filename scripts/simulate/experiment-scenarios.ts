import type { Random } from "../../local/core/random.ts";
import type { Scenario } from "./scenarios.ts";
import { openStage, type PreparedStage, type SimulatedStage } from "./simulated-stage.ts";

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
      await stopExperiment(stage, "web.blue");
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

/** What `kiln experiment stop` writes: from now on its time is over. */
export async function stopExperiment(stage: SimulatedStage, name: string): Promise<void> {
  const ended = new Date(stage.cloud.clock.now()).toISOString();
  await stage.cloud.complete(
    stage.ledger.updateHead(name, (head) =>
      head.experiment ? { ...head, experiment: { ...head.experiment, ended } } : head,
    ),
  );
}

/** A stage in which the experiment `blue` serves beside what is live. */
export async function withExperiment(begin: PreparedStage): Promise<PreparedStage> {
  const stage = await openStage(0, begin);
  await stage.cloud.until(() => false, 1);
  await stage.experiment("web", "blue");
  await stage.settle();
  return stage.snapshot();
}

/** Two experiments of `web` are pushed, started, promoted and stopped in between. */
export async function orExperiments(
  stage: SimulatedStage,
  random: Random,
  otherwise: () => Promise<void>,
): Promise<void> {
  const name = random.next() < 0.5 ? "blue" : "red";
  const drawn = random.next();
  if (drawn < 0.25) return stage.pushExperiment("web", name, String(drawn));
  if (drawn < 0.3) return stage.pushExperiment("web", `${name}-unhealthy`, String(drawn));
  if (drawn < 0.4) return void (await stage.begin("Deploy", { service: "web", experiment: { name } }));
  if (drawn < 0.5) return void (await stage.begin("Deploy", { service: "web", promote: name }));
  if (drawn < 0.6) return stopExperiment(stage, `web.${name}`);
  return otherwise();
}
