import { beforeEach, describe, expect, it } from "vitest";
import { World } from "./world.ts";

let world: World;
let targets: string;

beforeEach(async () => {
  world = new World();
  await world.kernel.start();
  targets = await world.targetGroup();
});

async function trafficState(): Promise<string | undefined> {
  const { TrafficSources } = await world.call<{ TrafficSources: { State: string }[] }>("DescribeTrafficSources", {
    AutoScalingGroupName: "web",
  });
  return TrafficSources[0]?.State;
}

describe("a group behind a load balancer", () => {
  it("registers its instances, and its target group goes Adding, Added, InService", async () => {
    await world.create({ TargetGroupARNs: [targets] });
    expect(await trafficState()).toBe("Adding");
    await world.seconds(5);
    expect(await trafficState()).toBe("Added");
    await world.seconds(40);
    expect(await trafficState()).toBe("InService");
    expect(await world.healthIn(targets)).toEqual(["healthy", "healthy"]);
  });

  // Semantic: Auto Scaling: scale-in. Source: Auto Scaling user guide, "Attach a load balancer": deregistration delay.
  it("drains an instance before it ends it", async () => {
    const Attributes = [{ Key: "deregistration_delay.timeout_seconds", Value: "60" }];
    await world.balancing("ModifyTargetGroupAttributes", { TargetGroupArn: targets, Attributes });
    await world.create({ TargetGroupARNs: [targets], MinSize: 1, DesiredCapacity: 2 });
    await world.seconds(40);
    await world.call("SetDesiredCapacity", { AutoScalingGroupName: "web", DesiredCapacity: 1 });
    await world.seconds(30);
    expect(await world.states()).toEqual(["InService", "Terminating"]);
    expect(await world.healthIn(targets)).toEqual(["draining", "healthy"]);
    expect((await world.activities())[0]).toMatchObject({ StatusCode: "WaitingForELBConnectionDraining" });
    expect(world.ec2.ids("shutting-down")).toEqual([]);
    await world.seconds(60);
    expect(await world.healthIn(targets)).toEqual(["healthy"]);
    expect(world.ec2.ids("terminated")).toHaveLength(1);
    expect((await world.activities())[0]).toMatchObject({ StatusCode: "Successful" });
  });

  // Semantic: Auto Scaling: health-check types and grace. Source: Auto Scaling user guide, "Set the health check grace
  // period".
  it("replaces an unhealthy target after the grace period with health checks of type ELB", async () => {
    await world.create({ TargetGroupARNs: [targets], HealthCheckType: "ELB", HealthCheckGracePeriod: 120 });
    await world.seconds(40);
    const [sick = ""] = await world.ids();
    world.traffic.outcomes.set(sick, { kind: "answered", status: 500 });
    await world.seconds(60);
    expect(await world.healthIn(targets)).toEqual(["healthy", "unhealthy"]);
    expect(await world.ids()).toContain(sick);
    await world.seconds(500);
    expect(await world.ids()).toHaveLength(2);
    expect(await world.ids()).not.toContain(sick);
    const cause = (await world.activities()).find(
      ({ Description }) => Description?.includes(sick) && Description.startsWith("Terminating"),
    )?.Cause;
    expect(cause).toContain("ELB system health check failure");
  });

  // Semantic: Auto Scaling: health-check types and grace. Source: Auto Scaling user guide, "Health checks for instances
  // in an Auto Scaling group".
  it("leaves an unhealthy target alone with health checks of type EC2, and where no target ever passed", async () => {
    await world.create({ TargetGroupARNs: [targets] });
    await world.seconds(40);
    const ids = await world.ids();
    for (const id of ids) world.traffic.outcomes.set(id, { kind: "failed" });
    await world.seconds(600);
    expect(await world.ids()).toEqual(ids);
    expect(await world.healthIn(targets)).toEqual(["unhealthy", "unhealthy"]);
  });

  it("takes a target group on and lets it go again, draining", async () => {
    await world.create();
    await world.seconds(40);
    const name = { AutoScalingGroupName: "web" };
    await world.call("AttachTrafficSources", { ...name, TrafficSources: [{ Identifier: targets }] });
    await world.seconds(20);
    expect(await world.healthIn(targets)).toEqual(["healthy", "healthy"]);
    await world.call("DetachLoadBalancerTargetGroups", { ...name, TargetGroupARNs: [targets] });
    await world.seconds(10);
    expect(await trafficState()).toBe("Removing");
    expect(await world.healthIn(targets)).toEqual(["draining", "draining"]);
    await world.seconds(310);
    expect(await trafficState()).toBeUndefined();
    expect(await world.ids()).toHaveLength(2);
  });
});

describe("an instance that ends by itself", () => {
  // Semantic: Auto Scaling: health-check types and grace. Source: Auto Scaling user guide, "Health checks for instances
  // in an Auto Scaling group": an instance that is not running.
  it("is replaced at once, whatever the grace period", async () => {
    await world.create({ TargetGroupARNs: [targets], HealthCheckGracePeriod: 3600 });
    await world.seconds(40);
    const [dead = ""] = await world.ids();
    world.ec2.terminate(dead);
    await world.seconds(60);
    expect(await world.states()).toEqual(["InService", "InService"]);
    expect(await world.ids()).not.toContain(dead);
  });

  it("is replaced before it goes when the maintenance policy asks for it", async () => {
    const InstanceMaintenancePolicy = { MinHealthyPercentage: 100, MaxHealthyPercentage: 150 };
    await world.create({ InstanceMaintenancePolicy });
    await world.seconds(40);
    const [sick = ""] = await world.ids();
    await world.call("SetInstanceHealth", { InstanceId: sick, HealthStatus: "Unhealthy" });
    await world.seconds(10);
    expect(await world.states()).toEqual(["InService", "InService", "Pending"]);
    await world.seconds(60);
    expect(await world.states()).toEqual(["InService", "InService"]);
    expect(await world.ids()).not.toContain(sick);
  });

  it("is not replaced while replacing is suspended", async () => {
    await world.create();
    await world.seconds(40);
    await world.call("SuspendProcesses", { AutoScalingGroupName: "web", ScalingProcesses: ["ReplaceUnhealthy"] });
    const [sick = ""] = await world.ids();
    await world.call("SetInstanceHealth", {
      InstanceId: sick,
      HealthStatus: "Unhealthy",
      ShouldRespectGracePeriod: false,
    });
    await world.seconds(120);
    expect(await world.ids()).toContain(sick);
    expect(world.ec2.instances.size).toBe(2);
  });
});

describe("single instances", () => {
  beforeEach(async () => {
    await world.create({ TargetGroupARNs: [targets], MinSize: 1, DesiredCapacity: 2 });
    await world.seconds(40);
  });

  it("are ended on request, with or without a replacement", async () => {
    const [first, second] = await world.ids();
    const end = (InstanceId: string | undefined, ShouldDecrementDesiredCapacity: boolean) =>
      world.call("TerminateInstanceInAutoScalingGroup", { InstanceId, ShouldDecrementDesiredCapacity });
    expect(await end(first, true)).toMatchObject({ Activity: { StatusCode: "InProgress" } });
    expect((await world.group())?.DesiredCapacity).toBe(1);
    await expect(end(second, true)).rejects.toMatchObject({
      message: expect.stringContaining("desiredSize equals minSize"),
    });
    await end(second, false);
    await world.seconds(400);
    expect(await world.ids()).toHaveLength(1);
    await expect(end("i-unknown", false)).rejects.toMatchObject({
      message: expect.stringContaining("No managed instance found"),
    });
  });

  it("stand by outside traffic, and come back", async () => {
    const [id = ""] = await world.ids();
    const asked = { AutoScalingGroupName: "web", InstanceIds: [id] };
    await world.call("EnterStandby", { ...asked, ShouldDecrementDesiredCapacity: true });
    await world.seconds(10);
    expect(await world.states()).toEqual(["EnteringStandby", "InService"]);
    await world.seconds(310);
    expect(await world.states()).toEqual(["InService", "Standby"]);
    expect(await world.healthIn(targets)).toEqual(["healthy"]);
    await world.call("ExitStandby", asked);
    await world.seconds(20);
    expect(await world.healthIn(targets)).toEqual(["healthy", "healthy"]);
    expect(world.ec2.instances.size).toBe(2);
  });

  it("leave the group running, and are taken over again", async () => {
    const [id = ""] = await world.ids();
    const asked = { AutoScalingGroupName: "web", InstanceIds: [id] };
    await world.call("DetachInstances", { ...asked, ShouldDecrementDesiredCapacity: true });
    await world.seconds(320);
    expect(await world.ids()).toHaveLength(1);
    expect(world.ec2.ids("running")).toContain(id);
    await world.call("AttachInstances", asked);
    await world.seconds(20);
    expect(await world.ids()).toContain(id);
    expect((await world.group())?.DesiredCapacity).toBe(2);
  });
});

describe("lifecycle hooks", () => {
  const hook = (LifecycleTransition: string, DefaultResult = "ABANDON") => ({
    LifecycleHookName: "wait",
    LifecycleTransition,
    HeartbeatTimeout: 120,
    DefaultResult,
  });
  const launching = "autoscaling:EC2_INSTANCE_LAUNCHING";
  const terminating = "autoscaling:EC2_INSTANCE_TERMINATING";

  // Semantic: Auto Scaling: lifecycle hooks. Source: Auto Scaling user guide, "Amazon EC2 Auto Scaling lifecycle
  // hooks".
  it("hold a launch outside traffic until they are answered", async () => {
    await world.create({ MinSize: 1, TargetGroupARNs: [targets], LifecycleHookSpecificationList: [hook(launching)] });
    await world.seconds(40);
    expect(await world.states()).toEqual(["Pending:Wait"]);
    expect(await world.healthIn(targets)).toEqual([]);
    const event = world.events.find((one) => one["detail-type"] === "EC2 Instance-launch Lifecycle Action");
    const LifecycleActionToken = event?.detail["LifecycleActionToken"];
    await world.call("CompleteLifecycleAction", {
      AutoScalingGroupName: "web",
      LifecycleHookName: "wait",
      LifecycleActionToken,
      LifecycleActionResult: "CONTINUE",
    });
    await world.seconds(10);
    expect(await world.states()).toEqual(["InService"]);
  });

  // Semantic: Auto Scaling: lifecycle hooks. Source: Auto Scaling user guide, "Amazon EC2 Auto Scaling lifecycle
  // hooks".
  it("end a launch that is abandoned or never answered, and a heartbeat gives it more time", async () => {
    await world.create({ MinSize: 1, LifecycleHookSpecificationList: [hook(launching)] });
    await world.seconds(40);
    const [id = ""] = await world.ids("Pending:Wait");
    await world.seconds(90);
    await world.call("RecordLifecycleActionHeartbeat", {
      AutoScalingGroupName: "web",
      LifecycleHookName: "wait",
      InstanceId: id,
    });
    await world.seconds(100);
    expect(await world.ids("Pending:Wait")).toEqual([id]);
    await world.seconds(30);
    expect(await world.ids("Pending:Wait")).not.toContain(id);
    await world.seconds(30);
    expect(world.ec2.ids("terminated")).toContain(id);
  });

  // Semantic: Auto Scaling: lifecycle hooks. Source: Auto Scaling user guide, "Amazon EC2 Auto Scaling lifecycle
  // hooks".
  it("hold a termination after it was drained", async () => {
    await world.create({
      MinSize: 0,
      DesiredCapacity: 1,
      TargetGroupARNs: [targets],
      LifecycleHookSpecificationList: [hook(terminating)],
    });
    await world.seconds(40);
    await world.call("SetDesiredCapacity", { AutoScalingGroupName: "web", DesiredCapacity: 0 });
    await world.seconds(200);
    expect(await world.states()).toEqual(["Terminating"]);
    await world.seconds(110);
    expect(await world.states()).toEqual(["Terminating:Wait"]);
    expect(world.ec2.ids("running")).toHaveLength(1);
    await world.seconds(150);
    expect(await world.states()).toEqual([]);
  });
});
