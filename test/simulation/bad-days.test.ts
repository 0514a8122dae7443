import { beforeAll, describe, expect, it } from "vitest";
import { endStateProblems } from "../../scripts/simulate/end-state.ts";
import { hostOf } from "../../scripts/simulate/hosts.ts";
import { NeverDark } from "../../scripts/simulate/never-dark.ts";
import { type SimulatedStage, stageName } from "../../scripts/simulate/simulated-stage.ts";
import { fleetName } from "../../shared/domain/names.ts";
import { type LiveService, liveService } from "./live-service.ts";
import { reverted, until, watchWeights, weights } from "./production-rule.ts";

let service: LiveService;

beforeAll(async () => {
  service = await liveService();
}, 120_000);

/** Requests to each node after every event; says which were not answered rightly. */
function watched(stage: SimulatedStage): NeverDark {
  const watch = new NeverDark(stage.cloud, ["web"]);
  stage.cloud.afterEvent = () => watch.look();
  return watch;
}

const instancesOf = (stage: SimulatedStage, generation: string) =>
  stage.cloud.kernel.store
    .collection<{ instanceId: string; state: string; tags: Record<string, string> }>("ec2.instances")
    .list()
    .filter(({ state, tags }) => state === "running" && tags["kiln:generation"] === generation)
    .map(({ instanceId }) => instanceId);

const serves = (stage: SimulatedStage) =>
  Object.entries(weights(stage))
    .filter(([, weight]) => weight > 0)
    .map(([generation]) => generation);

/** Tasks and the end that an execution came through, each once. */
const tasks = (stage: SimulatedStage, arn = "") => stage.path(arn).filter((state) => !/^(Is|Wait)/.test(state));

/** What a deploy comes through that ends well. */
const wholeDeploy = ["Admit", "BakeImage", "PreFlight", "LaunchFleet", "ValidateFleet", "CutOver", "Observe", "Settle"];

/** What a deploy comes through that is gone back from after it got a share. */
const wentBack = [...wholeDeploy.slice(0, -1), "RestoreTraffic", "ReapCandidate", "SettleFailure", "FailedClean"];

/** What a deploy comes through whose image is there already: nothing is baked, so nothing is checked meanwhile. */
const unbaked = wholeDeploy.filter((state) => state !== "PreFlight");

const hotRollback = ["PreEmpt", "CutOver", "Settle", "RolledBack"];

const canary = { deploy: { strategy: "canary", steps: [10, 50], intervalSeconds: 60 }, observeSeconds: 30 };

describe("a freeze that comes during a canary", () => {
  it("stops it at the next step, takes its share back, and says who froze and why", async () => {
    const stage = await service.open(canary);
    const seen = watchWeights(stage);
    await stage.push("web", "2");
    await until(stage, () => weights(stage)["web-000002"] === 10);
    const at = new Date(stage.cloud.clock.now()).toISOString();
    const freeze = { reason: "an outage elsewhere", by: "ann", at, until: null };
    await stage.cloud.complete(stage.ledger.freezes.write(undefined, freeze));
    await stage.idle();
    const run = stage.executions("deploy").at(-1);
    expect(run).toMatchObject({ status: "FAILED", error: "DeployHeldError" });
    expect(run?.cause).toContain("by ann: an outage elsewhere");
    expect(tasks(stage, run?.arn)).toEqual(wentBack);
    expect(seen).not.toContainEqual({ "web-000002": 50, "web-000001": 50 });
    expect(serves(stage)).toEqual(["web-000001"]);
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("does not stop one that a person had started in spite of it, nor a rollback", async () => {
    const stage = await service.openWithStandby(canary);
    const at = new Date(stage.cloud.clock.now()).toISOString();
    await stage.cloud.complete(stage.ledger.freezes.write("web", { reason: "the sale", by: "ann", at, until: null }));
    const back = await stage.run("Rollback", { service: "web" });
    expect(tasks(stage, back.arn)).toEqual(hotRollback);
    expect(serves(stage)).toEqual(["web-000001"]);
    const fix = await stage.run("Deploy", { service: "web", version: "2", override: "the fix of the outage" });
    expect(tasks(stage, fix.arn)).toEqual([...unbaked, "RetireFleets", "Live"]);
    expect(serves(stage)).toEqual(["web-000003"]);
  });
});

describe("a live fleet that is broken already", () => {
  it("is replaced by the fix all at once: there is nobody who could take the rest", async () => {
    const stage = await service.open({ ...canary, deploy: { ...canary.deploy, judge: {} } });
    const { versionOf } = stage.cloud;
    // Whatever takes the place of its servers is broken as well.
    stage.cloud.versionOf = async (name, generation) =>
      generation === "web-000001" ? "1-unhealthy" : versionOf(name, generation);
    for (const InstanceId of instancesOf(stage, "web-000001")) {
      await stage.cloud.call("ec2", "TerminateInstances", { InstanceIds: [InstanceId] });
    }
    await stage.cloud.until(() => false, 180_000);
    const seen = watchWeights(stage);
    const run = await stage.deploy("web", "2");
    expect(run.status).toBe("SUCCEEDED");
    expect(tasks(stage, run.arn)).toEqual([...wholeDeploy, "Live"]);
    expect(seen).toEqual([{ "web-000001": 1 }, { "web-000002": 1, "web-000001": 0 }]);
  });
});

describe("a spec whose max is below what is live", () => {
  it("is refused by name before anything is made, unless it says allowShrink", async () => {
    const stage = await service.open({ capacity: { min: 1, max: 1 } });
    const refused = await stage.deploy("web", "2");
    expect(refused).toMatchObject({ status: "FAILED", error: "ShrinkRefusedError" });
    expect(stage.path(refused.arn)).toEqual(["Admit", "FailedClean"]);
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
    await stage.apply("web", { capacity: { min: 1, max: 1 }, allowShrink: true });
    const watch = watched(stage);
    const run = await stage.deploy("web", "3");
    expect(tasks(stage, run.arn)).toEqual([...wholeDeploy, "Live"]);
    expect(serves(stage)).toEqual(["web-000002"]);
    expect(watch.problems).toEqual([]);
  });
});

describe("a standby that is gone", () => {
  it("makes the rollback a cold one: a fleet from the kept image, validated, then the rule", async () => {
    const stage = await service.openWithStandby();
    const watch = watched(stage);
    const AutoScalingGroupName = fleetName(stageName, "web-000001");
    await stage.cloud.call("autoscaling", "DeleteAutoScalingGroup", { AutoScalingGroupName, ForceDelete: true });
    await stage.settle();
    const run = await stage.run("Rollback", { service: "web" });
    expect(run.status).toBe("SUCCEEDED");
    expect(tasks(stage, run.arn)).toEqual([
      "PreEmpt",
      "LaunchFleet",
      "ValidateFleet",
      "CutOver",
      "Settle",
      "RolledBack",
    ]);
    expect(serves(stage)).toEqual(["web-000001"]);
    expect(watch.problems).toEqual([]);
  });
});

describe("an idle candidate under target tracking", () => {
  it("keeps its size for half an hour of canary, and gets all requests at that size", async () => {
    const capacity = { min: 1, max: 6, scaling: { cpuPercent: 50, requestsPerMinute: 600 } };
    const half = { deploy: { strategy: "canary", steps: [10], intervalSeconds: 1800 }, capacity };
    const stage = await service.open(half);
    const fleet = (generation: string) =>
      stage.cloud.kernel.store
        .collection<{ name: string; desired: number }>("autoscaling.groups")
        .list()
        .find(({ name }) => name === fleetName(stageName, generation));
    await stage.push("web", "2");
    await until(stage, () => weights(stage)["web-000002"] === 10);
    const policies = stage.cloud.kernel.store
      .collection<{ name: string; group: string }>("autoscaling.policies")
      .list()
      .map(({ name, group }) => [group, name]);
    expect(policies).toEqual([
      [fleetName(stageName, "web-000002"), "cpu"],
      [fleetName(stageName, "web-000002"), "requests"],
    ]);
    const sizes = new Set<number | undefined>();
    stage.cloud.afterEvent = () => {
      if (weights(stage)["web-000002"] === 10) sizes.add(fleet("web-000002")?.desired);
    };
    await stage.idle();
    expect(stage.executions("deploy").at(-1)?.status).toBe("SUCCEEDED");
    expect(tasks(stage, stage.executions("deploy").at(-1)?.arn)).toEqual([...wholeDeploy, "Live"]);
    expect([...sizes]).toEqual([2]);
    expect(serves(stage)).toEqual(["web-000002"]);
  });
});

describe("a rule that somebody changes in the middle of a canary", () => {
  it("ends the deploy with the conflict's name, and live keeps everything", async () => {
    const stage = await service.open(canary);
    await stage.push("web", "2");
    await until(stage, () => weights(stage)["web-000002"] === 10);
    await reverted(stage);
    await stage.idle();
    const run = stage.executions("deploy").at(-1);
    expect(run).toMatchObject({ status: "FAILED", error: "RuleConflictError" });
    expect(tasks(stage, run?.arn)).toEqual(wentBack);
    expect(serves(stage)).toEqual(["web-000001"]);
  });
});

const deployStates = [
  "Admit",
  "BakeImage",
  "PreFlight",
  "LaunchFleet",
  "ValidateFleet",
  "CutOver",
  "Observe",
  "Settle",
];

describe("a rollback that is asked for while a deploy is under way", () => {
  it.each(deployStates)(
    "in %s: it ends with an earlier release, and nothing of the candidate is left",
    async (state) => {
      const stage = await service.openWithStandby(canary);
      const watch = watched(stage);
      await stage.push("web", "3");
      const deploy = () => stage.executions("deploy").at(-1)?.arn ?? "";
      await until(stage, () => stage.stateOf(deploy()) === state);
      const beganMs = stage.cloud.clock.now();
      const seen = watchWeights(stage, () => watch.look());
      const arn = await stage.begin("Rollback", { service: "web" });
      const sharesMoved = () => seen.length > 1 && serves(stage).length === 1;
      const ended = () => stage.execution(arn)?.status !== "RUNNING";
      await until(stage, () => sharesMoved() || ended());
      expect((stage.cloud.clock.now() - beganMs) / 1000).toBeLessThan(75);
      await stage.idle();
      expect(stage.execution(arn)?.status).toBe("SUCCEEDED");
      const interrupted = tasks(stage, deploy());
      // Before it has the lease it is superseded; later on it is stopped where it is.
      const superseded = [...wholeDeploy.slice(0, 1), "Skipped"];
      expect(interrupted).toEqual(state === "Admit" ? superseded : wholeDeploy.slice(0, interrupted.length));
      expect(interrupted).toContain(state);
      expect(tasks(stage, arn).filter((one) => one !== "RetireFleets")).toEqual(hotRollback);
      await stage.run("Sweep", {});
      await stage.settle();
      expect(serves(stage)).toHaveLength(1);
      expect(serves(stage)).not.toContain("web-000003");
      expect(watch.problems).toEqual([]);
      expect(await endStateProblems(stage, ["web"])).toEqual([]);
    },
  );
});

describe("an instance of live that dies while a deploy is under way", () => {
  it.each(deployStates)(
    "in %s: the deploy ends live and some healthy target answered at every moment",
    async (state) => {
      const stage = await service.open(canary);
      await stage.push("web", "2");
      const deploy = () => stage.executions("deploy").at(-1)?.arn ?? "";
      await until(stage, () => stage.stateOf(deploy()) === state);
      const [dying] = instancesOf(stage, "web-000001");
      await stage.cloud.call("ec2", "TerminateInstances", { InstanceIds: [dying] });
      await stage.idle();
      expect(stage.executions("deploy").at(-1)?.status).toBe("SUCCEEDED");
      expect(tasks(stage, deploy())).toEqual([...wholeDeploy, "Live"]);
      await stage.settle();
      expect(serves(stage)).toEqual(["web-000002"]);
      expect(stage.cloud.visitors.visit(hostOf("web")).every((visit) => "program" in visit)).toBe(true);
      expect(await endStateProblems(stage, ["web"])).toEqual([]);
    },
  );
});
