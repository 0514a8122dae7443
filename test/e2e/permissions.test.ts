import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRoles } from "../../scripts/documents/roles.ts";
import { Exercised } from "../../scripts/permissions/exercised.ts";
import { type Permission, permissionsOf, roleOf, without } from "./support/handler-permissions.ts";
import { until } from "./support/until.ts";
import { examples, type SteadyLoad, soonGivenUp } from "./support/visitor.ts";
import { openWorld, type World } from "./support/world.ts";

const handlers = ["admit", "base", "bake", "launch", "validate", "probe", "cutover", "reap", "settle"];

let world: World;
let exercised: Exercised;
let load: SteadyLoad;

beforeAll(async () => {
  world = await openWorld({
    watch: ({ cloud }) => {
      exercised = new Exercised();
      exercised.watch(cloud.kernel);
    },
  });
  await world.ended(await world.push("1.0.0"));
  await world.answers("1.0.0");
  load = world.steadyLoad(20);
});

afterAll(() => world?.close());

/** What IAM says when a role lacks a permission: who, what, and on which resource. */
function refusal(handler: string, action: string, resource: string): RegExp {
  const who = `assumed-role/kiln-dev-${handler}/\\S+`;
  return new RegExp(`User: \\S+${who} is not authorized to perform: ${action} on resource: "?${resource}`);
}

async function expectUntouched(): Promise<void> {
  const { holdings, generations, production } = await world.inventory();
  expect(generations(), JSON.stringify(holdings)).toEqual(["web-000001"]);
  expect(production[0]?.weights).toEqual([{ generation: "web-000001", weight: 1 }]);
  expect((await world.live()).version).toBe("1.0.0");
}

describe("a handler whose role lacks a permission it needs", () => {
  it.each([
    ["admit", "s3:GetObjectVersion", "Admit", "arn:aws:s3:::\\S+/web/2\\.0\\.1\\.tar\\.gz", "2.0.1"],
    ["bake", "ebs:PutSnapshotBlock", "BakeImage", "arn:aws:ec2:us-east-1::snapshot/snap-", "2.0.2"],
    ["bake", "ec2:RegisterImage", "BakeImage", "arn:aws:ec2:us-east-1::(image|snapshot)/", "2.0.3"],
    ["launch", "autoscaling:CreateAutoScalingGroup", "LaunchFleet", "arn:aws:autoscaling:\\S+/kiln-dev-web-", "2.0.4"],
    ["validate", "lambda:InvokeFunction", "ValidateFleet", "arn:aws:lambda:\\S+:function:kiln-dev-probe", "2.0.5"],
    ["cutover", "elasticloadbalancing:ModifyRule", "CutOver", "arn:aws:elasticload\\S+:listener-rule/app/", "2.0.6"],
  ])(
    "%s without %s fails clean in %s, naming role, action and resource",
    async (...[handler, action, state, resource, version]) => {
      const ended = await without(world, handler, action, async () => world.ended(await world.push(version)));

      expect(ended, ended.cause).toMatchObject({ status: "FAILED", error: "AccessDenied" });
      expect(ended.cause).toMatch(refusal(handler, action, resource));
      expect(ended.cause).toMatch(new RegExp(`^${state}: `));
      expect(ended.path.at(-1)).toBe("FailedClean");
      await expectUntouched();
    },
  );

  it("base without ec2:CopyImage names them to whoever applies a spec", async () => {
    const applied = without(world, "base", "ec2:CopyImage", () => world.apply({ base: "debian-12" }));

    await expect(applied).rejects.toMatchObject({
      name: "AccessDenied",
      message: expect.stringMatching(refusal("base", "ec2:CopyImage", "arn:aws:ec2:us-east-1::")),
    });
    await world.apply({});
    await expectUntouched();
  });

  it("reap without ec2:DeregisterImage ends dirty, and the sweep finishes once it is given back", async () => {
    await world.apply(soonGivenUp);
    const ended = await without(world, "reap", "ec2:DeregisterImage", async () => {
      const failed = await world.ended(await world.push("2.0.7", examples.exits));
      const { pending } = await world.stage.ledger.head("web");
      expect((await world.inventory()).of(pending?.generation ?? "")).toEqual({ image: 1, snapshot: 1 });
      return failed;
    });

    expect(ended).toMatchObject({ status: "FAILED", error: "FailedDirty" });
    expect(ended.path.slice(-4)).toEqual(["RestoreTraffic", "ReapCandidate", "SettleDirty", "FailedDirty"]);
    expect(ended.cause).toMatch(/^ValidateFleet: ValidationFailedError: .* Then ReapCandidate failed: AccessDenied: /s);
    expect(ended.cause).toMatch(refusal("reap", "ec2:DeregisterImage", "arn:aws:ec2:us-east-1::image/ami-"));

    await sweepUntil("nothing of the candidate is left", async () => {
      return (await world.inventory()).generations().join() === "web-000001";
    });
    await world.apply({});
    await expectUntouched();
  });

  it("settle without ssm:PutParameter ends dirty with the new release serving, and the sweep settles it", async () => {
    const ended = await without(world, "settle", "ssm:PutParameter", async () =>
      world.ended(await world.push("3.0.0")),
    );

    expect(ended).toMatchObject({ status: "FAILED", error: "FailedDirty" });
    expect(ended.cause).toMatch(refusal("settle", "ssm:PutParameter", "arn:aws:ssm:\\S+/kiln/dev/services/web/live"));
    await world.answers("3.0.0");

    await sweepUntil("the lease is free", async () => (await world.stage.ledger.lease("web"))?.owner === null);
    const { live, pending } = await world.stage.ledger.head("web");
    expect(pending).toBeNull();
    expect((await world.stage.ledger.release("web", live?.generation ?? ""))?.version).toBe("3.0.0");
    expect(await world.stage.parameters.read("/kiln/dev/services/web/live")).toContain(live?.generation);
    expect((await world.live()).version).toBe("3.0.0");
  });

  it("never cost a request of the live service", async () => {
    const { requests, failed, failures } = await load.stop();
    expect(requests).toBeGreaterThan(500);
    expect(failed, failures.join("\n")).toBe(0);
  });
});

/** Sweeps, as the end of a failed execution does by itself, until something holds. */
async function sweepUntil(what: string, holds: () => Promise<boolean>): Promise<void> {
  await world.ended(await world.start("sweep", {}));
  await until(what, holds, { everyMs: 500 });
}

describe("the roles of the handlers", () => {
  it("allow nothing that deploys, failures, sweeps, rollbacks and refreshes never use, unless a comment says why", async () => {
    const back = await world.ended(await world.start("rollback", { service: "web" }));
    expect(back, back.cause).toMatchObject({ status: "SUCCEEDED" });
    // The one standby makes room for the next, so a fleet that served is retired.
    const further = await world.ended(await world.push("4.0.0"));
    expect(further.path.slice(-4)).toEqual(["Settle", "RetireFleets", "Settle", "Live"]);

    // Nothing is stale; that it looks is what counts here.
    const refreshed = await world.ended(await world.start("refresh", {}));
    expect(refreshed, refreshed.cause).toMatchObject({ status: "SUCCEEDED" });

    const unused = (await permissionsOf(world, handlers)).filter(
      ({ handler, action, resources }) => !exercised.has(roleOf(handler), action, resources),
    );
    const reasons = new Map(unused.map((permission) => [permission, reasonFor(permission)]));
    console.log(
      [...reasons]
        .map(([{ handler, action, resources }, why]) => [handler, action, resources, why].join("  "))
        .join("\n"),
    );
    const unexplained = [...reasons]
      .filter(([, why]) => why === "")
      .map(([{ handler, action }]) => `${handler} ${action}`);
    expect(unexplained).toEqual([]);
  });
});

const roles = readRoles();

/** The comment above the statement that gives a permission, in the template's source. */
function reasonFor({ handler, policy, statement }: Permission): string {
  const role = roles.find(({ name }) => name === `kiln-<stage>-${handler}`);
  return role?.policies.find(({ name }) => name === policy)?.statements[statement]?.why ?? "";
}
