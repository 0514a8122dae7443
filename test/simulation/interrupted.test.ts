import { beforeAll, describe, expect, it } from "vitest";
import type { GroupDocument } from "../../local/auto-scaling/documents.ts";
import { endStateProblems } from "../../scripts/simulate/end-state.ts";
import { type FaultPlan, noFaults } from "../../scripts/simulate/faults.ts";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import { ledgerPlace } from "../../scripts/simulate/promises/effect.ts";
import { watchPromises } from "../../scripts/simulate/promises/watch.ts";
import { openStage, prepareStage, type SimulatedStage, stageName } from "../../scripts/simulate/simulated-stage.ts";
import type { Head } from "../../shared/domain/head.ts";
import { fleetName } from "../../shared/domain/names.ts";
import { type LiveService, liveService } from "./live-service.ts";
import { until } from "./production-rule.ts";

let service: LiveService;

beforeAll(async () => {
  service = await liveService();
}, 120_000);

const denying =
  (...calls: readonly string[]): FaultPlan =>
  ({ handler, operation }) =>
    calls.some((call) => call === handler || call === `${handler} ${operation}`) ? "denied" : undefined;

const hasFleet = (stage: SimulatedStage, generation: string) =>
  stage.cloud.kernel.store.collection<GroupDocument>("autoscaling.groups").get(fleetName(stageName, generation)) !==
  undefined;

/** Sweeps until nothing is to be done, and says what is wrong then. */
async function swept(stage: SimulatedStage): Promise<string[]> {
  stage.cloud.faults.arm(noFaults);
  for (let sweep = 0; sweep < 2; sweep++) {
    await stage.settle();
    await stage.idle();
    await stage.run("Sweep", {});
  }
  await stage.settle();
  return endStateProblems(stage, ["web"]);
}

describe("a rollback to a standby that live has outgrown, which fails and is stopped when that fleet is gone", () => {
  it("leaves no head that calls it a standby", async () => {
    const stage = await service.openWithStandby();
    const AutoScalingGroupName = fleetName(stageName, "web-000002");
    await stage.cloud.call("autoscaling", "SetDesiredCapacity", { AutoScalingGroupName, DesiredCapacity: 3 });
    await stage.settle();
    stage.cloud.faults.arm(denying("validate"));
    const arn = await stage.begin("Rollback", { service: "web" });
    await until(stage, () => !hasFleet(stage, "web-000001"));
    await stage.stop(arn);
    expect(await swept(stage)).toEqual([]);
    expect((await stage.cloud.complete(stage.ledger.head("web"))).standby).toBeNull();
  });
});

describe("a launch that outlives its own deploy, and makes the trial rule of what is live once more", () => {
  // Seed 55 of the mixes: the answer to its DescribeRules came when its execution had long gone on.
  it("leaves none after the next sweep, and takes no request from anybody", async () => {
    const stage = await service.open();
    const release = await stage.cloud.complete(stage.ledger.release("web", "web-000001"));
    const [group] = stage.cloud.kernel.store
      .collection<{ arn: string; tags: Record<string, string> }>("elasticloadbalancing.groups")
      .list();
    const tags = {
      "kiln:stage": stageName,
      "kiln:service": "web",
      "kiln:generation": "web-000001",
      "kiln:role": "trial",
    };
    await stage.cloud.call("elasticloadbalancing", "CreateRule", {
      ListenerArn: release?.network.listenerArn,
      Priority: 20_000,
      Conditions: [
        { Field: "http-header", HttpHeaderConfig: { HttpHeaderName: "x-kiln-trial", Values: [release?.trialSecret] } },
      ],
      Actions: [{ Type: "forward", TargetGroupArn: group?.arn }],
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    });
    expect(await endStateProblems(stage, ["web"])).toEqual(["L2 nothing left: 1 trial rules of web"]);
    expect(await swept(stage)).toEqual([]);
    expect((await stage.cloud.complete(stage.ledger.head("web"))).live?.generation).toBe("web-000001");
  });
});

describe("a deploy that fails once it is live, before its trial rule is gone", () => {
  it("leaves none when the next deploy comes before any sweep does", async () => {
    const stage = await service.open();
    stage.cloud.faults.arm(denying("settle DeleteRule", "reap"));
    expect((await stage.deploy("web", "2")).status).toBe("FAILED");
    await stage.idle();
    stage.cloud.faults.arm(noFaults);
    expect((await stage.deploy("web", "3")).status).toBe("SUCCEEDED");
    expect(await swept(stage)).toEqual([]);
  });
});

describe("a rollback that fails once it has moved traffic, and a deploy that fails after it", () => {
  it("let the sweep find that what serves is not what is live", async () => {
    const stage = await service.openWithStandby();
    stage.cloud.faults.arm(denying("settle", "reap"));
    expect((await stage.run("Rollback", { service: "web" })).status).toBe("FAILED");
    await stage.settle();
    await stage.idle();
    stage.cloud.faults.arm(noFaults);
    expect((await stage.deploy("web", "3-unhealthy")).status).toBe("FAILED");
    expect(await swept(stage)).toEqual([]);
    expect((await stage.cloud.complete(stage.ledger.head("web"))).live?.generation).toBe("web-000001");
  });
});

describe("a deploy that is stopped after it moved traffic, whose sweep fails, and a deploy that fails after it", () => {
  // What a mix once found: the first one had lost its place in the head, and served under no head's name.
  it("let the next sweep bring production back to what is live", async () => {
    const stage = await service.open({ observeSeconds: 120 });
    await stage.push("web", "2");
    const first = () => stage.executions("deploy").find(({ status }) => status === "RUNNING")?.arn ?? "";
    await until(stage, () => stage.stateOf(first()) === "WaitWhileObserving");
    stage.cloud.faults.arm(denying("reap", "cutover"));
    await stage.stop(first());
    await stage.settle();
    await stage.idle();
    stage.cloud.faults.arm(noFaults);
    expect((await stage.deploy("web", "3-unhealthy")).status).toBe("FAILED");
    expect(await swept(stage)).toEqual([]);
    expect((await stage.cloud.complete(stage.ledger.head("web"))).live?.generation).toBe("web-000001");
  });
});

describe("two deploys of one artifact that are both stopped", () => {
  it("leave no image: neither keeps it for the other", async () => {
    const stage = await service.open();
    await stage.push("web", "2-unhealthy");
    const first = () => stage.executions("deploy").find(({ status }) => status === "RUNNING")?.arn ?? "";
    await until(stage, () => stage.stateOf(first()) === "ValidateFleet");
    const second = await stage.begin("Deploy", { service: "web", version: "2-unhealthy" });
    await until(stage, () => stage.stateOf(second) === "WaitForTurn");
    await stage.stop(first());
    await stage.stop(second);
    expect(await swept(stage)).toEqual([]);
  });
});

describe("two deploys of one artifact that both fail, with their clean-up interrupted", () => {
  // Seed 13555 of the mixes: the sweep undid the second, and each one's image was still the other's.
  it("leave nothing after a single sweep", async () => {
    const stage = await service.open();
    stage.cloud.faults.arm(denying("settle", "reap"));
    expect((await stage.deploy("web", "2-unhealthy")).status).toBe("FAILED");
    expect((await stage.run("Deploy", { service: "web", version: "2-unhealthy" })).status).toBe("FAILED");
    stage.cloud.faults.arm(noFaults);
    expect(await endStateProblems(stage, ["web"])).not.toEqual([]);
    const sweeps = () => stage.executions("sweep").map(({ status }) => status);
    await until(stage, () => sweeps().includes("SUCCEEDED"));
    await stage.settle();
    expect(sweeps()).toEqual(["FAILED", "FAILED", "SUCCEEDED"]);
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });
});

describe("a service's first deploy that fails, with its clean-up interrupted, and another one that fails", () => {
  // Seed 325 of the mixes: a head that holds no release was taken for one that was lost.
  it("leaves no image, though the ledger holds no release of the service", async () => {
    const stage = await openStage(2, await prepareStage(await packageInMemory(stageName)));
    await stage.cloud.until(() => false, 1);
    await stage.apply("web", {});
    stage.cloud.faults.arm(denying("reap"));
    expect((await stage.deploy("web", "1-unhealthy")).status).toBe("FAILED");
    stage.cloud.faults.arm(noFaults);
    // What is pending then is the next one, so the sweep finds the first one among what nothing holds any more.
    expect((await stage.deploy("web", "2-unhealthy")).status).toBe("FAILED");
    expect(await swept(stage)).toEqual([]);
    expect((await stage.cloud.complete(stage.ledger.head("web"))).known).toEqual([]);
  }, 60_000);
});

describe("a deploy that fails before its image was made, while the same version waits its turn", () => {
  // Seed 1486 of the mixes: what the two have in common was left to the other one, which made its own snapshot.
  it("leaves no snapshot of its own", async () => {
    const stage = await service.open();
    stage.cloud.faults.arm(denying("launch"));
    await stage.push("web", "2");
    const first = () => stage.executions("deploy").find(({ status }) => status === "RUNNING")?.arn ?? "";
    await until(stage, () => stage.stateOf(first()) === "BakeImage");
    const second = await stage.begin("Deploy", { service: "web", version: "2" });
    await until(stage, () => stage.stateOf(second) === "BakeImage" || stage.stateOf(first()) === "FailedClean");
    stage.cloud.faults.arm(noFaults);
    await stage.idle();
    expect(stage.execution(second)?.status).toBe("SUCCEEDED");
    expect(await swept(stage)).toEqual([]);
  });
});

describe("a settling that fails while another of its calls is still on its way", () => {
  // Seed 3822 of the mixes: the repetition gave the lease back, and then that call arrived.
  it("ends when that call has, so nothing is changed without the lease", async () => {
    const stage = await service.open();
    const promises = await watchPromises(stage, ["web"]);
    const struck = new Set<string>();
    stage.cloud.faults.arm(({ handler, operation }) => {
      const kind = ({ DeleteRule: "timed-out", UpdateAutoScalingGroup: "slow" } as const)[operation];
      if (handler !== "settle" || kind === undefined || struck.has(operation)) return undefined;
      struck.add(operation);
      return kind;
    });
    expect((await stage.deploy("web", "2")).status).toBe("SUCCEEDED");
    await stage.cloud.until(() => false, 10_000);
    expect([...struck].sort()).toEqual(["DeleteRule", "UpdateAutoScalingGroup"]);
    expect(promises.problems).toEqual([]);
  });
});

describe("a rollback whose place a later deploy took, and whose target a sweep reaped, before it had the lease", () => {
  /** Unit: milliseconds. A little more than a standby fleet is kept hot. */
  const hotWindowMs = 61 * 60_000;

  it("leaves no fleet that no head knows when it is stopped", async () => {
    const stage = await service.openWithStandby();
    const { cloud } = stage;
    await cloud.until(() => false, hotWindowMs);
    await stage.run("Sweep", {});
    let pending: string | undefined;
    const after = ({ input, document }: { input: Readonly<Record<string, unknown>>; document: unknown }) => {
      if (document && ledgerPlace(input["Key"])?.what === "head") pending = (document as Head).pending?.execution;
    };
    cloud.faults.watch = { problems: [], after };
    const rollback = await stage.begin("Rollback", { service: "web" });
    await until(stage, () => pending === rollback);
    const isAhead = (execution: string) => execution === pending && execution !== rollback;
    cloud.faults.arm(({ execution }) => (execution === rollback || isAhead(execution) ? "slow" : undefined));
    const deploy = await stage.begin("Deploy", { service: "web", version: "2" });
    await until(stage, () => pending === deploy);
    const known = async () => (await cloud.complete(stage.ledger.head("web"))).known;
    expect(await known()).toContain("web-000001");
    expect((await stage.run("Sweep", {})).status).toBe("SUCCEEDED");
    expect(await known()).not.toContain("web-000001");
    expect(pending).toBe(deploy);
    cloud.faults.arm(noFaults);
    await until(stage, () => hasFleet(stage, "web-000001"));
    expect(stage.execution(rollback)?.status).toBe("RUNNING");
    await stage.stop(rollback);
    expect(await swept(stage)).toEqual([]);
  });
});

describe("a deploy that loses its place to a rollback that began before it and waits as well", () => {
  it("waits its turn and becomes live, for it is the newest wish", async () => {
    const stage = await service.openWithStandby();
    const { cloud } = stage;
    const interrupted = await stage.begin("Deploy", { service: "web", version: "1" });
    await until(stage, () => stage.stateOf(interrupted)?.startsWith("Wait") === true);
    await stage.stop(interrupted);
    const places: (string | undefined)[] = [];
    const after = ({ input, document }: { input: Readonly<Record<string, unknown>>; document: unknown }) => {
      if (document && ledgerPlace(input["Key"])?.what === "head") places.push((document as Head).pending?.execution);
    };
    cloud.faults.watch = { problems: [], after };
    const rollback = await stage.begin("Rollback", { service: "web" });
    await until(stage, () => places.at(-1) === rollback);
    // It waits out the last call of the interrupted deploy; the next one is slow wherever the place is its own.
    await cloud.until(() => false, 20_000);
    const deploy = await stage.begin("Deploy", { service: "web", version: "2" });
    cloud.faults.arm(({ execution }) => (execution === deploy && places.at(-1) === deploy ? "slow" : undefined));
    await until(stage, () => places.includes(deploy) && places.at(-1) === rollback);
    cloud.faults.arm(noFaults);
    await stage.ended(() => deploy);
    expect(stage.path(deploy).at(-1)).toBe("Live");
    expect(stage.execution(rollback)?.status).toBe("SUCCEEDED");
    expect(await swept(stage)).toEqual([]);
  });
});
