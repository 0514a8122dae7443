import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Ended, listExecutions } from "./support/executions.ts";
import { runKiln } from "./support/kiln-command.ts";
import { publishNewerBase } from "./support/newer-base.ts";
import { until } from "./support/until.ts";
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

interface Server {
  InstanceId: string;
  VpcId: string;
}

/** The servers of a release that run. */
async function servers(generation: string): Promise<Server[]> {
  const Filters = [
    { Name: "tag:kiln:generation", Values: [generation] },
    { Name: "instance-state-name", Values: ["running"] },
  ];
  const found = await call<{ Reservations: { Instances: Server[] }[] }>("ec2", "DescribeInstances", { Filters });
  return found.Reservations.flatMap(({ Instances }) => Instances);
}

/** A call of an administrator. */
function call<O>(service: string, operation: string, input: object): Promise<O> {
  const { kernel, administrator } = world.embedded.cloud;
  return kernel.call<O>(service, operation, input, administrator);
}

async function someServer(generation: string): Promise<Server> {
  const [first] = await servers(generation);
  if (!first) throw new Error(`no server of ${generation} runs`);
  return first;
}

/** Waits until another server is there in place of this one, and the release's history says why. */
async function replaced(generation: string, { InstanceId }: Server): Promise<unknown> {
  await until(`${InstanceId} to be replaced`, async () => {
    const now = await servers(generation);
    return now.length === 2 && now.every((one) => one.InstanceId !== InstanceId);
  });
  const history = await world.stage.ledger.history("web", generation);
  return history.find(({ event, instanceId }) => event.startsWith("touched-") && instanceId === InstanceId);
}

/** Sweeps once nothing else goes on, for a sweep leaves alone what somebody else holds. */
async function sweep(): Promise<Ended> {
  const { connection, outputs } = world.stage;
  const machines = [outputs.DeployMachine, outputs.RollbackMachine, outputs.RefreshMachine, outputs.SweepMachine];
  await until("everything else to end", async () => {
    const running = await Promise.all(machines.map((machine) => listExecutions(connection, machine, "RUNNING")));
    return running.flat().length === 0;
  });
  return world.ended(await world.start("sweep", {}));
}

const live = async () => (await world.stage.ledger.head("web")).live?.generation;

describe("a server that somebody touched", () => {
  it("by a session is replaced as soon as CloudTrail tells, while every request is answered", async () => {
    const load = world.steadyLoad();
    const touched = await someServer("web-000001");
    const by = "arn:aws:sts::123456789012:assumed-role/administrator/ann";
    world.embedded.cloud.kernel.emit("aws.event", {
      source: "aws.ssm",
      "detail-type": "AWS API Call via CloudTrail",
      atMs: world.embedded.cloud.kernel.clock.now(),
      resources: [],
      detail: {
        eventName: "StartSession",
        userIdentity: { type: "AssumedRole", arn: by },
        requestParameters: { target: touched.InstanceId },
      },
    });
    expect(await replaced("web-000001", touched)).toMatchObject({ reasons: [`StartSession by ${by}`] });
    const counts = await load.stop();
    expect(counts.requests).toBeGreaterThan(50);
    expect(counts.failed).toBe(0);
  });

  it("by another security group is found by the sweep, and replaced while every request is answered", async () => {
    const load = world.steadyLoad();
    const touched = await someServer("web-000001");
    const group = { GroupName: "door", Description: "a door", VpcId: touched.VpcId };
    const { GroupId } = await call<{ GroupId: string }>("ec2", "CreateSecurityGroup", group);
    await until("the group to be found", async () => {
      const change = { InstanceId: touched.InstanceId, Groups: [GroupId] };
      return call("ec2", "ModifyInstanceAttribute", change).then(
        () => true,
        () => undefined,
      );
    });
    const swept = await sweep();
    expect(swept, swept.cause).toMatchObject({ status: "SUCCEEDED" });
    expect(swept.path).toContain("ReplaceTouched");
    expect(await replaced("web-000001", touched)).toMatchObject({
      reasons: [expect.stringContaining(`its security groups are ${GroupId}`)],
    });
    expect((await load.stop()).failed).toBe(0);
  });
});

describe("something that must not run", () => {
  it("as a base is replaced on a newer one without losing a request, and nobody goes back to it", async () => {
    const load = world.steadyLoad();
    const base = (await world.stage.ledger.release("web", "web-000001"))?.base.imageId ?? "";
    await publishNewerBase(world, "ami-0a1202300000000fe");
    const { services } = await kiln("revoke", "base", base, "--reason", "CVE-2026-1234");
    expect(services).toMatchObject([{ service: "web", revoked: ["web-000001"], action: "refresh" }]);
    expect(await kiln("status", "web")).toMatchObject({
      services: [{ notes: [expect.stringContaining(`web-000001 serves although base ${base} was revoked`)] }],
    });
    await until("a release on another base", async () => (await live()) === "web-000002");
    await until("its servers to answer", async () => (await world.live()).release === "web-000002");
    expect((await world.stage.ledger.release("web", "web-000002"))?.base.imageId).toBe("ami-0a1202300000000fe");
    const back = await world.ended(await world.start("rollback", { service: "web", to: "web-000001" }));
    expect(back).toMatchObject({ status: "FAILED", cause: expect.stringContaining("CVE-2026-1234") });
    expect(await live()).toBe("web-000002");
    expect((await load.stop()).failed).toBe(0);
  });

  it("as an artifact is gone back from, and refused when somebody deploys it again", async () => {
    const pushed = await world.ended(await world.push("2.0.0"));
    expect(pushed, pushed.cause).toMatchObject({ status: "SUCCEEDED" });
    const load = world.steadyLoad();
    const { artifact } = (await world.stage.ledger.release("web", "web-000003")) ?? {};
    const { services } = await kiln("revoke", "artifact", artifact?.sha256 ?? "", "--reason", "it leaks");
    expect(services).toMatchObject([{ service: "web", revoked: ["web-000003"], action: "rollback" }]);
    await until("the way back", async () => (await live()) === "web-000002");
    const again = await world.ended(await world.start("deploy", { service: "web", version: "2.0.0" }));
    expect(again).toMatchObject({ status: "FAILED", cause: expect.stringContaining("it leaks") });
    expect((await load.stop()).failed).toBe(0);
  });

  it("as a release is gone back from by the sweep, when the one who revoked it was cut off", async () => {
    const sha256 = (await world.stage.ledger.release("web", "web-000003"))?.artifact.sha256 ?? "";
    expect(await kiln("revoke", "artifact", sha256, "--undo")).toMatchObject({ wasRevoked: true });
    const load = world.steadyLoad();
    const cutOff = { kind: "release" as const, id: "web-000002", reason: "a mistake", by: "ann", at: "2026-11-23" };
    await world.stage.ledger.revocations.update((all) => [...all, cutOff]);
    const swept = await sweep();
    expect(swept, swept.cause).toMatchObject({ status: "SUCCEEDED" });
    await until("the way back", async () => (await live()) === "web-000003");
    const rollbacks = await listExecutions(world.stage.connection, world.stage.outputs.RollbackMachine);
    expect(rollbacks.filter((arn) => arn.includes(":revoked-web-000002-"))).toHaveLength(1);
    await world.answers("2.0.0");
    expect((await load.stop()).failed).toBe(0);
  });
});
