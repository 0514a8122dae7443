import { beforeAll, describe, expect, it } from "vitest";
import { endStateProblems } from "../../scripts/simulate/end-state.ts";
import { NeverDark } from "../../scripts/simulate/never-dark.ts";
import type { SimulatedStage } from "../../scripts/simulate/simulated-stage.ts";
import { HandlerVersions, upgrade as upgradeHandlers } from "../../scripts/simulate/upgrade.ts";
import { type LiveService, liveService } from "./live-service.ts";
import { until } from "./production-rule.ts";

let service: LiveService;

beforeAll(async () => {
  service = await liveService();
}, 120_000);

const canary = { deploy: { strategy: "canary", steps: [10], intervalSeconds: 60 }, observeSeconds: 30 };

/** What a new version of the stack does to the deploy machine: here its good end gets another name. */
async function upgrade({ cloud, outputs }: SimulatedStage): Promise<void> {
  const stateMachineArn = outputs["DeployMachine"];
  const described = cloud.call<{ definition: string }>("states", "DescribeStateMachine", { stateMachineArn });
  const { definition } = await cloud.complete(described);
  const changed = definition.replaceAll('"Live"', '"LiveSinceTheUpgrade"');
  expect(changed).not.toBe(definition);
  await cloud.complete(cloud.call("states", "UpdateStateMachine", { stateMachineArn, definition: changed }));
}

const lastDeploy = (stage: SimulatedStage) => stage.executions("deploy").at(-1)?.arn ?? "";

const states = ["Admit", "BakeImage", "LaunchFleet", "ValidateFleet", "CutOver", "Observe", "Settle"];

describe("an upgrade of Kiln while a deploy is under way", () => {
  it.each(states)("in %s lets it end as it began, and the next one runs as the new version says", async (state) => {
    const stage = await service.open(canary);
    const watch = new NeverDark(stage.cloud, ["web"]);
    stage.cloud.afterEvent = () => watch.look();
    await stage.push("web", "2");
    await until(stage, () => stage.stateOf(lastDeploy(stage)) === state);
    await upgrade(stage);
    await stage.idle();
    expect(stage.path(lastDeploy(stage)).at(-1)).toBe("Live");
    expect((await stage.deploy("web", "3")).status).toBe("SUCCEEDED");
    expect(stage.path(lastDeploy(stage)).at(-1)).toBe("LiveSinceTheUpgrade");
    await stage.settle();
    expect(watch.problems).toEqual([]);
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it.each(states)(
    "that changes its handlers in %s leaves it those it began with, and the next one gets the new",
    async (state) => {
      const stage = await service.open(canary);
      await stage.push("web", "2");
      await until(stage, () => stage.stateOf(lastDeploy(stage)) === state);
      await upgradeHandlers(stage);
      await stage.idle();
      expect(stage.path(lastDeploy(stage)).at(-1)).toBe("Live");
      expect([...stage.cloud.handlerVersions.seen]).toEqual(["1"]);
      expect((await stage.deploy("web", "3")).status).toBe("SUCCEEDED");
      expect([...stage.cloud.handlerVersions.seen]).toEqual(["1", "2"]);
      expect(stage.cloud.handlerVersions.problems).toEqual([]);
    },
  );

  it("would be noticed if it changed the handlers of what is under way", () => {
    const versions = new HandlerVersions();
    for (const version of ["1", "1", "2"]) versions.called("arn:one", "reap", version);
    versions.called("arn:two", "reap", "2");
    versions.called("", "reap", "3");
    expect(versions.problems).toEqual(["H1 upgrade: arn:one began with version 1, and called 2 of reap"]);
  });

  it("lets a rollback pre-empt it, and the sweep undo it", async () => {
    const stage = await service.openWithStandby(canary);
    await stage.push("web", "3");
    await until(stage, () => stage.stateOf(lastDeploy(stage)) === "Observe");
    await upgrade(stage);
    const back = await stage.run("Rollback", { service: "web" });
    expect(back.status).toBe("SUCCEEDED");
    await stage.idle();
    await stage.run("Sweep", {});
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });
});
