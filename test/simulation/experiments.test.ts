import { beforeAll, describe, expect, it } from "vitest";
import { endStateProblems } from "../../scripts/simulate/end-state.ts";
import { hostOf } from "../../scripts/simulate/hosts.ts";
import { NeverDark } from "../../scripts/simulate/never-dark.ts";
import type { SimulatedStage } from "../../scripts/simulate/simulated-stage.ts";
import type { Head } from "../../shared/domain/head.ts";
import { type LiveService, liveService } from "./live-service.ts";

let live: LiveService;

beforeAll(async () => {
  live = await liveService();
}, 120_000);

/** Unit: milliseconds. */
const hour = 3_600_000;

/** Versions that visitors get who send these headers, one for each node. */
function served(stage: SimulatedStage, headers: Record<string, string> = {}, host = hostOf("web")): string[] {
  return stage.cloud.visitors
    .visit(host, headers)
    .map((visit) => ("problem" in visit ? visit.problem : `${visit.program.service} ${visit.program.version}`));
}

const headOf = (stage: SimulatedStage, name: string): Promise<Head> => stage.cloud.complete(stage.ledger.head(name));

/** Everything on AWS that carries the tag of an experiment. */
function standing(stage: SimulatedStage, name: string): string[] {
  return stage.cloud.kernel.store.documents().flatMap(({ collection, key, value }) => {
    const { tags, state } = value as { tags?: Record<string, string>; state?: unknown };
    return tags?.["kiln:service"] === name && state !== "terminated" ? [`${collection} ${key}`] : [];
  });
}

/** Watches production from now on: it is always answered, by itself, and neither its head nor its lease is written. */
async function watchProduction(stage: SimulatedStage): Promise<() => Promise<string[]>> {
  const documents = async () =>
    JSON.stringify([await headOf(stage, "web"), await stage.cloud.complete(stage.ledger.lease("web"))]);
  const before = await documents();
  const dark = new NeverDark(stage.cloud, ["web"]);
  stage.cloud.afterEvent = () => dark.look();
  return async () => [...dark.problems, ...((await documents()) === before ? [] : ["head or lease was written"])];
}

describe("an experiment", () => {
  it("gets a fleet of its own that its header reaches, and production is as it was", async () => {
    const stage = await live.open();
    const problems = await watchProduction(stage);
    const run = await stage.experiment("web", "blue");
    expect(run.status, run.cause).toBe("SUCCEEDED");
    await stage.settle();
    expect(served(stage, { "x-kiln-experiment": "blue" })).toEqual(["web.blue blue", "web.blue blue"]);
    expect(served(stage, { "x-kiln-experiment": "red" })).toEqual(["web 1", "web 1"]);
    expect(served(stage)).toEqual(["web 1", "web 1"]);
    expect(await problems()).toEqual([]);
    expect(await endStateProblems(stage, ["web", "web.blue"])).toEqual([]);
    const { live: serving, experiment } = await headOf(stage, "web.blue");
    expect(serving?.generation).toBe("web.blue-000001");
    expect(experiment).toMatchObject({ size: 1 });
    const fleets = stage.cloud.kernel.store.collection<{ name: string; desired: number }>("autoscaling.groups").list();
    expect(fleets.find(({ name }) => name === "kiln-dev-web.blue-000001")).toMatchObject({ desired: 1 });
  });

  it("is replaced by a second upload: the new fleet first, then the rule, then the old fleet goes", async () => {
    const stage = await live.open();
    await stage.experiment("web", "blue");
    await stage.settle();
    const problems = await watchProduction(stage);
    const run = await stage.experiment("web", "blue", "2");
    expect(run.status, run.cause).toBe("SUCCEEDED");
    expect(stage.path(run.arn)).toContain("RetireFleets");
    await stage.settle();
    const head = await headOf(stage, "web.blue");
    expect(head).toMatchObject({ live: { generation: "web.blue-000002" }, standby: null, kept: ["web.blue-000002"] });
    expect(await endStateProblems(stage, ["web", "web.blue"])).toEqual([]);
    expect(await problems()).toEqual([]);
  });

  it("that does not pass leaves nothing, and the one before it is reached still", async () => {
    const stage = await live.open();
    const failed = await stage.experiment("web", "x-unhealthy");
    expect(failed).toMatchObject({ status: "FAILED", error: "ValidationFailedError" });
    await stage.idle();
    await stage.settle();
    expect(standing(stage, "web.x-unhealthy")).toEqual([]);
    expect(served(stage)).toEqual(["web 1", "web 1"]);
    expect(await endStateProblems(stage, ["web", "web.x-unhealthy"])).toEqual([]);
  });

  it("leaves nothing but its records once its time is over", async () => {
    const stage = await live.open();
    await stage.experiment("web", "blue");
    await stage.settle();
    const problems = await watchProduction(stage);
    await stage.cloud.until(() => false, 26 * hour);
    await stage.idle();
    await stage.settle();
    expect(standing(stage, "web.blue")).toEqual([]);
    expect(served(stage, { "x-kiln-experiment": "blue" })).toEqual(["web 1", "web 1"]);
    const head = await headOf(stage, "web.blue");
    expect(head).toMatchObject({ live: null, pending: null, known: [], kept: [] });
    expect(head.experiment?.ended).toBeDefined();
    expect(await stage.cloud.complete(stage.ledger.generations("web.blue"))).toEqual(["web.blue-000001"]);
    expect(await problems()).toEqual([]);
    expect(await endStateProblems(stage, ["web", "web.blue"])).toEqual([]);
  });

  it("is started by hand under a host of its own, with a size and a time", async () => {
    const stage = await live.open();
    const experiment = { name: "big", version: "1", size: 2, hours: 2, host: "big.example.com" };
    const run = await stage.run("Deploy", { service: "web", experiment });
    expect(run.status, run.cause).toBe("SUCCEEDED");
    await stage.settle();
    expect(served(stage, {}, "big.example.com")).toEqual(["web.big 1", "web.big 1"]);
    expect(served(stage, { "x-kiln-experiment": "big" })).toEqual(["web 1", "web 1"]);
    await stage.cloud.until(() => false, 4 * hour);
    await stage.idle();
    expect(standing(stage, "web.big")).toEqual([]);
  });

  it("ends within minutes of its time, not at the hourly sweep after it, also when that was put off", async () => {
    const stage = await live.open();
    const experiment = { name: "big", version: "1", hours: 2 };
    expect((await stage.run("Deploy", { service: "web", experiment })).status).toBe("SUCCEEDED");
    await stage.cloud.until(() => false, hour);
    const put = (present: Head): Head => {
      const later = (until: string) => new Date(Date.parse(until) + hour / 2).toISOString();
      return present.experiment
        ? { ...present, experiment: { ...present.experiment, until: later(present.experiment.until) } }
        : present;
    };
    await stage.cloud.complete(stage.ledger.updateHead("web.big", put));
    await stage.cloud.until(() => false, 3 * hour);
    const { until = "", ended = "" } = (await headOf(stage, "web.big")).experiment ?? {};
    const lateMs = Date.parse(ended) - Date.parse(until);
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(4 * 60_000);
    expect(standing(stage, "web.big")).toEqual([]);
    const left = stage.cloud.kernel.store.documents().filter(({ key }) => key.includes("sweep-at-"));
    expect(left).toEqual([]);
  });

  it("may not have the host of a service, and nothing is made of it", async () => {
    const stage = await live.open();
    const experiment = { name: "thief", version: "1", host: hostOf("web") };
    const run = await stage.run("Deploy", { service: "web", experiment });
    expect(run).toMatchObject({ status: "FAILED", error: "RouteRefusedError" });
    expect(standing(stage, "web.thief")).toEqual([]);
  });
});

describe("a promotion", () => {
  it("deploys the experiment's image without a bake, and says where it is from", async () => {
    const stage = await live.open();
    await stage.experiment("web", "blue");
    await stage.settle();
    const images = () => stage.cloud.kernel.store.collection("ec2.images").list().length;
    const before = images();
    const run = await stage.run("Deploy", { service: "web", promote: "blue" });
    expect(run.status, run.cause).toBe("SUCCEEDED");
    expect(stage.path(run.arn)).not.toContain("WaitForImage");
    expect(images()).toBe(before);
    await stage.settle();
    expect(served(stage)).toEqual(["web blue", "web blue"]);
    const release = await stage.cloud.complete(stage.ledger.release("web", "web-000002"));
    expect(release?.promotedFrom).toEqual({ experiment: "web.blue", generation: "web.blue-000001" });
    expect(await endStateProblems(stage, ["web", "web.blue"])).toEqual([]);
  });

  it("keeps the image when the experiment is over, until the release itself is kept no longer", async () => {
    const stage = await live.open();
    await stage.experiment("web", "blue");
    await stage.run("Deploy", { service: "web", promote: "blue" });
    await stage.cloud.until(() => false, 26 * hour);
    await stage.idle();
    expect(standing(stage, "web.blue").map((one) => one.split(" ")[0])).toEqual(
      expect.arrayContaining(["ec2.images", "ebs.snapshots"]),
    );
    expect(await endStateProblems(stage, ["web", "web.blue"])).toEqual([]);
    for (const version of ["3", "4", "5", "6", "7"]) await stage.deploy("web", version);
    await stage.cloud.until(() => false, 3 * hour);
    await stage.idle();
    expect(standing(stage, "web.blue")).toEqual([]);
    expect(await endStateProblems(stage, ["web", "web.blue"])).toEqual([]);
  });

  it("is refused when nothing serves in the experiment", async () => {
    const stage = await live.open();
    const run = await stage.run("Deploy", { service: "web", promote: "blue" });
    expect(run).toMatchObject({ status: "FAILED", error: "PromotionRefusedError" });
    expect(served(stage)).toEqual(["web 1", "web 1"]);
  });
});

describe("many experiments", () => {
  const names = Array.from({ length: 10 }, (_, index) => `try-${index + 1}`);

  it("ten at once on one load balancer work, each reached by its own header, and all of them go", async () => {
    const stage = await live.open();
    const problems = await watchProduction(stage);
    for (const name of names) await stage.pushExperiment("web", name);
    await stage.cloud.until(() => stage.executions("deploy").length > names.length, hour);
    await stage.idle();
    await stage.settle();
    for (const name of names) {
      expect(served(stage, { "x-kiln-experiment": name })).toEqual([`web.${name} ${name}`, `web.${name} ${name}`]);
    }
    const all = ["web", ...names.map((name) => `web.${name}`)];
    expect(await endStateProblems(stage, all)).toEqual([]);
    for (const name of names) await stage.endExperiment("web", name);
    await stage.run("Sweep", {});
    await stage.settle();
    expect(names.flatMap((name) => standing(stage, `web.${name}`))).toEqual([]);
    expect(await problems()).toEqual([]);
  }, 60_000);

  it("one more than the load balancer has room for is refused with the limit, and nothing of it is left", async () => {
    const stage = await live.open();
    const ListenerArn = stage.cloud.visitors.listener.listenerArn;
    const addRule = (Priority: number) =>
      stage.cloud.call("elasticloadbalancing", "CreateRule", {
        ListenerArn,
        Priority,
        Conditions: [{ Field: "host-header", HostHeaderConfig: { Values: [`host-${Priority}.example.com`] } }],
        Actions: [{ Type: "fixed-response", FixedResponseConfig: { StatusCode: "404" } }],
      });
    // With production's own, two of a hundred are free: one for the trial, one for the experiment.
    for (let priority = 1; priority <= 97; priority++) {
      // So many calls of one kind AWS grants in a second.
      await stage.cloud.until(() => false, 1_000);
      await addRule(priority);
    }
    const problems = await watchProduction(stage);
    await stage.pushExperiment("web", "blue");
    const latest = () => stage.executions("deploy").at(-1)?.arn ?? "";
    await stage.cloud.until(() => stage.stateOf(latest()) === "ValidateFleet", hour);
    await addRule(98);
    await stage.idle();
    const late = stage.execution(latest());
    expect(late).toMatchObject({ status: "FAILED", error: "RouteRefusedError" });
    expect(late?.cause).toMatch(/no room for a rule of web\.blue: .*at most 100 rules.*kiln experiment list/);
    const early = await stage.experiment("web", "red");
    expect(early).toMatchObject({ status: "FAILED", error: "PreFlightFailedError" });
    expect(early.cause).toMatch(/99 of 100 rules, and a deploy needs 2 more/);
    expect([late?.arn ?? "", early.arn].map((arn) => stage.path(arn).at(-1))).toEqual(["FailedClean", "FailedClean"]);
    await stage.settle();
    expect([...standing(stage, "web.blue"), ...standing(stage, "web.red")]).toEqual([]);
    expect(await problems()).toEqual([]);
  });
});

it("a release that was promoted is a way back like any other", async () => {
  const stage = await live.open();
  await stage.experiment("web", "blue");
  await stage.run("Deploy", { service: "web", promote: "blue" });
  await stage.deploy("web", "3");
  await stage.run("Sweep", {});
  expect(await stage.cloud.complete(stage.ledger.wayBack("web"))).toMatchObject({
    generation: "web-000002",
    problems: [],
  });
  const cold = await stage.run("Rollback", { service: "web", to: "web-000001" });
  expect(cold.status, cold.cause).toBe("SUCCEEDED");
  const back = await stage.run("Rollback", { service: "web", to: "web-000002" });
  expect(back.status, back.cause).toBe("SUCCEEDED");
  await stage.settle();
  expect(served(stage)).toEqual(["web blue", "web blue"]);
});
