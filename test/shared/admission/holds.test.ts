import { beforeEach, describe, expect, it } from "vitest";
import { archiveOf, procfile } from "../../../scripts/fuzz/sample-archives.ts";
import { admitDeploy } from "../../../shared/admission/deploy.ts";
import { frontDoor } from "./front-door.ts";

type Door = Awaited<ReturnType<typeof frontDoor>>;

describe("a service whose deploys are frozen", () => {
  let door: Door;
  let upload: Awaited<ReturnType<Door["push"]>>;

  beforeEach(async () => {
    door = await frontDoor();
    await door.apply();
    upload = await door.push("web/1.tgz", await archiveOf(procfile));
    const at = new Date(door.world.now()).toISOString();
    await door.world.ledger.freezes.write(undefined, { reason: "the sale", by: "ann", at, until: null });
  });

  it("refuses an upload by name, writes that down, and takes neither a generation nor the lease", async () => {
    const { world, asked } = door;
    await expect(admitDeploy(asked(upload), world)).rejects.toMatchObject({
      name: "DeployHeldError",
      message: expect.stringContaining("frozen until it is thawed, by ann: the sale"),
    });
    expect((await world.ledger.refusals("web", 5)).map(({ error }) => error)).toEqual(["DeployHeldError"]);
    expect(await world.ledger.head("web")).toMatchObject({ nextOrdinal: 1 });
    expect(await world.ledger.lease("web")).toBeUndefined();
  });

  it("lets a person deploy who says why, and keeps the reason in the release", async () => {
    const { world, asked } = door;
    const request = { service: "web", override: "the fix of the outage" };
    await expect(admitDeploy(asked(request), world)).resolves.toMatchObject({ status: "ready" });
    expect(await world.ledger.release("web", "web-000001")).toMatchObject({ override: "the fix of the outage" });
  });

  it("takes no empty reason", async () => {
    const { world, asked } = door;
    await expect(admitDeploy(asked({ service: "web", override: "" }), world)).rejects.toMatchObject({
      name: "ManualInputError",
      message: expect.stringContaining("override"),
    });
  });

  it("lets a refresh go by without calling that a failure", async () => {
    const { world, asked } = door;
    const admission = await admitDeploy(asked({ service: "web", refresh: true }), world);
    expect(admission).toMatchObject({ status: "skipped", reason: expect.stringContaining("the sale") });
    expect(await world.ledger.refusals("web", 5)).toEqual([]);
  });

  it("deploys again once it is thawed", async () => {
    const { world, asked } = door;
    await world.ledger.freezes.write(undefined, null);
    await expect(admitDeploy(asked(upload), world)).resolves.toMatchObject({ status: "ready" });
  });
});

describe("a service with windows", () => {
  it("is refused outside of them, saying when they open", async () => {
    const { world, apply, push, asked } = await frontDoor();
    const open = new Date(world.now() + 2 * 3_600_000).toISOString();
    const from = open.slice(11, 16);
    const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    const closed = new Date(world.now() + 3 * 3_600_000).toISOString().slice(11, 16);
    await apply({ windows: [{ days, from, to: closed }] });
    const event = await push("web/1.tgz", await archiveOf(procfile));
    await expect(admitDeploy(asked(event), world)).rejects.toMatchObject({
      name: "DeployHeldError",
      message: expect.stringContaining(`From ${open.slice(0, 16)}:00.000Z on`),
    });
  });
});
