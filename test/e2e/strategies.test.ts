import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./support/until.ts";
import { openWorld, type World } from "./support/world.ts";

let world: World;

beforeAll(async () => {
  const deploy = { strategy: "canary" as const, steps: [30], intervalSeconds: 60 };
  world = await openWorld({ timeFactor: 20, spec: { deploy } });
  expect(await world.ended(await world.push("1.0.0"))).toMatchObject({ status: "SUCCEEDED" });
  await world.answers("1.0.0");
});
afterAll(async () => world?.close());

describe("a canary", () => {
  it("lets both releases answer while it is watched, then the new one alone, and no request fails", async () => {
    const load = world.steadyLoad(60);
    const execution = await world.push("1.1.0");
    const answered = new Set<string | undefined>();
    const both = async () => {
      answered.add((await world.live()).version);
      return answered.size === 2;
    };
    await until("both releases to answer", both, { everyMs: 20, withinSeconds: 90 });
    expect([...answered].sort()).toEqual(["1.0.0", "1.1.0"]);
    const shared = (await world.inventory()).production[0]?.weights;
    expect(shared).toEqual([
      { generation: "web-000002", weight: 30 },
      { generation: "web-000001", weight: 70 },
    ]);

    const ended = await world.ended(execution);
    expect(ended).toMatchObject({ status: "SUCCEEDED" });
    expect(ended.path.slice(-6)).toEqual(["CutOver", "Observe", "CutOver", "Observe", "Settle", "Live"]);
    await world.answers("1.1.0");
    const counts = await load.stop();
    expect(counts.requests).toBeGreaterThan(100);
    expect(counts.failed).toBe(0);
  });
});
