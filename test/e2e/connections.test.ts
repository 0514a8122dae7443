import { join } from "node:path";
import { DescribeTargetHealthCommand, ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientConfiguration } from "../../cli/aws/connection.ts";
import { projectDirectory } from "../../cli/kiln-directory.ts";
import { targetGroupOf } from "../../shared/fleet-names.ts";
import { download, KeptConnection, type LongConnection, openEcho, openEvents } from "./support/long-connections.ts";
import { until } from "./support/until.ts";
import { openWorld, type World } from "./support/world.ts";

const streams = join(projectDirectory, "examples", "streams");
const older = "web-000001";
const newer = "web-000002";
const newest = "web-000003";

let world: World;
let elb: ElasticLoadBalancingV2Client;
let long: LongConnection[];
let kept: KeptConnection[];
let slow: Promise<string>[];

beforeAll(async () => {
  // The drain is long enough to look into.
  world = await openWorld({
    timeFactor: 20,
    spec: { capacity: { min: 1, max: 2 }, drainSeconds: 400 },
  });
  elb = new ElasticLoadBalancingV2Client(clientConfiguration(world.stage.connection));
  expect(await world.ended(await world.push("1.0.0", streams))).toMatchObject({ status: "SUCCEEDED" });
  const url = world.embedded.serviceUrl();
  long = await Promise.all([1, 2, 3].flatMap(() => [openEvents(url), openEcho(url)]));
  kept = [1, 2, 3].map(() => new KeptConnection(url));
  expect(await Promise.all(long.map(({ alive }) => alive()))).toEqual(long.map(() => older));
  await until("every client to be answered", async () => kept.every(({ releases }) => releases.length > 0));
  // Longer than the whole deploy takes.
  slow = [1, 2].map(() => download(url, 500));
});
afterAll(async () => {
  for (const one of [...(long ?? []), ...(kept ?? [])]) one.end();
  elb?.destroy();
  await world?.close();
});

describe("what is under way when another release takes over", () => {
  it("goes on with the release it began with, while each next request is answered by the new one", async () => {
    expect(await world.ended(await world.push("1.1.0", streams))).toMatchObject({ status: "SUCCEEDED" });
    await until("every client to be answered by the new release", async () => allAnsweredBy(newer));

    for (const text of await Promise.all(slow)) {
      expect(text.match(new RegExp(older, "g"))).toHaveLength(500);
      expect(text.endsWith("complete\n")).toBe(true);
    }
    expect(long.map((connection) => connection.ended())).toEqual(long.map(() => false));
    expect(await Promise.all(long.map((connection) => connection.alive()))).toEqual(long.map(() => older));
  });

  it("is still answered while its fleet drains, and ends when the drain does, without touching the others", async () => {
    expect((await world.stage.ledger.head("web")).standby?.generation).toBe(older);
    const group = (await world.stage.targetGroups.find(targetGroupOf("dev", older))) ?? "";
    // A third release makes the second one the standby, and the first one leaves.
    const third = await world.push("1.2.0", streams);

    await until("the first fleet to drain", async () => (await states(group)).includes("draining"), {
      withinSeconds: 120,
    });
    expect(await Promise.all(long.map((connection) => connection.alive()))).toEqual(long.map(() => older));
    expect(long.map((connection) => connection.ended())).toEqual(long.map(() => false));
    // Still draining after those answers: none of them came too late to say anything.
    expect(await states(group)).toContain("draining");

    await until("the long connections to end", async () => long.every((connection) => connection.ended()));
    const ended = await world.ended(third);
    expect(ended).toMatchObject({ status: "SUCCEEDED" });
    expect(ended.path).toContain("RetireFleets");
    expect((await world.inventory()).of(older).instance).toBeUndefined();
  });

  it("costs clients that keep their connection neither a request nor the connection", async () => {
    await until("every client to be answered by the newest release", async () => allAnsweredBy(newest));
    expect(kept.map(({ failures }) => failures)).toEqual([[], [], []]);
    expect(kept.map(({ connections }) => connections)).toEqual([1, 1, 1]);
    for (const { releases } of kept) expect([releases[0], releases.at(-1)]).toEqual([older, newest]);
  });
});

/** Each node of the load balancer follows a rule in its own time; a client has one of them. */
const allAnsweredBy = (release: string) => kept.every(({ releases }) => releases.at(-1) === release);

/** States of the targets of a group; none once it is gone. */
async function states(TargetGroupArn: string): Promise<string[]> {
  const found = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
  return (found.TargetHealthDescriptions ?? []).map(({ TargetHealth }) => TargetHealth?.State ?? "");
}
