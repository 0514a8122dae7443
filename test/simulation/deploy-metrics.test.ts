import { beforeAll, describe, expect, it } from "vitest";
import { at, pushed } from "../../scripts/planted/scenes.ts";
import { type SimulatedStage, stageName } from "../../scripts/simulate/simulated-stage.ts";
import { metricNamespace } from "../../shared/aws/alerts.ts";
import { dirtyEnd } from "./dirty-end.ts";
import { type LiveService, liveService } from "./live-service.ts";

let service: LiveService;

beforeAll(async () => {
  service = await liveService();
}, 120_000);

const ofStage = [{ Name: "Stage", Value: stageName }];
const ofService = [...ofStage, { Name: "Service", Value: "web" }];

interface Statistics {
  Datapoints: { Sum: number; SampleCount: number; Unit: string }[];
}

/** What a metric says of everything since then. */
async function since(stage: SimulatedStage, startMs: number, MetricName: string, Dimensions = ofService) {
  const asked = { Namespace: metricNamespace, MetricName, Dimensions, Period: 60, Statistics: ["Sum", "SampleCount"] };
  const StartTime = new Date(startMs);
  const EndTime = new Date(stage.cloud.clock.now() + 60_000);
  const call = stage.cloud.call<Statistics>("monitoring", "GetMetricStatistics", { ...asked, StartTime, EndTime });
  const { Datapoints } = await stage.cloud.complete(call);
  return {
    sum: Datapoints.reduce((sum, { Sum }) => sum + Sum, 0),
    count: Datapoints.reduce((sum, { SampleCount }) => sum + SampleCount, 0),
    units: [...new Set(Datapoints.map(({ Unit }) => Unit))],
  };
}

const once = (sum: number, unit: string) => ({ sum, count: 1, units: [unit] });
const never = { sum: 0, count: 0, units: [] };

/** A whole minute's beginning, so that a minute's data points are of what comes now. */
async function nextMinute(stage: SimulatedStage): Promise<number> {
  const now = stage.cloud.clock.now();
  await stage.cloud.until(() => false, 60_000 - (now % 60_000));
  return stage.cloud.clock.now();
}

async function liveAt(stage: SimulatedStage, generation: string, execution: string): Promise<number> {
  const history = await stage.cloud.complete(stage.ledger.history("web", generation));
  return Date.parse(history.find((line) => line.event === "live" && line.execution === execution)?.at ?? "");
}

describe("the metrics of deploys", () => {
  it("say of one that went live: one deploy, none failed, and the seconds from its upload", async () => {
    const stage = await service.open();
    const startMs = await nextMinute(stage);
    const run = await stage.deploy("web", "2");
    expect(await since(stage, startMs, "Deploys")).toEqual(once(1, "Count"));
    expect(await since(stage, startMs, "DeployFailed")).toEqual(once(0, "Count"));
    const lead = await since(stage, startMs, "LeadTime");
    expect(lead).toMatchObject({ count: 1, units: ["Seconds"] });
    const uploadedMs = Date.parse(
      (await stage.cloud.complete(stage.ledger.release("web", "web-000002")))?.intent.time ?? "",
    );
    expect(uploadedMs - startMs).toBeLessThan(1_000);
    expect(lead.sum).toBeCloseTo(((await liveAt(stage, "web-000002", run.arn)) - uploadedMs) / 1000, 0);
    expect(await since(stage, startMs, "Rollbacks")).toEqual(never);
    expect(await since(stage, startMs, "DirtyEnds", ofStage)).toEqual(never);
  });

  it("say of one that failed: one deploy, one failed, and no lead time", async () => {
    const stage = await service.open();
    const startMs = await nextMinute(stage);
    expect((await stage.deploy("web", "2-unhealthy")).status).toBe("FAILED");
    expect(await since(stage, startMs, "Deploys")).toEqual(once(1, "Count"));
    expect(await since(stage, startMs, "DeployFailed")).toEqual(once(1, "Count"));
    expect(await since(stage, startMs, "LeadTime")).toEqual(never);
  });

  it("say of a rollback: no deploy, one rollback, and the seconds from its request", async () => {
    const stage = await service.openWithStandby();
    const startMs = await nextMinute(stage);
    const run = await stage.run("Rollback", { service: "web" });
    expect(run.status).toBe("SUCCEEDED");
    expect(await since(stage, startMs, "Rollbacks")).toEqual(once(1, "Count"));
    const restored = await since(stage, startMs, "RestoreTime");
    expect(restored).toMatchObject({ count: 1, units: ["Seconds"] });
    expect(restored.sum).toBeCloseTo(((await liveAt(stage, "web-000001", run.arn)) - run.startMs) / 1000, 0);
    expect(await since(stage, startMs, "Deploys")).toEqual(never);
    expect(await since(stage, startMs, "LeadTime")).toEqual(never);
  });

  it("say of a rollback that it is one, although a push waits for its turn meanwhile", async () => {
    const stage = await service.openWithStandby();
    await stage.cloud.until(() => false, 61 * 60_000);
    await stage.run("Sweep", {});
    const startMs = await nextMinute(stage);
    const rollback = await stage.begin("Rollback", { service: "web" });
    await at(stage, rollback, "WaitForFleet");
    // An upload is as old as the second in which it came.
    await stage.cloud.until(() => false, 2_000);
    const deploy = await pushed(stage, "3");
    await stage.ended(() => rollback);
    expect(stage.stateOf(deploy)).toBe("WaitForTurn");
    expect(await since(stage, startMs, "Rollbacks")).toEqual(once(1, "Count"));
    const { startMs: askedMs = 0 } = stage.execution(rollback) ?? {};
    const restored = await since(stage, startMs, "RestoreTime");
    expect(restored.sum).toBeCloseTo(((await liveAt(stage, "web-000001", rollback)) - askedMs) / 1000, 0);
    expect(await since(stage, startMs, "Deploys")).toEqual(never);
    expect(await since(stage, startMs, "LeadTime")).toEqual(never);
    await stage.idle();
    expect(await since(stage, startMs, "Deploys")).toEqual(once(1, "Count"));
    expect(await since(stage, startMs, "Rollbacks")).toEqual(once(1, "Count"));
  });

  it("say nothing of an upload that is refused, nor of an experiment", async () => {
    const stage = await service.open();
    const startMs = await nextMinute(stage);
    expect((await stage.run("Deploy", { servise: "web" })).status).toBe("FAILED");
    expect((await stage.experiment("web", "blue")).status).toBe("SUCCEEDED");
    for (const name of ["Deploys", "DeployFailed", "LeadTime"])
      expect(await since(stage, startMs, name)).toEqual(never);
  });

  it("count an end that left something behind for the stage, where the alarm looks", async () => {
    const stage = await service.open();
    const startMs = await nextMinute(stage);
    await dirtyEnd(stage);
    expect((await since(stage, startMs, "DirtyEnds", ofStage)).units).toEqual(["Count"]);
    expect((await since(stage, startMs, "DirtyEnds", ofStage)).sum).toBeGreaterThan(0);
    expect(await since(stage, startMs, "Deploys")).toEqual(once(1, "Count"));
  });

  it("have these dimensions and no others: the stage, and the service of all but one", async () => {
    const stage = await service.openWithStandby();
    await stage.run("Rollback", { service: "web" });
    await stage.run("Sweep", {});
    const { Metrics } = await stage.cloud.complete(
      stage.cloud.call<{ Metrics: { MetricName: string; Dimensions: object[] }[] }>("monitoring", "ListMetrics", {
        Namespace: metricNamespace,
      }),
    );
    const names = ["DeployFailed", "Deploys", "LeadTime", "RestoreTime", "Rollbacks", "WayBackReady"];
    expect(Metrics.map(({ MetricName }) => MetricName).sort()).toEqual(names);
    for (const { Dimensions } of Metrics) expect(Dimensions).toEqual(ofService);
  });
});
