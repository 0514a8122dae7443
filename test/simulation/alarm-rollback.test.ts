import { beforeAll, describe, expect, it } from "vitest";
import { endStateProblems } from "../../scripts/simulate/end-state.ts";
import { openStage, type PreparedStage, type SimulatedStage } from "../../scripts/simulate/simulated-stage.ts";
import { alarm, set } from "./alarm.ts";
import { type LiveService, liveService } from "./live-service.ts";
import { until, watchWeights, weights } from "./production-rule.ts";

let service: LiveService;
let watched: PreparedStage;

beforeAll(async () => {
  service = await liveService();
  watched = (await watchedRelease()).snapshot();
}, 120_000);

const watching = { alarms: ["errors"] };

/** Version 2 is live and watches the alarm, version 1 stands by. */
async function watchedRelease(changes: object = {}): Promise<SimulatedStage> {
  const stage = await service.open({ ...watching, ...changes });
  await alarm(stage, "errors", "OK");
  expect((await stage.deploy("web", "2")).status).toBe("SUCCEEDED");
  await stage.settle();
  return stage;
}

/** The same with nothing changed in the spec, which is made once. */
async function openWatched(): Promise<SimulatedStage> {
  const stage = await openStage(2, watched);
  await stage.cloud.until(() => false, 1);
  return stage;
}

const serves = (stage: SimulatedStage) =>
  Object.entries(weights(stage)).flatMap(([generation, weight]) => (weight > 0 ? [generation] : []));

/** The rollbacks since `before`, each with where it ended. */
function rollbacks(stage: SimulatedStage): { name: string; end: string | undefined }[] {
  return stage.executions("rollback").map(({ arn, name }) => ({ name, end: stage.path(arn).at(-1) }));
}

/** Delivers a turn of the alarm once more, as EventBridge may. */
async function again(stage: SimulatedStage, at: string, name = "errors"): Promise<string | undefined> {
  const run = await stage.run("Rollback", { alarm: { name, at } });
  await stage.idle();
  expect(run.status).toBe("SUCCEEDED");
  return stage.path(run.arn).at(-1);
}

describe("an alarm that turns red in the hot window", () => {
  it("moves production back by itself, and says so in the history of the release it leaves", async () => {
    const stage = await openWatched();
    await set(stage, "errors", "ALARM");
    await until(stage, () => serves(stage).join() === "web-000001");
    await stage.idle();
    expect(rollbacks(stage)).toEqual([
      { name: expect.any(String), end: "RollbacksStarted" },
      { name: expect.stringMatching(/^web-alarm-[0-9a-f]{24}$/), end: "RolledBack" },
    ]);
    const history = await stage.cloud.complete(stage.ledger.history("web", "web-000002"));
    expect(history.find(({ event }) => event === "rollback-began")).toMatchObject({
      by: "alarm",
      alarm: { name: "errors" },
      to: "web-000001",
    });
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("does so once: the event again, and the alarm again, move nothing forward", async () => {
    const stage = await openWatched();
    const at = new Date(stage.cloud.clock.now()).toISOString();
    await set(stage, "errors", "ALARM");
    await until(stage, () => serves(stage).join() === "web-000001");
    await stage.idle();
    const seen = watchWeights(stage);
    expect(await again(stage, at)).toBe("Skipped");
    await set(stage, "errors", "OK");
    await set(stage, "errors", "ALARM");
    await stage.settle();
    await stage.idle();
    expect(rollbacks(stage).filter(({ end }) => end === "RolledBack")).toHaveLength(1);
    expect(serves(stage)).toEqual(["web-000001"]);
    expect(seen.every((state) => state["web-000001"] === 1)).toBe(true);
  });

  it("starts one rollback of a service when its event comes twice at once", async () => {
    const stage = await openWatched();
    const at = new Date(stage.cloud.clock.now()).toISOString();
    await stage.cloud.call("monitoring", "DisableAlarmActions", { AlarmNames: ["errors"] });
    await set(stage, "errors", "ALARM");
    const event = { alarm: { name: "errors", at } };
    await Promise.all([stage.begin("Rollback", event), stage.begin("Rollback", event)]);
    await stage.idle();
    expect(rollbacks(stage).filter(({ end }) => end === "RolledBack")).toHaveLength(1);
    expect(serves(stage)).toEqual(["web-000001"]);
  });

  it("takes back every service that watches it, and no other", async () => {
    const stage = await service.open(watching);
    await alarm(stage, "errors", "OK");
    await stage.apply("api", watching);
    for (const version of ["1", "2"]) expect((await stage.deploy("api", version)).status).toBe("SUCCEEDED");
    expect((await stage.deploy("web", "2")).status).toBe("SUCCEEDED");
    await stage.settle();
    await set(stage, "errors", "ALARM");
    await until(stage, () => serves(stage).join() === "web-000001");
    await stage.idle();
    const ends = rollbacks(stage).map(({ name, end }) => `${name.split("-")[0]} ${end}`);
    expect(ends).toEqual(expect.arrayContaining(["web RolledBack", "api RolledBack"]));
    await stage.settle();
    expect(await endStateProblems(stage, ["web", "api"])).toEqual([]);
  });

  it("stops a deploy that has no requests yet: what serves is what the alarm speaks of", async () => {
    const stage = await openWatched();
    await stage.push("web", "3");
    const deploy = () => stage.executions("deploy").at(-1)?.arn ?? "";
    await until(stage, () => stage.stateOf(deploy()) === "WaitForImage");
    await set(stage, "errors", "ALARM");
    await until(stage, () => serves(stage).join() === "web-000001");
    await stage.idle();
    expect(stage.execution(deploy())).toMatchObject({ status: "ABORTED", error: "Kiln.PreEmpted" });
    await stage.run("Sweep", {});
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });
});

describe("an alarm that is none of the live release's business", () => {
  it("is left to the deploy that observes: requests go back to live, and not further back", async () => {
    const stage = await watchedRelease({ deploy: { strategy: "canary", steps: [10], intervalSeconds: 60 } });
    await stage.push("web", "3");
    await until(stage, () => weights(stage)["web-000003"] === 10);
    await set(stage, "errors", "ALARM");
    await stage.idle();
    expect(stage.executions("deploy").at(-1)).toMatchObject({ error: "ObservationFailedError" });
    expect(serves(stage)).toEqual(["web-000002"]);
    expect(rollbacks(stage).map(({ end }) => end)).not.toContain("RolledBack");
    // The same errors make another alarm red a moment later: they were not those of the release that serves.
    await set(stage, "errors", "OK");
    await set(stage, "errors", "ALARM");
    await stage.settle();
    await stage.idle();
    expect(serves(stage)).toEqual(["web-000002"]);
    expect(rollbacks(stage).map(({ end }) => end)).not.toContain("RolledBack");
  });

  it("moves nothing for a release that was deployed in spite of alarms", async () => {
    const stage = await service.open(watching);
    await alarm(stage, "errors", "ALARM");
    await stage.push("web", "2");
    await stage.idle();
    await stage.run("Deploy", { service: "web", override: "the fix for the errors" });
    await set(stage, "errors", "OK");
    await set(stage, "errors", "ALARM");
    await stage.settle();
    await stage.idle();
    expect(serves(stage)).toEqual(["web-000002"]);
    expect(rollbacks(stage).map(({ end }) => end)).not.toContain("RolledBack");
  });

  it.each([
    ["that no service watches", "another"],
    ["of the stage's own", "kiln-dev-noise"],
  ])("%s moves nothing", async (_title, name) => {
    const stage = await openWatched();
    await alarm(stage, name, "ALARM");
    await stage.settle();
    await stage.idle();
    expect(serves(stage)).toEqual(["web-000002"]);
    expect(rollbacks(stage).map(({ end }) => end)).toEqual(name === "another" ? ["Skipped"] : []);
  });

  it("whose event comes when the hot window is over moves nothing", async () => {
    const stage = await watchedRelease({ hotSeconds: 60 });
    await stage.cloud.until(() => false, 120_000);
    await set(stage, "errors", "ALARM");
    await stage.settle();
    await stage.idle();
    expect(serves(stage)).toEqual(["web-000002"]);
    expect(rollbacks(stage).map(({ end }) => end)).toEqual(["Skipped"]);
  });
});
