import { beforeAll, describe, expect, it } from "vitest";
import { endStateProblems } from "../../scripts/simulate/end-state.ts";
import { type SimulatedStage, stageName } from "../../scripts/simulate/simulated-stage.ts";
import { fleetName } from "../../shared/domain/names.ts";
import { type LiveService, liveService } from "./live-service.ts";
import { reverted, until, watchWeights, weights } from "./production-rule.ts";

let service: LiveService;

beforeAll(async () => {
  service = await liveService();
}, 120_000);

const canary = { deploy: { strategy: "canary", steps: [10, 50], intervalSeconds: 60 }, observeSeconds: 30 };

const minimum = (stage: SimulatedStage, generation: string) =>
  stage.cloud.kernel.store
    .collection<{ name: string; minSize: number }>("autoscaling.groups")
    .list()
    .find(({ name }) => name === fleetName(stageName, generation))?.minSize;

describe("a canary", () => {
  it("takes its steps one after another, each of whole weights that add up to 100, and ends whole", async () => {
    const stage = await service.open(canary);
    const seen = watchWeights(stage);
    const run = await stage.deploy("web", "2");
    expect(run.status).toBe("SUCCEEDED");
    expect(seen).toEqual([
      { "web-000001": 1 },
      { "web-000002": 10, "web-000001": 90 },
      { "web-000002": 50, "web-000001": 50 },
      { "web-000002": 1, "web-000001": 0 },
    ]);
    const events = (await stage.cloud.complete(stage.ledger.history("web", "web-000002"))).map(({ event }) => event);
    expect(events).toEqual(["baked", "launched", "validated", "cut-over", "cut-over-1", "cut-over-2", "live"]);
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("goes back to everything on live when the release does not hold at its first step", async () => {
    const stage = await service.open({ ...canary, deploy: { ...canary.deploy, intervalSeconds: 120 } });
    const seen = watchWeights(stage);
    const run = await stage.deploy("web", "2-fading");
    expect(run).toMatchObject({ status: "FAILED", error: "ObservationFailedError" });
    expect(seen).toEqual([
      { "web-000001": 1 },
      { "web-000002": 10, "web-000001": 90 },
      // In the rule until it is drained.
      { "web-000001": 1, "web-000002": 0 },
      { "web-000001": 1 },
    ]);
    expect(stage.path(run.arn)).not.toContain("Settle");
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("moves a first deploy all at once: there is nobody to share with", async () => {
    const stage = await service.open();
    await stage.apply("api", canary);
    const run = await stage.deploy("api", "1");
    expect(run.status).toBe("SUCCEEDED");
    const events = await stage.cloud.complete(stage.ledger.history("api", "api-000001"));
    expect(events.filter(({ event }) => event.startsWith("cut-over"))).toHaveLength(1);
  });

  it("stops and goes back when somebody else changed the rule between two steps", async () => {
    const stage = await service.open(canary);
    await stage.push("web", "2");
    await until(stage, () => weights(stage)["web-000002"] === 10);
    await reverted(stage);
    await stage.idle();
    const run = stage.executions("deploy").at(-1);
    expect(run).toMatchObject({ status: "FAILED", error: "RuleConflictError" });
    expect(run?.cause).toContain("was left at");
    expect(weights(stage)).toEqual({ "web-000001": 1 });
  });

  it("is gone back from by a rollback at any step, to the release that is still live", async () => {
    const stage = await service.open(canary);
    await stage.push("web", "2");
    await until(stage, () => weights(stage)["web-000002"] === 10);
    const back = await stage.run("Rollback", { service: "web" });
    expect(back.status).toBe("SUCCEEDED");
    expect(weights(stage)["web-000001"]).toBe(1);
    expect(weights(stage)["web-000002"] ?? 0).toBe(0);
    await stage.idle();
    expect((await stage.cloud.complete(stage.ledger.head("web"))).live?.generation).toBe("web-000001");
  });

  it("leaves no share behind when its execution is stopped", async () => {
    const stage = await service.open(canary);
    await stage.push("web", "2");
    await until(stage, () => weights(stage)["web-000002"] === 50);
    const sweeps = stage.executions("sweep").length;
    await stage.stop(stage.executions("deploy").at(-1)?.arn ?? "");
    await until(stage, () => stage.executions("sweep").length > sweeps);
    await stage.idle();
    await stage.run("Sweep", {});
    // The stop itself has started another sweep, which may be the one that does the work.
    await stage.idle();
    await stage.settle();
    expect(weights(stage)).toEqual({ "web-000001": 1 });
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });
});

describe("a candidate that live outgrew between two steps", () => {
  it("grows to match before it gets more", async () => {
    const stage = await service.open(canary);
    const seen = watchWeights(stage);
    await stage.push("web", "2");
    await until(stage, () => weights(stage)["web-000002"] === 10);
    await grown(stage, "web-000001", 4);
    await stage.idle();
    const run = stage.executions("deploy").at(-1);
    expect(run?.status).toBe("SUCCEEDED");
    expect(stage.path(run?.arn ?? "")).toContain("WaitToMove");
    expect(seen.at(-1)).toEqual({ "web-000002": 1, "web-000001": 0 });
  });
});

describe("a linear deploy", () => {
  it("adds the same share with each step", async () => {
    const stage = await service.open({ deploy: { strategy: "linear", stepPercent: 40, intervalSeconds: 30 } });
    const seen = watchWeights(stage);
    expect((await stage.deploy("web", "2")).status).toBe("SUCCEEDED");
    expect(seen.map((rule) => rule["web-000002"] ?? 0)).toEqual([0, 40, 80, 1]);
  });
});

describe("pins", () => {
  it("hold live at its size while traffic leaves it, and give it back when the deploy fails", async () => {
    const stage = await service.open({ ...canary, deploy: { ...canary.deploy, intervalSeconds: 120 } });
    await grown(stage, "web-000001", 3);
    await stage.push("web", "2-fading");
    await until(stage, () => weights(stage)["web-000002"] === 10);
    expect(minimum(stage, "web-000001")).toBe(3);
    expect(minimum(stage, "web-000002")).toBe(3);
    const pins = await stage.cloud.complete(stage.ledger.pins("web"));
    expect(pins).toEqual([
      expect.objectContaining({ generation: "web-000002", min: 3, lasting: 2 }),
      expect.objectContaining({ generation: "web-000001", min: 3, lasting: 2 }),
    ]);
    await stage.idle();
    expect(minimum(stage, "web-000001")).toBe(2);
    expect(await stage.cloud.complete(stage.ledger.pins("web"))).toEqual([]);
  });

  it("hold the standby for the hot window, and nothing else", async () => {
    const stage = await service.open(canary);
    await grown(stage, "web-000001", 3);
    expect((await stage.deploy("web", "2")).status).toBe("SUCCEEDED");
    expect([minimum(stage, "web-000001"), minimum(stage, "web-000002")]).toEqual([3, 2]);
    expect(await stage.cloud.complete(stage.ledger.pins("web"))).toEqual([
      expect.objectContaining({ generation: "web-000001", min: 3, lasting: 2, reason: "it stands by" }),
    ]);
  });

  it("that outlived their maker are taken away by the sweep", async () => {
    const stage = await service.open(canary);
    await grown(stage, "web-000001", 3);
    const name = fleetName(stageName, "web-000001");
    await stage.cloud.call("autoscaling", "UpdateAutoScalingGroup", { AutoScalingGroupName: name, MinSize: 3 });
    const until = new Date(stage.cloud.clock.now() + 60_000).toISOString();
    const pin = { generation: "web-000001", min: 3, lasting: 2, until, by: "gone", reason: "a test" };
    await stage.cloud.complete(stage.ledger.updatePins("web", () => [pin]));
    await stage.run("Sweep", {});
    expect(minimum(stage, "web-000001")).toBe(3);
    await stage.cloud.until(() => false, 61_000);
    await stage.run("Sweep", {});
    expect(minimum(stage, "web-000001")).toBe(2);
    expect(await stage.cloud.complete(stage.ledger.pins("web"))).toEqual([]);
  });
});

/** What target tracking does when a fleet has much to do. */
async function grown(stage: SimulatedStage, generation: string, size: number): Promise<void> {
  const name = fleetName(stageName, generation);
  await stage.cloud.call("autoscaling", "SetDesiredCapacity", { AutoScalingGroupName: name, DesiredCapacity: size });
  await stage.settle();
  await stage.settle();
}
