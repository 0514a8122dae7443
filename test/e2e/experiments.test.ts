import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { runKiln } from "./support/kiln-command.ts";
import { until } from "./support/until.ts";
import { examples } from "./support/visitor.ts";
import { openWorld, type World } from "./support/world.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld();
  expect(await world.ended(await world.push("1.0.0"))).toMatchObject({ status: "SUCCEEDED" });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await world?.close();
});

const kiln = (...args: string[]) => runKiln(world, ...args);

/** The version that answers a request which asks for an experiment. */
async function tried(experiment: string): Promise<string> {
  const headers = { connection: "close", "x-kiln-experiment": experiment };
  const answer = await fetch(world.embedded.serviceUrl(), { headers, signal: AbortSignal.timeout(30_000) });
  return answer.ok ? ((await answer.json()) as { version: string }).version : String(answer.status);
}

describe("an experiment", () => {
  it("that is uploaded runs beside production: its header reaches it, and everybody else gets what is live", async () => {
    const load = world.steadyLoad();
    const before = JSON.stringify(await world.stage.ledger.head("web"));
    const started = await kiln("experiment", "start", "web", "blue", examples.web, "--hours", "1");
    expect(started).toMatchObject({
      key: "web/experiments/blue.tar.gz",
      end: "Live",
      status: { state: "serving", generation: "web.blue-000001", header: "x-kiln-experiment: blue", wanted: 1 },
    });
    await until("the experiment to answer", async () => (await tried("blue")) === "blue");
    expect(await tried("red")).toBe("1.0.0");
    expect((await world.live()).version).toBe("1.0.0");
    expect(await kiln("why", "web", "--experiment", "blue")).toMatchObject({
      service: "web.blue",
      serving: { generation: "web.blue-000001", healthy: 1 },
      rollback: { path: "none" },
      differences: [],
    });
    const { lines } = await kiln("logs", "web", "--experiment", "blue", "--source", "machine");
    expect(lines).toContainEqual(expect.objectContaining({ text: expect.stringContaining("ValidateFleet") }));
    const inventory = await world.inventory();
    expect(inventory.of("web.blue-000001")).toMatchObject({ fleet: 1, "target group": 1, instance: 1, image: 1 });
    expect(inventory.production).toEqual([{ service: "web", weights: [{ generation: "web-000001", weight: 1 }] }]);
    expect(JSON.stringify(await world.stage.ledger.head("web"))).toBe(before);
    const counts = await load.stop();
    expect(counts.requests).toBeGreaterThan(50);
    expect(counts.failed).toBe(0);
  });

  it("is promoted without a bake, and production then runs its image", async () => {
    const promoted = await kiln("experiment", "promote", "web", "blue", "--reason", "people like it");
    expect(promoted).toMatchObject({ service: "web", experiment: "blue", end: "Live" });
    await world.answers("blue");
    const release = await world.stage.ledger.release("web", "web-000002");
    expect(release?.promotedFrom).toEqual({ experiment: "web.blue", generation: "web.blue-000001" });
    const inventory = await world.inventory();
    expect(inventory.of("web-000002")).not.toHaveProperty("image");
    expect(inventory.of("web-000002")).not.toHaveProperty("release volume");
  });

  it("that is stopped is gone, and production keeps the image that it was promoted from", async () => {
    expect(await kiln("experiment", "stop", "web", "blue")).toMatchObject({ stopped: true });
    await until(
      "production to answer in its stead",
      async () => (await tried("blue")) === (await world.live()).version,
    );
    const left = (await world.inventory()).of("web.blue-000001");
    expect(Object.keys(left).filter((kind) => kind !== "image" && !kind.includes("snapshot"))).toEqual([]);
    expect(left).toMatchObject({ image: 1 });
    expect((await world.live()).version).toBe("blue");
  });

  it("that is started in the console, and that nobody extends, leaves nothing once its time is over", async () => {
    const experiment = { name: "brief", version: "1.0.0", hours: 1 };
    const started = await world.ended(await world.start("deploy", { service: "web", experiment }));
    expect(started, started.cause).toMatchObject({ status: "SUCCEEDED" });
    expect(await kiln("status", "web")).toMatchObject({ experiments: [{ experiment: "brief", state: "serving" }] });
    const soon = new Date(world.embedded.cloud.kernel.clock.now() + 360_000).toISOString();
    await world.stage.ledger.updateHead("web.brief", (head) => ({
      ...head,
      ...(head.experiment && { experiment: { ...head.experiment, until: soon } }),
    }));
    const swept = await world.ended(await world.start("sweep", {}));
    expect(swept, swept.cause).toMatchObject({ status: "SUCCEEDED" });
    // That sweep came before the end, and arranged one for it.
    expect((await world.inventory()).of("web.brief-000001")).toMatchObject({ fleet: 1 });
    await until("its end", async () => (await world.stage.ledger.head("web.brief")).known.length === 0);
    expect((await world.inventory()).of("web.brief-000001")).toEqual({});
    expect(await kiln("experiment", "list", "web")).toMatchObject({ experiments: [] });
    expect(await kiln("experiment", "list", "web", "--all")).toMatchObject({
      experiments: [
        { experiment: "blue", state: "over" },
        { experiment: "brief", state: "over", generation: null },
      ],
    });
    expect((await world.live()).version).toBe("blue");
  });
});
