import type { GetExecutionHistoryCommandOutput } from "@aws-sdk/client-sfn";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./support/until.ts";
import { openWorld, type World } from "./support/world.ts";

let world: World;
let version = 0;

beforeAll(async () => {
  world = await openWorld({ timeFactor: 20, spec: { observeSeconds: 20 } });
  expect(await world.ended(await world.push("1.0.0"))).toMatchObject({ status: "SUCCEEDED" });
});
afterAll(async () => world?.close());

/** Waits until the service's ledger is at rest: what was interrupted has been swept. */
async function swept(): Promise<void> {
  const atRest = async () => {
    const head = await world.stage.ledger.head("web");
    const lease = await world.stage.ledger.lease("web");
    const held = [head.live?.generation, head.standby?.generation];
    return (
      head.pending === null && lease?.owner === null && head.known.every((generation) => held.includes(generation))
    );
  };
  await until("the interrupted deploy to be swept", atRest);
}

/**
 * Stops an execution while the handler of a state is at work. The cloud is in this process, so what it has answered is seen
 * before the handler sees the answer: the handler cannot have ended meanwhile, however fast it is.
 */
async function stopAt(execution: string, state: string): Promise<void> {
  const { kernel, administrator } = world.embedded.cloud;
  const call = <O>(operation: string, input: object) =>
    kernel.call<O>("states", operation, { executionArn: execution, ...input }, administrator);
  const stopped = Promise.withResolvers<void>();
  let looks = false;
  const look = async () => {
    const { events = [] } = await call<GetExecutionHistoryCommandOutput>("GetExecutionHistory", { maxResults: 1000 });
    if (!events.some(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name === state)) {
      if (/^Execution(?!Started)/.test(events.at(-1)?.type ?? ""))
        throw new Error(`${execution} ended before ${state}`);
      return;
    }
    await call("StopExecution", { error: "Test", cause: `stopped at ${state}` });
    stopped.resolve();
  };
  const unwatch = kernel.on("call.answered", ({ service }) => {
    if (looks || service === "states") return;
    looks = true;
    void look()
      .catch(stopped.reject)
      .finally(() => {
        looks = false;
      });
  });
  await stopped.promise.finally(unwatch);
}

describe("a deploy that is stopped", () => {
  it.each(["Admit", "BakeImage", "LaunchFleet", "ValidateFleet", "CutOver", "Observe", "Settle"])(
    "at %s leaves the live service serving; the sweep frees the lease and leaves no orphan",
    async (state) => {
      const load = world.steadyLoad();
      const before = await world.stage.ledger.head("web");
      const execution = await world.push(`2.0.${++version}`);
      await stopAt(execution, state);
      expect((await world.ended(execution)).status).toBe("ABORTED");
      await swept();
      // A handler that outlived its execution may have written after the sweep had looked: one more sweep finds that too.
      expect(await world.ended(await world.start("sweep", {}))).toMatchObject({ status: "SUCCEEDED" });
      await swept();

      const after = await world.stage.ledger.head("web");
      // Either undone or finished, but never in between.
      const candidate = `web-${String(before.nextOrdinal).padStart(6, "0")}`;
      expect([before.live?.generation, candidate]).toContain(after.live?.generation);
      const inventory = await world.inventory();
      expect(inventory.production[0]?.weights[0]).toEqual({ generation: after.live?.generation, weight: 1 });
      const fleets = inventory.holdings.filter(({ kind }) => kind === "fleet").map(({ generation }) => generation);
      const held = [after.live?.generation, after.standby?.generation].filter((generation) => generation !== undefined);
      expect(fleets.sort()).toEqual(held.sort());
      expect(inventory.holdings.filter(({ kind }) => kind === "trial rule")).toEqual([]);
      const owned = inventory.holdings.filter(({ kind }) => kind === "image" || kind === "template version");
      expect(
        owned.map(({ generation }) => generation).filter((name) => name !== "" && !after.kept.includes(name)),
      ).toEqual([]);
      const counts = await load.stop();
      expect(counts.failed).toBe(0);
      expect((await world.live()).status).toBe(200);
    },
  );

  it("is followed by a deploy as if nothing had been", async () => {
    const ended = await world.ended(await world.push("3.0.0"));
    expect(ended).toMatchObject({ status: "SUCCEEDED" });
    await world.answers("3.0.0");
  });
});

describe("the sweep", () => {
  it("has nothing to do when nothing was left, and changes nothing", async () => {
    await swept();
    const before = await world.inventory();
    const ended = await world.ended(await world.start("sweep", {}));
    expect(ended).toMatchObject({ status: "SUCCEEDED", output: { stuck: [], plan: [] } });
    expect((await world.inventory()).holdings).toEqual(before.holdings);
  });

  it("leaves a service alone at which somebody is at work", async () => {
    const deploy = await world.push("3.1.0");
    await until("the deploy to bake", async () => (await world.states(deploy)).includes("BakeImage"));
    const ended = await world.ended(await world.start("sweep", {}));
    expect(ended).toMatchObject({ status: "SUCCEEDED", output: { plan: [] } });
    expect(await world.ended(deploy)).toMatchObject({ status: "SUCCEEDED" });
  });
});
