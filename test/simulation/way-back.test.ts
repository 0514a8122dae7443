import { beforeAll, describe, expect, it } from "vitest";
import type { SimulatedStage } from "../../scripts/simulate/simulated-stage.ts";
import { stageName } from "../../scripts/simulate/simulated-stage.ts";
import { fleetName } from "../../shared/domain/names.ts";
import { type LiveService, liveService } from "./live-service.ts";

let service: LiveService;

beforeAll(async () => {
  service = await liveService();
}, 120_000);

async function sweep(stage: SimulatedStage) {
  const run = await stage.run("Sweep", {});
  expect(run.status).toBe("SUCCEEDED");
  return stage.cloud.complete(stage.ledger.wayBack("web"));
}

async function announced(stage: SimulatedStage): Promise<string[]> {
  const history = await stage.cloud.complete(stage.ledger.history("web", "web-000002"));
  return history.map(({ event }) => event).filter((event) => event.startsWith("way-back"));
}

/** The least that the metric said in the last two hours. */
async function wayBackReady(stage: SimulatedStage): Promise<number[]> {
  const found = await stage.cloud.complete(
    stage.cloud.call<{ Datapoints: { Minimum: number }[] }>("monitoring", "GetMetricStatistics", {
      Namespace: "Kiln",
      MetricName: "WayBackReady",
      Dimensions: [
        { Name: "Stage", Value: stageName },
        { Name: "Service", Value: "web" },
      ],
      StartTime: new Date(stage.cloud.clock.now() - 7_200_000),
      EndTime: new Date(stage.cloud.clock.now() + 60_000),
      Period: 7_200,
      Statistics: ["Minimum"],
    }),
  );
  return found.Datapoints.map(({ Minimum }) => Minimum);
}

describe("every sweep", () => {
  it("proves the way back, and says how long it takes once a rollback was measured", async () => {
    const stage = await service.openWithStandby();
    expect(await sweep(stage)).toMatchObject({
      generation: "web-000001",
      promised: "hot",
      way: "hot",
      problems: [],
      measured: { hot: [], cold: [] },
    });
    expect(await announced(stage)).toEqual([]);
    expect((await stage.run("Rollback", { service: "web" })).status).toBe("SUCCEEDED");
    const proof = await sweep(stage);
    expect(proof).toMatchObject({ generation: "web-000002", way: "hot" });
    expect(proof?.measured.hot).toHaveLength(1);
    expect(proof?.measured.hot[0]).toBeGreaterThan(0);
  });

  it("announces once that it is lost, and that it is there again", async () => {
    const stage = await service.openWithStandby();
    await sweep(stage);
    const AutoScalingGroupName = fleetName(stageName, "web-000001");
    await stage.cloud.call("autoscaling", "DeleteAutoScalingGroup", { AutoScalingGroupName, ForceDelete: true });
    await stage.settle();
    expect(await sweep(stage)).toMatchObject({
      promised: "hot",
      way: "cold",
      problems: ["its fleet is not healthy enough to take over"],
    });
    expect(await announced(stage)).toEqual(["way-back-lost"]);
    expect(await wayBackReady(stage)).toEqual([0]);
    await sweep(stage);
    expect(await announced(stage)).toEqual(["way-back-lost"]);
    // The window is over: what is promised is a cold way, and that is there.
    await stage.cloud.until(() => false, 3_600_000);
    expect(await sweep(stage)).toMatchObject({ promised: "cold", way: "cold", problems: [] });
    expect(await announced(stage)).toEqual(["way-back-lost", "way-back-regained"]);
  });

  it("calls it lost when the key of the kept image is to be deleted, and no fleet stands", async () => {
    const stage = await service.openWithStandby();
    await stage.cloud.until(() => false, 3_700_000);
    await sweep(stage);
    const keys = stage.cloud.kernel.store.collection<{ id: string; description: string }>("kms.keys").list();
    const key = keys.find(({ description }) => description.startsWith("Kiln images"));
    await stage.cloud.call("kms", "ScheduleKeyDeletion", { KeyId: key?.id, PendingWindowInDays: 7 });
    expect(await sweep(stage)).toMatchObject({
      way: "lost",
      problems: ["the key of its image is PendingDeletion"],
    });
    expect(await announced(stage)).toEqual(["way-back-lost"]);
  });

  it("proves nothing while somebody is at work, and nothing of a service that has no way back yet", async () => {
    const first = await service.open();
    expect(await sweep(first)).toMatchObject({ generation: null, promised: "none", way: "none", problems: [] });
    const stage = await service.openWithStandby();
    await stage.push("web", "3");
    await stage.cloud.until(() => stage.executions("deploy").some(({ status }) => status === "RUNNING"), 60_000);
    await stage.cloud.until(() => false, 10_000);
    const before = await stage.cloud.complete(stage.ledger.wayBack("web"));
    expect(await sweep(stage)).toEqual(before);
  });
});
