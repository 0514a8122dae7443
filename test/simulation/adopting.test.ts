import { beforeAll, describe, expect, it } from "vitest";
import { hostOf } from "../../scripts/simulate/hosts.ts";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import {
  openStage,
  type PreparedStage,
  prepareStage,
  type SimulatedStage,
  stageName,
} from "../../scripts/simulate/simulated-stage.ts";

const elb = "elasticloadbalancing";
let prepared: PreparedStage;
/** What somebody had before Kiln: a rule at priority 100 for the service's host, and servers of their own behind it. */
let earlier: string;

interface Rule {
  RuleArn: string;
  Priority: string;
  Actions: {
    ForwardConfig?: { TargetGroups?: { TargetGroupArn: string; Weight?: number }[] };
    TargetGroupArn?: string;
  }[];
}

beforeAll(async () => {
  const stage = await openStage(1, await prepareStage(await packageInMemory(stageName)));
  earlier = await startEarlierServer(stage);
  const forward = { Type: "forward", TargetGroupArn: earlier };
  const host = { Field: "host-header", Values: [hostOf("web")] };
  const rule = { Priority: 100, Conditions: [host], Actions: [forward] };
  await call(stage, elb, "CreateRule", { ListenerArn: stage.cloud.visitors.listener.listenerArn, ...rule });
  await stage.cloud.until(() => false, 120_000);
  prepared = stage.snapshot();
}, 120_000);

function call<O>(stage: SimulatedStage, service: string, operation: string, input: object): Promise<O> {
  return stage.cloud.complete(stage.cloud.call<O>(service, operation, input));
}

async function startEarlierServer(stage: SimulatedStage): Promise<string> {
  const images = await call<{ Images: { ImageId: string }[] }>(stage, "ec2", "DescribeImages", { Owners: ["amazon"] });
  const run = { ImageId: images.Images[0]?.ImageId, InstanceType: "t3.small", MinCount: 2, MaxCount: 2 };
  const launched = await call<{ Instances: { InstanceId: string }[] }>(stage, "ec2", "RunInstances", run);
  const { Vpcs } = await call<{ Vpcs: { VpcId: string }[] }>(stage, "ec2", "DescribeVpcs", {});
  const group = { Name: "earlier", Protocol: "HTTP", Port: 9000, VpcId: Vpcs[0]?.VpcId };
  const made = await call<{ TargetGroups: { TargetGroupArn: string }[] }>(stage, elb, "CreateTargetGroup", group);
  const TargetGroupArn = made.TargetGroups[0]?.TargetGroupArn ?? "";
  await stage.cloud.until(() => false, 60_000);
  const Targets = launched.Instances.map(({ InstanceId }) => ({ Id: InstanceId }));
  await call(stage, elb, "RegisterTargets", { TargetGroupArn, Targets });
  return TargetGroupArn;
}

async function open(spec: object): Promise<SimulatedStage> {
  const stage = await openStage(2, prepared);
  await stage.cloud.until(() => false, 1);
  await stage.apply("web", spec);
  return stage;
}

async function rules(stage: SimulatedStage): Promise<Rule[]> {
  const { listenerArn } = stage.cloud.visitors.listener;
  return (await call<{ Rules: Rule[] }>(stage, elb, "DescribeRules", { ListenerArn: listenerArn })).Rules;
}

async function ruleAt(stage: SimulatedStage, priority: number): Promise<Rule | undefined> {
  return (await rules(stage)).find(({ Priority }) => Priority === String(priority));
}

/** Somebody else's tooling puts Kiln's rule back to the servers of before. */
async function revert(stage: SimulatedStage): Promise<void> {
  const Actions = [{ Type: "forward", TargetGroupArn: earlier }];
  await call(stage, elb, "ModifyRule", { RuleArn: (await ruleAt(stage, 99))?.RuleArn, Actions });
}

const head = (stage: SimulatedStage) => stage.cloud.complete(stage.ledger.head("web"));

describe("a service on a listener that carries it already", () => {
  it("is refused by the rule's name as long as its spec does not say adopt, before anything exists", async () => {
    const stage = await open({});
    const before = await rules(stage);
    const run = await stage.deploy("web", "1");
    expect(run).toMatchObject({ status: "FAILED", error: "RouteRefusedError" });
    expect(run.cause).toMatch(/priority 100.*adopt: true/);
    expect(await rules(stage)).toEqual(before);
    expect((await head(stage)).known).toEqual([]);
  });

  it("takes over by a rule right before that one, goes back to it, and forward again without a launch", async () => {
    const stage = await open({ adopt: true });
    const before = await rules(stage);
    expect(await stage.deploy("web", "1")).toMatchObject({ status: "SUCCEEDED" });
    expect((await ruleAt(stage, 99))?.Actions[0]?.ForwardConfig?.TargetGroups).toHaveLength(1);
    expect((await rules(stage)).filter(({ Priority }) => Priority !== "99")).toEqual(before);

    const back = await stage.run("Rollback", { service: "web" });
    expect(back.status).toBe("SUCCEEDED");
    expect(stage.path(back.arn)).not.toContain("LaunchFleet");
    expect(await ruleAt(stage, 99)).toBeUndefined();
    expect(await head(stage)).toMatchObject({ live: null, standby: { generation: "web-000001" }, rule: { to: null } });
    await stage.settle();
    const forward = await stage.run("Rollback", { service: "web" });
    expect(stage.path(forward.arn)).not.toContain("LaunchFleet");
    expect(await head(stage)).toMatchObject({ live: { generation: "web-000001" }, standby: null });
    await stage.settle();
    expect((await rules(stage)).filter(({ Priority }) => Priority !== "99")).toEqual(before);
  });

  it("has a first fleet as large as what answers until then", async () => {
    const stage = await open({ adopt: true, capacity: { min: 1, max: 1 } });
    const run = await stage.deploy("web", "1");
    expect(run).toMatchObject({ status: "FAILED", error: "ShrinkRefusedError" });
    expect(run.cause).toContain("2 targets answer");
  });
});

describe("a rule that somebody else reverted", () => {
  it("is refused by deploys and rollbacks, reported by the sweep, and taken over only when that is accepted", async () => {
    const stage = await open({ adopt: true });
    await stage.deploy("web", "1");
    await stage.settle();
    await revert(stage);
    const edited = await ruleAt(stage, 99);
    const conflict = { status: "FAILED", error: "RuleConflictError" };
    const differs = /expected web-000001-\w+ 1 for .*found earlier 1 for /;

    const back = await stage.run("Rollback", { service: "web", to: "web-000001" });
    expect(back).toMatchObject(conflict);
    expect(back.cause).toMatch(differs);
    expect(await head(stage)).toMatchObject({ pending: null, abort: null });
    expect((await stage.cloud.complete(stage.ledger.lease("web")))?.owner).toBeNull();
    // S3 tells the second of an upload: one in the second of the rollback counts as made before it.
    await stage.cloud.until(() => false, 1_000);
    const deploy = await stage.deploy("web", "2");
    expect(deploy).toMatchObject(conflict);
    expect(stage.path(deploy.arn)).not.toContain("BakeImage");
    await stage.idle();
    const sweep = await stage.run("Sweep", {});
    expect(sweep).toMatchObject({ status: "FAILED", error: "FailedDirty" });
    expect(sweep.cause).toMatch(differs);
    expect(await ruleAt(stage, 99)).toEqual(edited);

    await stage.idle();
    const accepted = await stage.run("Deploy", { service: "web", acceptRule: true });
    expect(accepted).toMatchObject({ status: "SUCCEEDED" });
    expect(await stage.run("Sweep", {})).toMatchObject({ status: "SUCCEEDED" });
  });

  it("does not make the deploy live that it took the requests away from, and stays as it is", async () => {
    const stage = await open({ adopt: true, observeSeconds: 300 });
    await stage.deploy("web", "1");
    await stage.settle();
    await stage.push("web", "2");
    const deploy = () => stage.executions("deploy")[1]?.arn ?? "not started";
    const observes = () => stage.path(deploy()).includes("WaitWhileObserving");
    expect(await stage.cloud.until(observes, 3_600_000)).toBe(true);
    await revert(stage);
    const edited = await ruleAt(stage, 99);
    await stage.idle();
    const run = stage.execution(deploy());
    expect(run).toMatchObject({ status: "FAILED", error: "RuleConflictError" });
    expect((await head(stage)).live?.generation).toBe("web-000001");
    expect(await ruleAt(stage, 99)).toEqual(edited);
    expect((await head(stage)).known).not.toContain("web-000002");
  });
});
