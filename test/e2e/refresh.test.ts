import { GetScheduleCommand, SchedulerClient, UpdateScheduleCommand } from "@aws-sdk/client-scheduler";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { clientConfiguration } from "../../cli/aws/connection.ts";
import { fleetName } from "../../shared/domain/names.ts";
import { type Ended, listExecutions } from "./support/executions.ts";
import { runKiln } from "./support/kiln-command.ts";
import { publishNewerBase } from "./support/newer-base.ts";
import { until } from "./support/until.ts";
import { openWorld, type World } from "./support/world.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld({ spec: { refresh: { maxAgeDays: 7 } } });
  expect(await world.ended(await world.push("1.0.0"))).toMatchObject({ status: "SUCCEEDED" });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await world?.close();
});

const refresh = async (): Promise<Ended> => world.ended(await world.start("refresh", {}));

/** Lets the clock of one fleet's group run ahead: nobody waits for weeks here. */
function makeOlder(generation: string, days: number): void {
  const groups = world.embedded.cloud.kernel.store.collection<{ name: string; createdAtMs: number }>(
    "autoscaling.groups",
  );
  const name = fleetName("dev", generation);
  const group = groups.list().find((one) => one.name === name);
  if (!group) throw new Error(`there is no group ${name}`);
  groups.put(name, { ...group, createdAtMs: group.createdAtMs - days * 86_400_000 });
}

/** Lets the stack's own schedule come at other times. */
async function reschedule(ScheduleExpression: string): Promise<void> {
  const client = new SchedulerClient(clientConfiguration(world.stage.connection));
  const name = { Name: "kiln-dev-refresh", GroupName: "kiln-dev" };
  const { Target, FlexibleTimeWindow: _ } = await client.send(new GetScheduleCommand(name));
  await client.send(
    new UpdateScheduleCommand({ ...name, ScheduleExpression, Target, FlexibleTimeWindow: { Mode: "OFF" } }),
  );
}

const kiln = (...args: string[]) => runKiln(world, ...args);

const deploys = () => listExecutions(world.stage.connection, world.stage.outputs.DeployMachine);

describe("a refresh", () => {
  it("starts nothing while every base is what it was", async () => {
    const before = await deploys();
    expect(await refresh()).toMatchObject({ status: "SUCCEEDED", output: { services: [] } });
    expect(await deploys()).toEqual(before);
  });

  it("deploys the live artifact again on a base that changed, without losing a request", async () => {
    const before = await deploys();
    const load = world.steadyLoad();
    await publishNewerBase(world, "ami-0a1202300000000ff");

    const refreshed = await refresh();
    expect(refreshed.output).toMatchObject({
      services: [{ service: "web", reason: expect.stringContaining("ami-0a1202300000000ff") }],
    });
    const started = await until("the deploy that it starts", async () => (await deploys())[before.length]);
    const ended = await world.ended(started);
    expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
    expect(ended.path).toEqual(
      expect.arrayContaining(["PrepareBase", "BakeImage", "ValidateFleet", "CutOver", "Live"]),
    );

    const [old, fresh] = await Promise.all(
      ["web-000001", "web-000002"].map((generation) => world.stage.ledger.release("web", generation)),
    );
    expect((await world.stage.ledger.head("web")).live?.generation).toBe("web-000002");
    expect(fresh?.artifact).toEqual(old?.artifact);
    expect(fresh?.base.imageId).toBe("ami-0a1202300000000ff");
    expect(old?.base.imageId).not.toBe(fresh?.base.imageId);
    await until("the new servers to answer", async () => (await world.live()).release === "web-000002");
    expect((await load.stop()).failed).toBe(0);
  });

  it("is content afterwards", async () => {
    const before = await deploys();
    expect(await refresh()).toMatchObject({ status: "SUCCEEDED", output: { services: [] } });
    expect(await deploys()).toEqual(before);
  });
});

describe("the schedule of the stack", () => {
  it("replaces a fleet that is older than its limit, without losing a request", async () => {
    const before = await deploys();
    const load = world.steadyLoad();
    makeOlder("web-000002", 8);
    await reschedule("rate(1 minute)");
    const started = await until("the deploy that the schedule leads to", async () => (await deploys())[before.length]);
    await reschedule("cron(0 4 * * ? *)");
    const ended = await world.ended(started);
    expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
    expect(ended.path).not.toContain("PrepareBase");
    const fresh = await world.stage.ledger.release("web", "web-000003");
    expect(fresh).toMatchObject({ version: "1.0.0", intent: { kind: "refresh" } });
    await until("the new servers to answer", async () => (await world.live()).release === "web-000003");
    expect((await load.stop()).failed).toBe(0);
  });
});

describe("kiln base", () => {
  it("keeps a pinned service where it is, and refreshes it once the pin is off", async () => {
    expect(await kiln("base", "pin", "web", "--reason", "a driver")).toEqual({
      service: "web",
      pinned: "ami-0a1202300000000ff",
      was: null,
    });
    await publishNewerBase(world, "ami-0a1202300000000ee");
    expect(await kiln("base", "refresh")).toMatchObject({ end: "Refreshed", services: [] });
    expect(await kiln("base", "list")).toMatchObject({
      services: [{ service: "web", live: "ami-0a1202300000000ff", newest: "ami-0a1202300000000ee" }],
      bases: expect.arrayContaining([
        { imageId: "ami-0a1202300000000ff", users: ["web-000003", "web-000002"], copy: expect.anything(), fate: null },
      ]),
    });

    expect(await kiln("base", "pin", "web", "--off")).toMatchObject({ was: "ami-0a1202300000000ff" });
    const refreshed = await kiln("base", "refresh", "web");
    expect(refreshed).toMatchObject({ end: "Refreshed", services: [{ service: "web" }], left: [] });
    const [{ execution = "" } = {}] = refreshed["services"] as { execution: string }[];
    const ended = await world.ended(execution);
    expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
    expect((await world.stage.ledger.release("web", "web-000004"))?.base.imageId).toBe("ami-0a1202300000000ee");
  });
});
