import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ImageRecord } from "../../local/ec2/records.ts";
import { SsmService } from "../../local/ssm/service.ts";
import { knownBases } from "../../shared/domain/service-spec.ts";
import { type Ended, listExecutions } from "./support/executions.ts";
import { until } from "./support/until.ts";
import { openWorld, type World } from "./support/world.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld();
  expect(await world.ended(await world.push("1.0.0"))).toMatchObject({ status: "SUCCEEDED" });
});
afterAll(async () => world?.close());

/** Publishes a newer image of the service's base under its public parameter, as the distributor does every few weeks. */
async function publishNewerBase(imageId: string): Promise<void> {
  const { kernel } = world.embedded.cloud;
  const parameter = knownBases.al2023[world.spec.architecture];
  const images = kernel.store.collection<ImageRecord>("ec2.images");
  const current = images.get((await world.stage.parameters.read(parameter)) ?? "");
  if (!current) throw new Error(`${parameter} names no image`);
  images.put(imageId, { ...current, imageId, name: `${current.name}-newer` });
  const ssm = kernel.services().find((service) => service instanceof SsmService);
  ssm?.seedPublic(parameter, imageId);
}

const refresh = async (): Promise<Ended> => world.ended(await world.start("refresh", {}));

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
    await publishNewerBase("ami-0a1202300000000ff");

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
