import { beforeAll, describe, expect, it } from "vitest";
import type { AwsEvent } from "../../local/core/kernel.ts";
import { endStateProblems } from "../../scripts/simulate/end-state.ts";
import { NeverDark } from "../../scripts/simulate/never-dark.ts";
import { type SimulatedStage, stageName } from "../../scripts/simulate/simulated-stage.ts";
import { fleetName } from "../../shared/domain/names.ts";
import { type LiveService, liveService } from "./live-service.ts";

let service: LiveService;

beforeAll(async () => {
  service = await liveService();
}, 120_000);

interface Row {
  instanceId: string;
  state: string;
  tags: Record<string, string>;
}

function running(stage: SimulatedStage, generation: string): Readonly<Row>[] {
  const rows = stage.cloud.kernel.store.collection<Row>("ec2.instances").list();
  return rows.filter(({ state, tags }) => state === "running" && tags["kiln:generation"] === generation);
}

/** What runs of a release. */
function ids(stage: SimulatedStage, generation = "web-000001"): string[] {
  return running(stage, generation).map(({ instanceId }) => instanceId);
}

/** Requests to each node after every event, and the least number of instances in service at any moment. */
function watched(stage: SimulatedStage) {
  const watch = new NeverDark(stage.cloud, ["web"]);
  const seen = { watch, least: Number.POSITIVE_INFINITY };
  stage.cloud.afterEvent = () => {
    watch.look();
    const members = stage.cloud.kernel.store.collection<{ state: string }>("autoscaling.instances").list();
    seen.least = Math.min(seen.least, members.filter(({ state }) => state === "InService").length);
  };
  return seen;
}

/** Some instance of a fleet. */
function one(stage: SimulatedStage, generation = "web-000001"): Readonly<Row> {
  const [first] = running(stage, generation);
  if (!first) throw new Error("nothing runs");
  return first;
}

async function otherGroups(stage: SimulatedStage, InstanceId: string): Promise<void> {
  const made = await stage.cloud.call<{ GroupId: string }>("ec2", "CreateSecurityGroup", {
    GroupName: "door",
    Description: "a door",
  });
  // What was just made is not found at once.
  await stage.settle();
  await stage.cloud.call("ec2", "ModifyInstanceAttribute", { InstanceId, Groups: [made.GroupId] });
}

/** CloudTrail's event of an API call. Source: EventBridge user guide, "AWS service events delivered via AWS CloudTrail". */
function callEvent(eventName: string, source: string, by: string, requestParameters: object, extra = {}): AwsEvent {
  const detail = { eventName, userIdentity: { type: "AssumedRole", arn: by }, requestParameters, ...extra };
  return { source, "detail-type": "AWS API Call via CloudTrail", atMs: 0, resources: [], detail };
}

const ann = "arn:aws:sts::123456789012:assumed-role/administrator/ann";

/** Tells of an event and lets what follows end. @returns The sweeps that it started. */
async function tell(stage: SimulatedStage, event: AwsEvent) {
  const before = stage.executions("sweep").length;
  stage.cloud.kernel.emit("aws.event", { ...event, atMs: stage.cloud.clock.now() });
  await stage.settle();
  await stage.idle();
  await stage.settle();
  return stage.executions("sweep").slice(before);
}

describe("an instance that somebody changed", () => {
  it("is replaced by the next sweep, which launches first, while every request is answered", async () => {
    const stage = await service.open();
    const { instanceId } = one(stage);
    await otherGroups(stage, instanceId);
    const seen = watched(stage);
    const sweep = await stage.run("Sweep", {});
    expect(sweep.status).toBe("SUCCEEDED");
    expect(stage.path(sweep.arn)).toEqual(expect.arrayContaining(["ReplaceTouched", "WaitForReplacement", "GiveBack"]));
    await stage.settle();
    expect(ids(stage)).toHaveLength(2);
    expect(ids(stage)).not.toContain(instanceId);
    expect(seen.watch.problems).toEqual([]);
    expect(seen.least).toBe(2);
    const history = await stage.cloud.complete(stage.ledger.history("web", "web-000001"));
    const lines = history.filter(({ event }) => event.startsWith("touched-"));
    expect(lines).toEqual([
      expect.objectContaining({ instanceId, reasons: [expect.stringContaining("its security groups are sg-")] }),
    ]);
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("is only told of when its spec wants that", async () => {
    const stage = await service.open({ touched: "report" });
    await stage.deploy("web", "2");
    const { instanceId } = one(stage, "web-000002");
    await otherGroups(stage, instanceId);
    const sweep = await stage.run("Sweep", {});
    expect(sweep.status).toBe("SUCCEEDED");
    expect(JSON.parse(sweep.output ?? "").plan).toContainEqual(
      expect.objectContaining({ action: "note", reason: expect.stringContaining(`${instanceId} was touched`) }),
    );
    await stage.settle();
    expect(ids(stage, "web-000002")).toContain(instanceId);
  });

  it("is found by a volume that would outlive it, and marked with how it was touched", async () => {
    const stage = await service.open();
    const { instanceId } = one(stage);
    const BlockDeviceMappings = [{ DeviceName: "/dev/sdk", Ebs: { DeleteOnTermination: false } }];
    await stage.cloud.call("ec2", "ModifyInstanceAttribute", { InstanceId: instanceId, BlockDeviceMappings });
    await stage.run("Sweep", {});
    await stage.settle();
    expect(ids(stage)).toHaveLength(2);
    expect(ids(stage)).not.toContain(instanceId);
    const { tags } = stage.cloud.kernel.store.collection<Row>("ec2.instances").get(instanceId) ?? { tags: {} };
    expect(tags).toMatchObject({ "kiln:touched": "its volume /dev/sdk would outlive it" });
  });

  it("is replaced in the end when the sweep is stopped half-way", async () => {
    const stage = await service.open();
    const before = ids(stage);
    for (const id of before)
      await stage.cloud.call("ec2", "ModifyInstanceMetadataOptions", { InstanceId: id, HttpTokens: "optional" });
    const seen = watched(stage);
    const arn = await stage.begin("Sweep", {});
    await stage.cloud.until(() => stage.stateOf(arn) === "WaitForReplacement", 600_000);
    await stage.stop(arn);
    await stage.settle();
    const again = await stage.run("Sweep", {});
    expect(again.status).toBe("SUCCEEDED");
    await stage.settle();
    expect(ids(stage)).toHaveLength(2);
    expect(ids(stage).filter((id) => before.includes(id))).toEqual([]);
    expect(seen.least).toBe(2);
    expect(seen.watch.problems).toEqual([]);
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });
});

describe("an event of CloudTrail", () => {
  it("about a log-in starts the sweep, and the instance is replaced with whose hand it was", async () => {
    const stage = await service.open();
    const { instanceId } = one(stage);
    const seen = watched(stage);
    const sweeps = await tell(stage, callEvent("SendSSHPublicKey", "aws.ec2-instance-connect", ann, { instanceId }));
    expect(sweeps).toHaveLength(1);
    expect(ids(stage)).toHaveLength(2);
    expect(ids(stage)).not.toContain(instanceId);
    expect(seen.watch.problems).toEqual([]);
    const history = await stage.cloud.complete(stage.ledger.history("web", "web-000001"));
    expect(history.find(({ event }) => event.startsWith("touched-"))).toMatchObject({
      reasons: [`SendSSHPublicKey by ${ann}`],
    });
  });

  it("about a session names its target, and nothing else of the call is passed on", async () => {
    const stage = await service.open();
    const target = one(stage).instanceId;
    const [sweep] = await tell(
      stage,
      callEvent("StartSession", "aws.ssm", ann, { target, parameters: { secret: ["hush"] } }),
    );
    expect(JSON.parse(sweep?.input ?? "")).toMatchObject({
      touched: { instanceId: target, what: "StartSession", by: ann },
    });
    expect(sweep?.input).not.toContain("hush");
    expect(ids(stage)).not.toContain(target);
  });

  it.each([
    ["of Kiln's own", `arn:aws:sts::123456789012:assumed-role/kiln-${stageName}-validate/run`, {}],
    ["of AWS's services", "arn:aws:sts::123456789012:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling", {}],
    ["that failed", ann, { errorCode: "Client.UnauthorizedOperation" }],
  ])("about a call %s starts nothing", async (_whose, by, extra) => {
    const stage = await service.open();
    const parameters = { instanceId: one(stage).instanceId };
    const event = callEvent("ModifyInstanceAttribute", "aws.ec2", by, parameters, extra);
    expect(await tell(stage, event)).toEqual([]);
  });

  it("about somebody else's instance changes nothing", async () => {
    const stage = await service.open();
    const before = ids(stage);
    const parameters = { instanceId: "i-0123456789abcdef0" };
    const sweeps = await tell(stage, callEvent("SendSSHPublicKey", "aws.ec2-instance-connect", ann, parameters));
    expect(sweeps.map(({ status }) => status)).toEqual(["SUCCEEDED"]);
    expect(ids(stage)).toEqual(before);
  });
});

describe("a fleet", () => {
  it("that somebody changed is told in the plan, and left as it is", async () => {
    const stage = await service.open();
    const AutoScalingGroupName = fleetName(stageName, "web-000001");
    const ScalingProcesses = ["ReplaceUnhealthy"];
    await stage.cloud.call("autoscaling", "SuspendProcesses", { AutoScalingGroupName, ScalingProcesses });
    const sweep = await stage.run("Sweep", {});
    expect(sweep.status).toBe("SUCCEEDED");
    expect(JSON.parse(sweep.output ?? "").plan).toEqual([
      expect.objectContaining({
        action: "note",
        reason: "the fleet of web-000001 was changed: its processes ReplaceUnhealthy are suspended",
      }),
    ]);
    const found = await stage.cloud.call<{ AutoScalingGroups: { SuspendedProcesses: unknown[] }[] }>(
      "autoscaling",
      "DescribeAutoScalingGroups",
      { AutoScalingGroupNames: [AutoScalingGroupName] },
    );
    expect(found.AutoScalingGroups[0]?.SuspendedProcesses).toHaveLength(1);
  });

  it("that somebody removed is told, and neither rule nor ledger is changed for it", async () => {
    const stage = await service.open();
    const before = await stage.cloud.complete(stage.ledger.head("web"));
    const AutoScalingGroupName = fleetName(stageName, "web-000001");
    await stage.cloud.call("autoscaling", "DeleteAutoScalingGroup", { AutoScalingGroupName, ForceDelete: true });
    await stage.settle();
    await stage.settle();
    const sweep = await stage.run("Sweep", {});
    expect(sweep.status).toBe("SUCCEEDED");
    expect(JSON.parse(sweep.output ?? "").plan).toContainEqual(
      expect.objectContaining({
        action: "note",
        reason: "the fleet of web-000001 is gone, and the ledger calls it live",
      }),
    );
    expect(await stage.cloud.complete(stage.ledger.head("web"))).toEqual(before);
  });

  it("whose servers reach their greatest age gets new ones, one after another, while it serves", async () => {
    const stage = await service.open({ maxInstanceAgeDays: 1 });
    await stage.deploy("web", "2");
    const old = ids(stage, "web-000002");
    expect(old).toHaveLength(2);
    await stage.cloud.until(() => false, 25 * 3_600_000);
    const now = ids(stage, "web-000002");
    expect(now).toHaveLength(2);
    expect(now.filter((id) => old.includes(id))).toEqual([]);
  });
});
