import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EC2Client, GetConsoleOutputCommand } from "@aws-sdk/client-ec2";
import { DescribeTargetHealthCommand, ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientConfiguration } from "../../cli/aws/connection.ts";
import { removeMachines } from "../../local/cloud.ts";
import { machinesDirectory } from "../../local/machine/machines-directory.ts";
import { CloudProcess } from "./support/cloud-process.ts";
import { canListSockets, type ListeningSocket, listeningSockets } from "./support/listening-sockets.ts";
import { until } from "./support/until.ts";
import { examples, soonGivenUp, type Visitor, visit, visitorOf } from "./support/visitor.ts";
import { openWorld, type World } from "./support/world.ts";

/** Ids of the servers of one release that are not terminated. */
async function serversOf(visitor: Visitor, generation: string): Promise<string[]> {
  const { holdings } = await visitor.inventory();
  return holdings.filter((one) => one.kind === "instance" && one.generation === generation).map(({ id }) => id);
}

describe("servers as real processes", () => {
  let world: World;
  let ec2: EC2Client;

  beforeAll(async () => {
    world = await openWorld();
    ec2 = new EC2Client(clientConfiguration(world.stage.connection));
  });

  afterAll(async () => {
    ec2?.destroy();
    await world?.close();
  });

  const consoleOf = async (id: string): Promise<string> => {
    const { Output = "" } = await ec2.send(new GetConsoleOutputCommand({ InstanceId: id, Latest: true }));
    return Buffer.from(Output, "base64").toString("utf8");
  };

  it.runIf(canListSockets)("listen nowhere but on the loopback interface, all through a deploy", async () => {
    const deploy = await world.push("1.0.0");
    const seen = new Map<string, ListeningSocket>();
    const running = world.ended(deploy);
    let isOver = false;
    void running.finally(() => {
      isOver = true;
    });
    await until("the deploy's end", () => {
      for (const socket of listeningSockets()) seen.set(`${socket.address}:${socket.port}`, socket);
      return isOver;
    });

    expect((await running).path.at(-1)).toBe("Live");
    const ports = [world.stage.connection.endpoint ?? "", world.embedded.serviceUrl()].map((url) => new URL(url).port);
    expect([...seen.keys()]).toEqual(expect.arrayContaining(ports.map((port) => `127.0.0.1:${port}`)));
    expect([...seen.values()].filter(({ isLoopback }) => !isLoopback)).toEqual([]);
  });

  it("have what their program prints on their own console", async () => {
    await world.answers("1.0.0");
    const [one = "", other = ""] = await serversOf(world, "web-000001");
    expect(await consoleOf(one)).toContain("web-000001 (version 1.0.0) listens on");
    expect(await consoleOf(other)).toContain("web-000001 (version 1.0.0) listens on");
    expect(await consoleOf(one)).not.toContain(other);
  });

  it("are replaced when one is killed, while the service answers", async () => {
    const before = await serversOf(world, "web-000001");
    const [victim = "", survivor = ""] = before;
    const load = world.steadyLoad();
    const record = join(machinesDirectory(join(world.directory, "state")), victim, "process.json");
    const { pid } = JSON.parse(await readFile(record, "utf8")) as { pid: number };
    process.kill(pid, "SIGKILL");

    const after = await until(
      "two servers without the one that was killed",
      async () => {
        const servers = await serversOf(world, "web-000001");
        return servers.length === 2 && !servers.includes(victim) && servers;
      },
      { everyMs: 300 },
    );
    expect(after).toContain(survivor);
    await world.answers("1.0.0");
    // What was sent to the dead server before the load balancer noticed is lost, as on AWS; the other one goes on.
    const during = await load.stop();
    expect(during.failed, during.failures.join("\n")).toBe(during.byStatus["502"] ?? 0);
    expect(during.byStatus["200"]).toBeGreaterThan(during.failed);
    const later = world.steadyLoad();
    await until("further answers", () => later.counts().requests > 50);
    expect((await later.stop()).failed).toBe(0);
  });

  it("are unhealthy with AWS's reason when their program never listens", async () => {
    const elb = new ElasticLoadBalancingV2Client(clientConfiguration(world.stage.connection));
    // Long enough that they are seen before they are given up.
    await world.apply({ validate: { ...soonGivenUp.validate, timeoutSeconds: 200 } });
    const deploy = await world.push("1.0.1", examples.neverListens);
    const targets = await until("unhealthy targets of the candidate", async () => {
      const group = (await world.inventory()).holdings.find(
        ({ kind, generation }) => kind === "target group" && generation === "web-000002",
      );
      if (!group) return undefined;
      const { TargetHealthDescriptions = [] } = await elb.send(
        new DescribeTargetHealthCommand({ TargetGroupArn: group.id }),
      );
      const states = TargetHealthDescriptions.map(({ TargetHealth }) => TargetHealth);
      return states.length === 2 && states.every((one) => one?.State === "unhealthy") ? states : undefined;
    });
    expect(targets).toEqual([
      { State: "unhealthy", Reason: "Target.FailedHealthChecks", Description: "Health checks failed" },
      { State: "unhealthy", Reason: "Target.FailedHealthChecks", Description: "Health checks failed" },
    ]);
    const ended = await world.ended(deploy);
    expect(ended.path.at(-1)).toBe("FailedClean");
    expect(await serversOf(world, "web-000002")).toEqual([]);
    elb.destroy();
  });
});

describe("a cloud that loses its power", () => {
  const timeFactor = 20;
  let directory: string;
  let cloud: CloudProcess;
  let visitor: Visitor;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "kiln-e2e-"));
    cloud = await CloudProcess.start(directory, timeFactor);
    visitor = await visit(cloud.place);
  });

  afterAll(async () => {
    await cloud?.stop();
    removeMachines(join(directory, "state"));
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  });

  async function powerCut(): Promise<void> {
    await cloud.cutPower();
    cloud = await CloudProcess.start(directory, timeFactor);
    visitor = visitorOf(cloud.place, visitor.spec);
  }

  it("serves again after it, with the same servers", async () => {
    expect((await visitor.ended(await visitor.push("1.0.0"))).path.at(-1)).toBe("Live");
    await visitor.answers("1.0.0");
    const before = await serversOf(visitor, "web-000001");

    await powerCut();
    await visitor.answers("1.0.0");
    expect(await serversOf(visitor, "web-000001")).toEqual(before);
  });

  it.each(["BakeImage", "ValidateFleet"])("goes on with a deploy that was in %s", async (state) => {
    // Twenty looks at the candidate's health last long enough for this test's own look to come between them.
    await visitor.apply({ validate: { ...visitor.spec.validate, healthyInARow: 20 } });
    const deploy = await visitor.push(`2.0.0-${state}`);
    await until(`the deploy to be in ${state}`, async () => {
      const path = await visitor.states(deploy);
      if (path.includes(state) && path.at(-1) !== state)
        throw new Error(`too late: it went through ${path.join(", ")}`);
      return path.at(-1) === state;
    });

    await powerCut();
    const ended = await visitor.ended(deploy);
    expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
    expect(ended.path.at(-1)).toBe("Live");
    await visitor.answers(`2.0.0-${state}`);
    const { live, pending } = await visitor.stage.ledger.head("web");
    expect((await visitor.stage.ledger.release("web", live?.generation ?? ""))?.version).toBe(`2.0.0-${state}`);
    expect(pending).toBeNull();
  });
});
