import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./support/until.ts";
import { openWorld, type World } from "./support/world.ts";

let world: World;
let version = 0;

beforeAll(async () => {
  world = await openWorld({ timeFactor: 20, spec: { observeSeconds: 60 } });
  expect(await world.ended(await world.push("1.0.0"))).toMatchObject({ status: "SUCCEEDED" });
});
afterAll(async () => world?.close());

const versionOf = async (generation: string | undefined) =>
  (await world.stage.ledger.release("web", generation ?? ""))?.version;

describe("a rollback", () => {
  it("says that there is nothing to go back to after a first deployment", async () => {
    const ended = await world.ended(await world.start("rollback", { service: "web" }));
    expect(ended).toMatchObject({ status: "FAILED", error: "NothingToRollBackError" });
    expect((await world.live()).version).toBe("1.0.0");
  });

  it("goes back to the hot standby with one rule change, and forward again the same way", async () => {
    expect(await world.ended(await world.push("1.1.0"))).toMatchObject({ status: "SUCCEEDED" });
    await world.answers("1.1.0");
    const load = world.steadyLoad(80);
    const back = await world.ended(await world.start("rollback", { service: "web" }));
    expect(back).toMatchObject({ status: "SUCCEEDED", path: ["PreEmpt", "CutOver", "Settle", "RolledBack"] });
    await world.answers("1.0.0");
    const forward = await world.ended(await world.start("rollback", { service: "web" }));
    expect(forward.path).toEqual(["PreEmpt", "CutOver", "Settle", "RolledBack"]);
    await world.answers("1.1.0");
    const counts = await load.stop();
    expect(counts.failed).toBe(0);
  });

  it("is rehearsed by a drill that loses no request and leaves live and standby as they are", async () => {
    const before = await world.stage.ledger.head("web");
    const load = world.steadyLoad(80);
    const ended = await world.ended(
      await world.start("rollback", { service: "web", drill: { percent: 10, seconds: 60 } }),
    );
    expect(ended).toMatchObject({ status: "SUCCEEDED" });
    expect(ended.path.filter((state) => state !== "WatchDrill")).toEqual([
      "PreEmpt",
      "LendShare",
      "ReturnShare",
      "JudgeDrill",
      "SettleDrill",
      "Drilled",
    ]);
    await world.answers("1.1.0");
    const { live, standby, drill, drilled } = await world.stage.ledger.head("web");
    expect({ live, standby, drill }).toEqual({ live: before.live, standby: before.standby, drill: null });
    expect(drilled).toMatchObject({ generation: before.standby?.generation, verdict: "pass", answers: { errors: 0 } });
    const counts = await load.stop();
    expect(counts.failed).toBe(0);
  });

  it("does nothing when the release that is named serves already", async () => {
    const { live } = await world.stage.ledger.head("web");
    const ended = await world.ended(await world.start("rollback", { service: "web", to: live?.generation }));
    expect(ended).toMatchObject({ status: "SUCCEEDED", path: ["PreEmpt", "Skipped"] });
  });

  it("refuses a release that was never live", async () => {
    const ended = await world.ended(await world.start("rollback", { service: "web", to: "web-000099" }));
    expect(ended).toMatchObject({
      status: "FAILED",
      error: "NothingToRollBackError",
      cause: expect.stringContaining("web-000099"),
    });
  });

  it("launches a kept image again when its fleet is gone, without baking", async () => {
    expect(await world.ended(await world.push("1.2.0"))).toMatchObject({ status: "SUCCEEDED" });
    await world.answers("1.2.0");
    const ended = await world.ended(await world.start("rollback", { service: "web", to: "web-000001" }));
    expect(ended).toMatchObject({
      status: "SUCCEEDED",
      path: ["PreEmpt", "LaunchFleet", "ValidateFleet", "CutOver", "Settle", "RetireFleets", "Settle", "RolledBack"],
    });
    await world.answers("1.0.0");
  });
});

describe("a rollback while a deploy is running", () => {
  it.each(["BakeImage", "LaunchFleet", "ValidateFleet", "Observe"])(
    "stops it at %s, waits out its last call and goes back within about a minute",
    async (state) => {
      const before = await world.stage.ledger.head("web");
      const load = world.steadyLoad();
      const deploy = await world.push(`2.0.${++version}`);
      await until(`the deploy to reach ${state}`, async () => (await world.states(deploy)).includes(state), {
        everyMs: 15,
      });
      const startedMs = world.embedded.cloud.clock.now();
      const ended = await world.ended(await world.start("rollback", { service: "web" }));
      const seconds = (world.embedded.cloud.clock.now() - startedMs) / 1000;
      expect(ended.status).toBe("SUCCEEDED");
      expect(await world.ended(deploy)).toMatchObject({ status: "ABORTED", error: "Kiln.PreEmpted" });

      // Traffic had moved already: back to what the ledger calls live. Otherwise: to its standby.
      const expected = state === "Observe" ? before.live?.generation : before.standby?.generation;
      expect((await world.stage.ledger.head("web")).live?.generation).toBe(expected);
      await world.answers((await versionOf(expected)) ?? "");
      // The wait is 35 s; what is beyond it is real work at twenty times its weight.
      expect(seconds).toBeGreaterThan(30);

      // Its image has its time of grace: pushed again, it need not be baked again.
      const candidate = `web-${String(before.nextOrdinal).padStart(6, "0")}`;
      const gone = async () =>
        (await world.inventory()).holdings
          .filter(({ generation }) => generation === candidate)
          .every(({ kind }) => kind === "image" || kind === "snapshot");
      await until("the interrupted candidate to be swept", gone);
      expect((await load.stop()).failed).toBe(0);
    },
  );

  it("is not overtaken by an upload that was made before it", async () => {
    const { newestIntent } = await world.stage.ledger.head("web");
    expect(newestIntent?.kind).toBe("rollback");
    const earlier = await world.stage.runs.describe(await world.push("2.1.0"));
    const event = JSON.parse(earlier.input ?? "{}");
    await world.ended(earlier.executionArn ?? "");
    const rolledBack = await world.ended(await world.start("rollback", { service: "web" }));
    expect(rolledBack.status).toBe("SUCCEEDED");
    // The same upload under another version id, dated before the rollback, arrives late.
    const late = {
      ...event,
      detail: {
        ...event.detail,
        object: { ...event.detail.object, "version-id": `${event.detail.object["version-id"]}x` },
      },
    };
    const ended = await world.ended(await world.start("deploy", late));
    expect(ended.path).toEqual(["Admit", "Skipped"]);
  });
});
