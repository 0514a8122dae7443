import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { KMSClient } from "@aws-sdk/client-kms";
import { S3Client } from "@aws-sdk/client-s3";
import { SchedulerClient } from "@aws-sdk/client-scheduler";
import { SFNClient } from "@aws-sdk/client-sfn";
import { SSMClient } from "@aws-sdk/client-ssm";
import { beforeAll, describe, expect, it } from "vitest";
import type { Account } from "../../cli/uninstall/account.ts";
import { planOf, removeAll } from "../../cli/uninstall/removal.ts";
import { quiesce } from "../../cli/uninstall/running.ts";
import { removalsOf } from "../../cli/uninstall/uninstall.ts";
import { sleep } from "../../local/core/clock.ts";
import { attachToClient, type SdkClient } from "../../local/server/attach-to-client.ts";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import { SimulatedCloud } from "../../scripts/simulate/simulated-cloud.ts";
import {
  openStage,
  type PreparedStage,
  prepareStage,
  type SimulatedStage,
  stageName,
} from "../../scripts/simulate/simulated-stage.ts";

let prepared: PreparedStage;

/** Unit: calls between two deaths that are tried. */
const killEvery = 7;

/** A stage in which a service is live, with a standby. */
beforeAll(async () => {
  const stage = await openStage(1, await prepareStage(await packageInMemory(stageName)));
  await stage.deploy("web", "1");
  await stage.settle();
  await stage.deploy("web", "2");
  await stage.settle();
  prepared = stage.snapshot();
}, 120_000);

/** Killed before one of its calls, as a laptop that is closed. */
class KilledError extends Error {}

/** The account as the command sees it, without a network. @param killAt Number of the call that is never made. */
function accountOf(cloud: SimulatedCloud, killAt = Number.POSITIVE_INFINITY): Account & { calls: () => number } {
  let calls = 0;
  const kernel = {
    random: cloud.kernel.random,
    call: <O>(service: string, operation: string, input: unknown, caller: typeof cloud.administrator) => {
      calls++;
      if (calls >= killAt) throw new KilledError(`killed before ${service}:${operation}`);
      return cloud.kernel.call<O>(service, operation, input, caller);
    },
  };
  const attached = <C extends SdkClient>(client: C, id: string) =>
    attachToClient(client, kernel, id, cloud.administrator);
  const region = { region: "us-east-1" };
  return {
    stage: stageName,
    accountId: cloud.kernel.settings.accountId,
    region: cloud.kernel.settings.region,
    scaling: attached(new AutoScalingClient(region), "autoscaling"),
    stacks: attached(new CloudFormationClient(region), "cloudformation"),
    ec2: attached(new EC2Client(region), "ec2"),
    elb: attached(new ElasticLoadBalancingV2Client(region), "elasticloadbalancing"),
    events: attached(new EventBridgeClient(region), "events"),
    kms: attached(new KMSClient(region), "kms"),
    s3: attached(new S3Client(region), "s3"),
    scheduler: attached(new SchedulerClient(region), "scheduler"),
    machines: attached(new SFNClient(region), "states"),
    ssm: attached(new SSMClient(region), "ssm"),
    calls: () => calls,
  };
}

async function uninstall(stage: SimulatedStage, deleteData: boolean, account = accountOf(stage.cloud)) {
  const { clock } = stage.cloud;
  const pace = { sleep: (ms: number) => sleep(clock, ms), now: () => clock.now(), progress: () => {} };
  const work = quiesce(account).then(() => removeAll(removalsOf(account, { deleteData }, pace), pace));
  return stage.cloud.complete(work);
}

/** What an account can have of each kind, by the collections of the service models; histories are left out. */
const kinds = [
  "autoscaling.groups",
  "cloudwatch.alarms",
  "ec2.images",
  "ec2.instances",
  "ec2.launch-templates",
  "ec2.security-groups",
  "ec2.volumes",
  "ebs.snapshots",
  "elasticloadbalancing.balancers",
  "elasticloadbalancing.groups",
  "elasticloadbalancing.listeners",
  "elasticloadbalancing.rules",
  "events.rules",
  "iam.policies",
  "iam.roles",
  "iam.users",
  "kms.aliases",
  "kms.keys",
  "lambda.functions",
  "logs.groups",
  "s3.buckets",
  "scheduler.groups",
  "scheduler.schedules",
  "sns.topics",
  "sqs.queues",
  "ssm.parameters",
  "states.machines",
];

/** Everything that stands in a cloud; what is only remembered, such as a terminated instance, does not. */
function standing(cloud: SimulatedCloud): string[] {
  return cloud.kernel.store.documents().flatMap(({ collection, key, value }) => {
    const { state } = value as { state?: unknown };
    const isOver = ["terminated", "PendingDeletion"].includes(String(state));
    return kinds.includes(collection) && !isOver ? [`${collection} ${key}`] : [];
  });
}

/** What stands beside an account that nobody has used yet. */
async function additions(stage: SimulatedStage): Promise<string[]> {
  const unused = new SimulatedCloud(0);
  await unused.start();
  const before = new Set(standing(unused));
  return standing(stage.cloud).filter((one) => !before.has(one));
}

/** What people made before Kiln came: it stays. */
const ofPeople = [
  "cloudwatch.alarms api-errors",
  expect.stringMatching(/^elasticloadbalancing.balancers /),
  expect.stringMatching(/^elasticloadbalancing.listeners /),
  expect.stringMatching(/^elasticloadbalancing.rules /),
  expect.stringMatching(/^ssm.parameters .*\/kiln\/dev\/listener/),
];

describe("an uninstallation with all data", () => {
  it("leaves an account as it was before, in the order of its plan", async () => {
    const stage = await openStage(3, prepared);
    expect((await additions(stage)).length).toBeGreaterThan(80);
    const account = accountOf(stage.cloud);
    const pace = { sleep: async () => {}, now: () => 0, progress: () => {} };
    const plan = await stage.cloud.complete(planOf(removalsOf(account, { deleteData: true }, pace)));
    const removed = await uninstall(stage, true);
    await stage.settle();
    expect((await additions(stage)).sort()).toEqual(ofPeople);
    const kindsOf = (list: { kind: string }[]) => [...new Set(list.map(({ kind }) => kind))];
    // Instances go with their fleets, snapshots with their images.
    const byThemselves = kindsOf(plan).filter((kind) => kind !== "instance" && kind !== "snapshot");
    expect(kindsOf(removed.filter(({ ids }) => ids.length > 0))).toEqual(byThemselves);
    expect(byThemselves[0]).toBe("production rule");
  });

  it("goes on where it was killed, at whichever call", async () => {
    const whole = await openStage(3, prepared);
    const counted = accountOf(whole.cloud);
    await uninstall(whole, true, counted);
    // Every call is a place to die; a stride that has no divisor in common with anything visits all phases.
    for (let killAt = 2; killAt <= counted.calls(); killAt += killEvery) {
      const stage = await openStage(killAt, prepared);
      await expect(uninstall(stage, true, accountOf(stage.cloud, killAt))).rejects.toThrow(KilledError);
      // A sweep may have begun before its schedule was taken away: whoever goes on is told to wait for it.
      await stage.idle();
      await uninstall(stage, true);
      await stage.settle();
      expect((await additions(stage)).sort(), `killed before call ${killAt}`).toEqual(ofPeople);
    }
  });
});

describe("an uninstallation without data", () => {
  it("keeps what was pushed, and a ledger that says that nothing stands", async () => {
    const stage = await openStage(4, prepared);
    await uninstall(stage, false);
    expect((await additions(stage)).filter((one) => one.startsWith("s3.buckets"))).toHaveLength(2);
    const head = await stage.cloud.complete(stage.ledger.head("web"));
    expect(head).toMatchObject({ live: null, standby: null, known: [], kept: [], rule: { to: null } });
    expect(await stage.cloud.complete(stage.ledger.generations("web"))).toEqual(["web-000001", "web-000002"]);
    // Nothing is left to do.
    expect((await uninstall(stage, false)).every(({ ids }) => ids.length === 0)).toBe(true);
  });
});

it("removes an experiment too, which its head says", async () => {
  const stage = await openStage(6, prepared);
  await stage.experiment("web", "blue");
  await stage.settle();
  const removed = await uninstall(stage, false);
  expect(removed.find(({ kind }) => kind === "experiment rule")?.ids).toHaveLength(1);
  const head = await stage.cloud.complete(stage.ledger.head("web.blue"));
  expect(head).toMatchObject({ live: null, known: [], kept: [], rule: { to: null }, experiment: { lent: [] } });
  expect(head.experiment?.ended).toBeDefined();
  expect((await additions(stage)).filter((one) => /^(elasticloadbalancing.groups|ec2.images)/.test(one))).toEqual([]);
  expect((await uninstall(stage, false)).every(({ ids }) => ids.length === 0)).toBe(true);
});

it("is refused while something runs, and leaves the triggers as they were", async () => {
  const stage = await openStage(5, prepared);
  await stage.push("web", "3");
  await stage.cloud.until(() => stage.executions("deploy").some(({ status }) => status === "RUNNING"), 60_000);
  const before = standing(stage.cloud);
  await expect(uninstall(stage, false)).rejects.toMatchObject({ name: "StillRunning", left: "Nothing was removed." });
  expect(before.filter((one) => !standing(stage.cloud).includes(one))).toEqual([]);
  const rules = await stage.cloud.call<{ Rules: { State: string }[] }>("events", "ListRules", {});
  expect(new Set(rules.Rules.map(({ State }) => State))).toEqual(new Set(["ENABLED"]));
  await stage.idle();
  expect(stage.executions("deploy").at(-1)?.status).toBe("SUCCEEDED");
});
