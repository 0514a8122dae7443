import { beforeAll, describe, expect, it } from "vitest";
import { endStateProblems } from "../../scripts/simulate/end-state.ts";
import { oneFault } from "../../scripts/simulate/faults.ts";
import { hostOf } from "../../scripts/simulate/hosts.ts";
import { scenarioNamed } from "../../scripts/simulate/jobs.ts";
import { NeverDark } from "../../scripts/simulate/never-dark.ts";
import { runPlan } from "../../scripts/simulate/run-plan.ts";
import { type SimulatedStage, stageName } from "../../scripts/simulate/simulated-stage.ts";
import { fleetName } from "../../shared/domain/names.ts";
import { alarm, set } from "./alarm.ts";
import { type LiveService, liveService } from "./live-service.ts";
import { reverted, until, watchWeights, weights } from "./production-rule.ts";

let service: LiveService;

beforeAll(async () => {
  service = await liveService();
}, 120_000);

const headOf = (stage: SimulatedStage) => stage.cloud.complete(stage.ledger.head("web"));
const tasks = (stage: SimulatedStage, arn: string) => stage.path(arn).filter((state) => !/^(Is|Wait)/.test(state));
const drill = { service: "web", drill: { percent: 5 } };

const liveAlone = { "web-000002": 1, "web-000001": 0 };
const shared = { "web-000001": 5, "web-000002": 95 };

/** What must be so whatever became of a drill: nothing but its record has changed. */
async function expectNothingMoved(stage: SimulatedStage): Promise<void> {
  expect(weights(stage)).toEqual(liveAlone);
  expect(await headOf(stage)).toMatchObject({
    live: { generation: "web-000002" },
    standby: { generation: "web-000001" },
    pending: null,
    drill: null,
  });
  expect(await endStateProblems(stage, ["web"])).toEqual([]);
}

/** Begins a drill and runs the cloud until the standby has its share. */
async function drilling(stage: SimulatedStage): Promise<string> {
  const arn = await stage.begin("Rollback", drill);
  await until(stage, () => weights(stage)["web-000001"] === 5);
  return arn;
}

/** The sweep that an unclean end starts comes with an event. */
async function swept(stage: SimulatedStage): Promise<void> {
  await stage.settle();
  await stage.idle();
  await stage.settle();
}

describe("a drill", () => {
  it("gives the standby a small share and takes it back, and says how long both took and what was answered", async () => {
    const stage = await service.openWithStandby();
    Object.assign(stage.cloud.publicTraffic, { host: hostOf("web"), perMinute: 600 });
    const watch = new NeverDark(stage.cloud, ["web"]);
    const seen = watchWeights(stage, () => watch.look());
    const before = await headOf(stage);
    const run = await stage.run("Rollback", drill);
    expect(run.status).toBe("SUCCEEDED");
    expect(tasks(stage, run.arn)).toEqual([
      "PreEmpt",
      "LendShare",
      "WatchDrill",
      "ReturnShare",
      "JudgeDrill",
      "SettleDrill",
      "Drilled",
    ]);
    expect(seen).toEqual([liveAlone, shared, liveAlone]);
    expect(watch.problems).toEqual([]);
    const { drilled, ...after } = await headOf(stage);
    expect(drilled).toMatchObject({
      generation: "web-000001",
      live: "web-000002",
      verdict: "pass",
      percent: 5,
      backSeconds: expect.any(Number),
      returnSeconds: expect.any(Number),
      answers: { requests: expect.any(Number), errors: 0 },
    });
    expect(drilled?.answers?.requests).toBeGreaterThan(0);
    expect(after).toMatchObject({ ...before, ruleChangedAt: after.ruleChangedAt, rule: after.rule });
    const history = await stage.cloud.complete(stage.ledger.history("web", "web-000001"));
    expect(history.map(({ event }) => event).slice(-3)).toEqual(["drill-began", "restored", "drilled"]);
    await expectNothingMoved(stage);
  });

  it("is inconclusive when no request fell to the standby: silence is no pass", async () => {
    const stage = await service.openWithStandby();
    expect((await stage.run("Rollback", drill)).status).toBe("SUCCEEDED");
    expect((await headOf(stage)).drilled).toMatchObject({ verdict: "inconclusive", answers: { requests: 0 } });
  });

  it("whose standby breaks gives live everything at the first look that sees it, and is recorded as failed", async () => {
    const stage = await service.openWithStandby();
    const arn = await drilling(stage);
    const instances = stage.cloud.kernel.store
      .collection<{ instanceId: string; state: string; tags: Record<string, string> }>("ec2.instances")
      .list()
      .filter(({ state, tags }) => state === "running" && tags["kiln:generation"] === "web-000001");
    for (const { instanceId } of instances) {
      await stage.cloud.call("ec2", "TerminateInstances", { InstanceIds: [instanceId] });
    }
    const brokenMs = stage.cloud.clock.now();
    await until(stage, () => weights(stage)["web-000001"] === 0);
    expect(stage.cloud.clock.now() - brokenMs).toBeLessThan(30_000);
    await stage.ended(() => arn);
    expect(stage.execution(arn)).toMatchObject({ status: "FAILED", error: "DrillFailedError" });
    expect(tasks(stage, arn)).toEqual([
      "PreEmpt",
      "LendShare",
      "WatchDrill",
      "RestoreShare",
      "SettleFailedDrill",
      "FailedClean",
    ]);
    await swept(stage);
    const { drilled } = await headOf(stage);
    expect(drilled).toMatchObject({ verdict: "fail", why: expect.stringContaining("healthy targets") });
    const history = await stage.cloud.complete(stage.ledger.history("web", "web-000001"));
    expect(history.map(({ event }) => event)).toContain("drill-failed");
    await expectNothingMoved(stage);
  });

  it("that sees a red alarm gives live everything, and the alarm does not take live back for what the standby did", async () => {
    const stage = await service.open({ alarms: ["errors"] });
    await alarm(stage, "errors", "OK");
    await stage.deploy("web", "2");
    await stage.settle();
    const arn = await drilling(stage);
    await set(stage, "errors", "ALARM");
    await stage.ended(() => arn);
    expect(stage.execution(arn)).toMatchObject({ status: "FAILED", error: "DrillFailedError" });
    expect(tasks(stage, arn).slice(-3)).toEqual(["RestoreShare", "SettleFailedDrill", "FailedClean"]);
    await swept(stage);
    expect((await headOf(stage)).drilled).toMatchObject({
      verdict: "fail",
      why: expect.stringContaining("errors is red"),
    });
    await expectNothingMoved(stage);
  });

  it("is pre-empted by a rollback, which goes back to the standby that is being rehearsed", async () => {
    const stage = await service.openWithStandby();
    const arn = await drilling(stage);
    const beganMs = stage.cloud.clock.now();
    const seen = watchWeights(stage);
    const back = await stage.run("Rollback", { service: "web" });
    expect(back.status).toBe("SUCCEEDED");
    expect(stage.cloud.clock.now() - beganMs).toBeLessThan(60_000);
    expect(tasks(stage, back.arn)).toEqual(["PreEmpt", "CutOver", "Settle", "RolledBack"]);
    expect(stage.execution(arn)?.status).toBe("ABORTED");
    expect(seen).toEqual([shared, { "web-000001": 1, "web-000002": 0 }]);
    await swept(stage);
    expect(weights(stage)).toEqual({ "web-000001": 1, "web-000002": 0 });
    expect(await headOf(stage)).toMatchObject({ live: { generation: "web-000001" }, pending: null, drill: null });
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("is ended by a cold rollback before that launches anything", async () => {
    const stage = await service.openWithStandby();
    await stage.deploy("web", "3");
    await stage.settle();
    await stage.begin("Rollback", drill);
    await until(stage, () => weights(stage)["web-000002"] === 5);
    const seen = watchWeights(stage);
    const back = await stage.run("Rollback", { service: "web", to: "web-000001" });
    expect(back.status).toBe("SUCCEEDED");
    expect(tasks(stage, back.arn).slice(0, 4)).toEqual(["PreEmpt", "EndDrill", "LaunchFleet", "ValidateFleet"]);
    expect(seen[1]).toEqual({ "web-000003": 1, "web-000002": 0 });
    expect((await headOf(stage)).drilled).toMatchObject({
      verdict: "inconclusive",
      why: expect.stringContaining("ended before"),
    });
    await swept(stage);
    expect(weights(stage)["web-000001"]).toBe(1);
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("is cut short by a deploy that waits, which then goes its way", async () => {
    const stage = await service.openWithStandby();
    const arn = await drilling(stage);
    const run = await stage.deploy("web", "3");
    expect(run.status).toBe("SUCCEEDED");
    expect(stage.execution(arn)?.status).toBe("SUCCEEDED");
    expect((await headOf(stage)).drilled).toMatchObject({
      verdict: "inconclusive",
      why: expect.stringContaining("cut short for web-000003"),
    });
    expect(weights(stage)["web-000003"]).toBe(1);
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("that was stopped is ended by the sweep that every stop starts: live gets everything within about a minute", async () => {
    const stage = await service.openWithStandby();
    const arn = await drilling(stage);
    const seen = watchWeights(stage);
    const stoppedMs = stage.cloud.clock.now();
    await stage.stop(arn);
    await until(stage, () => weights(stage)["web-000001"] === 0);
    expect(stage.cloud.clock.now() - stoppedMs).toBeLessThan(60_000);
    await swept(stage);
    expect(seen).toEqual([shared, liveAlone]);
    expect(stage.executions("sweep").flatMap(({ arn: sweep }) => tasks(stage, sweep))).toContain("EndDrill");
    expect((await headOf(stage)).drilled).toMatchObject({ verdict: "inconclusive" });
    await expectNothingMoved(stage);
  });

  it("that was stopped is ended by a deploy that gets the lease before any sweep does", async () => {
    const stage = await service.openWithStandby();
    const arn = await drilling(stage);
    await stage.push("web", "3");
    const deploy = () => stage.executions("deploy").at(-1)?.arn ?? "";
    await until(stage, () => stage.stateOf(deploy()) === "WaitForTurn");
    const seen = watchWeights(stage);
    await stage.stop(arn);
    await stage.idle();
    expect(stage.execution(deploy())?.status).toBe("SUCCEEDED");
    expect(seen[1]).toEqual(liveAlone);
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("ends with everything on live when somebody goes back to live itself", async () => {
    const stage = await service.openWithStandby();
    await drilling(stage);
    const back = await stage.run("Rollback", { service: "web", to: "web-000002" });
    expect(back.status).toBe("SUCCEEDED");
    await swept(stage);
    await expectNothingMoved(stage);
  });
});

describe("a drill", () => {
  const scenario = scenarioNamed("drill");

  it("killed at any call ends with everything on live, once the sweep was there", async () => {
    const begin = (await service.openWithStandby()).snapshot();
    const { calls, problems } = await runPlan(scenario, begin, 1);
    expect(problems).toEqual([]);
    const found: string[] = [];
    for (const [index, { handler, operation }] of calls.entries()) {
      // Each call with one kind of fault; `npm run simulate -- --single --scenario drill` strikes it with every kind.
      const kind = (["stopped", "crash", "denied"] as const)[index % 3] ?? "stopped";
      const plan = await runPlan(scenario, begin, 1, oneFault(index, kind));
      found.push(...plan.problems.map((problem) => `${index} ${handler} ${operation} ${kind}: ${problem}`));
    }
    expect(found).toEqual([]);
  }, 90_000);
});

describe("a drill is refused, and no request goes elsewhere,", () => {
  async function refusal(stage: SimulatedStage, input: object = drill): Promise<string> {
    const seen = watchWeights(stage);
    const run = await stage.run("Rollback", input);
    expect(run).toMatchObject({ status: "FAILED", error: "DrillRefusedError" });
    expect(stage.path(run.arn)).toEqual(["PreEmpt", "FailedClean"]);
    expect(seen).toHaveLength(1);
    expect((await headOf(stage)).drill ?? null).toBeNull();
    return run.cause ?? "";
  }

  it("without a standby", async () => {
    expect(await refusal(await service.open())).toContain("no release stands by");
  });

  it("while a deploy is under way, with what to do", async () => {
    const stage = await service.openWithStandby();
    await stage.push("web", "3");
    await until(stage, () => stage.stateOf(stage.executions("deploy").at(-1)?.arn ?? "") === "WaitForFleet");
    expect(await refusal(stage)).toContain("web-000003 is under way. Let it end: kiln status web.");
    await stage.idle();
    expect(stage.executions("deploy").at(-1)?.status).toBe("SUCCEEDED");
  });

  it("while another drill is under way", async () => {
    const stage = await service.openWithStandby();
    const first = await drilling(stage);
    const second = await stage.run("Rollback", drill);
    expect(second).toMatchObject({ status: "FAILED", error: "DrillRefusedError" });
    expect(weights(stage)).toEqual(shared);
    await stage.ended(() => first);
    expect(stage.execution(first)?.status).toBe("SUCCEEDED");
    await swept(stage);
    await expectNothingMoved(stage);
  });

  it("when the hot window ends before it would", async () => {
    const stage = await service.openWithStandby();
    await stage.cloud.until(() => false, 3_600_000);
    expect(await refusal(stage)).toContain("stands by only until");
  });

  it("when the standby is the newer release that somebody went back from", async () => {
    const stage = await service.openWithStandby();
    await stage.run("Rollback", { service: "web" });
    expect(await refusal(stage)).toContain("is newer than web-000001");
  });

  it("when the standby's fleet is smaller than live needs", async () => {
    const stage = await service.openWithStandby();
    const AutoScalingGroupName = fleetName(stageName, "web-000002");
    await stage.cloud.call("autoscaling", "SetDesiredCapacity", { AutoScalingGroupName, DesiredCapacity: 3 });
    await stage.settle();
    expect(await refusal(stage)).toContain("fewer healthy servers than live needs");
  });

  it("when somebody changed the rule, during a freeze, and while an alarm is red", async () => {
    const changed = await service.openWithStandby();
    await reverted(changed);
    const run = await changed.run("Rollback", drill);
    expect(run).toMatchObject({ status: "FAILED", error: "RuleConflictError" });
    const frozen = await service.openWithStandby();
    const at = new Date(frozen.cloud.clock.now()).toISOString();
    await frozen.cloud.complete(frozen.ledger.freezes.write("web", { reason: "the sale", by: "ann", at, until: null }));
    expect(await refusal(frozen)).toContain("by ann: the sale");
  });
});

describe("the input of a drill", () => {
  it.each([
    [{ percent: 50 }, "must be at most 10"],
    [{ seconds: 5 }, "drill.seconds"],
    [{ share: 1 }, "share"],
  ])("%j is refused with the key", async (wanted, said) => {
    const stage = await service.openWithStandby();
    const run = await stage.run("Rollback", { service: "web", drill: wanted });
    expect(run).toMatchObject({ status: "FAILED", error: "ManualInputError" });
    expect(run.cause).toContain(said);
  });

  it("does not stand beside a release to go to", async () => {
    const stage = await service.openWithStandby();
    const run = await stage.run("Rollback", { service: "web", to: "web-000001", drill: {} });
    expect(run).toMatchObject({ status: "FAILED", error: "ManualInputError" });
    expect(run.cause).toContain("to cannot stand beside drill");
  });
});
