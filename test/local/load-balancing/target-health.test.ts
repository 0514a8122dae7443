import { beforeEach, describe, expect, it } from "vitest";
import { fixed, forwardTo, World } from "./world.ts";

let world: World;
let group: string;

beforeEach(async () => {
  world = new World({ targetRegistrationSeconds: 2 });
  await world.kernel.start();
  group = await world.group("web");
});

async function used(): Promise<{ balancer: string; listener: string }> {
  const balancer = await world.balancer();
  return { balancer, listener: await world.listener(balancer, forwardTo(group)) };
}

describe("a target's health", () => {
  // Semantic: ELBv2: unused. Source: Application Load Balancers guide, "Target health status": Target.NotInUse.
  it("is unused, and nothing is checked, while no rule names the group", async () => {
    await world.register(group, "i-00000001");
    await world.clock.advance(120_000);
    expect(await world.health(group)).toMatchObject([{ State: "unused", Reason: "Target.NotInUse" }]);
    expect(world.traffic.probes).toEqual([]);
  });

  it("goes from initial to healthy with the first check that passes", async () => {
    await used();
    await world.register(group, "i-00000001");
    expect(await world.health(group)).toMatchObject([{ State: "initial", Reason: "Elb.RegistrationInProgress" }]);
    await world.clock.advance(2000);
    expect(await world.health(group)).toEqual([{ State: "healthy" }]);
  });

  // Semantic: ELBv2: unused. Source: Application Load Balancers guide, "Target groups": health checks of every group
  // that a rule names.
  it("is checked in a group of weight 0 as well", async () => {
    const live = await world.group("live");
    await world.listener(await world.balancer(), forwardTo([live, 100], [group, 0]));
    await world.register(group, "i-00000001");
    await world.clock.advance(2000);
    expect(await world.health(group)).toEqual([{ State: "healthy" }]);
  });

  // Semantic: ELBv2: health thresholds. Source: API reference of CreateTargetGroup, UnhealthyThresholdCount;
  // TargetHealth, Reason.
  it("stays initial until the unhealthy threshold is reached, then names the code", async () => {
    await used();
    world.traffic.outcomes.set("i-00000001", { kind: "answered", status: 503 });
    await world.register(group, "i-00000001");
    await world.clock.advance(2000);
    expect(await world.health(group)).toMatchObject([{ State: "initial", Reason: "Elb.InitialHealthChecking" }]);
    await world.clock.advance(10_000);
    const Description = "Health checks failed with these codes: [503]";
    expect(await world.health(group)).toEqual([
      { State: "unhealthy", Reason: "Target.ResponseCodeMismatch", Description },
    ]);
  });

  // Semantic: ELBv2: health thresholds. Source: API reference of CreateTargetGroup, HealthyThresholdCount and
  // UnhealthyThresholdCount.
  it("needs as many passed checks as the threshold to recover, and the same kind of failures in a row to fall", async () => {
    await used();
    await world.register(group, "i-00000001");
    await world.clock.advance(2000);
    world.traffic.outcomes.set("i-00000001", { kind: "timed-out" });
    await world.clock.advance(10_000);
    expect(await world.health(group)).toEqual([{ State: "healthy" }]);
    await world.clock.advance(10_000);
    expect(await world.health(group)).toEqual([
      { State: "unhealthy", Reason: "Target.Timeout", Description: "Request timed out" },
    ]);
    world.traffic.outcomes.set("i-00000001", { kind: "answered", status: 200 });
    await world.clock.advance(20_000);
    expect(await world.health(group)).toMatchObject([{ State: "unhealthy" }]);
    await world.clock.advance(10_000);
    expect(await world.health(group)).toEqual([{ State: "healthy" }]);
  });

  it("becomes unused when the last rule lets go of the group, and initial when one takes it up again", async () => {
    const { listener } = await used();
    await world.register(group, "i-00000001");
    await world.clock.advance(2000);
    await world.call("ModifyListener", { ListenerArn: listener, DefaultActions: fixed("404") });
    expect(await world.health(group)).toMatchObject([{ State: "unused", Reason: "Target.NotInUse" }]);
    const probes = world.traffic.probes.length;
    await world.clock.advance(60_000);
    expect(world.traffic.probes.length).toBe(probes);
    await world.call("ModifyListener", { ListenerArn: listener, DefaultActions: forwardTo(group) });
    expect(await world.health(group)).toMatchObject([{ State: "initial" }]);
  });

  it("is unused with the reason when its instance stops, and begins again when it runs again", async () => {
    await used();
    await world.register(group, "i-00000001");
    await world.clock.advance(2000);
    world.kernel.emit("ec2.instance.changed", { instanceId: "i-00000001", state: "stopped" });
    expect(await world.health(group)).toMatchObject([{ State: "unused", Reason: "Target.InvalidState" }]);
    world.kernel.emit("ec2.instance.changed", { instanceId: "i-00000001", state: "running" });
    expect(await world.health(group)).toMatchObject([{ State: "initial" }]);
  });

  it("can be reported from outside, and reports about an unknown target change nothing", async () => {
    await used();
    await world.register(group, "i-00000001");
    world.service.reportProbe(group, "i-00000001", 8080, { kind: "answered", status: 200 });
    world.service.reportProbe(group, "i-00000002", 8080, { kind: "answered", status: 200 });
    expect(await world.health(group)).toEqual([{ State: "healthy" }]);
  });

  it("is not checked before the load balancer is active", async () => {
    const slow = new World({ loadBalancerActiveSeconds: 90, targetRegistrationSeconds: 2 });
    await slow.kernel.start();
    const arn = await slow.group("web");
    await slow.listener(await slow.balancer(), forwardTo(arn));
    await slow.register(arn, "i-00000001");
    await slow.clock.advance(60_000);
    expect(slow.traffic.probes).toEqual([]);
    await slow.clock.advance(40_000);
    expect(await slow.health(arn)).toEqual([{ State: "healthy" }]);
  });
});

describe("deregistration", () => {
  // Semantic: ELBv2: draining. Source: Application Load Balancers guide, "Deregistration delay".
  it("drains for the group's delay even when idle, then cuts and forgets the target", async () => {
    await used();
    await world.register(group, "i-00000001");
    await world.clock.advance(2000);
    await world.call("ModifyTargetGroupAttributes", {
      TargetGroupArn: group,
      Attributes: [{ Key: "deregistration_delay.timeout_seconds", Value: "30" }],
    });
    await world.call("DeregisterTargets", { TargetGroupArn: group, Targets: [{ Id: "i-00000001" }] });
    expect(await world.health(group)).toMatchObject([{ State: "draining", Reason: "Target.DeregistrationInProgress" }]);
    await world.clock.advance(29_000);
    expect(world.traffic.cuts).toEqual([]);
    await world.clock.advance(1000);
    expect(await world.health(group)).toEqual([]);
    expect(world.traffic.cuts).toEqual([`${group}|i-00000001|8080`]);
  });

  it("is taken back by registering again", async () => {
    await used();
    await world.register(group, "i-00000001");
    await world.clock.advance(2000);
    await world.call("DeregisterTargets", { TargetGroupArn: group, Targets: [{ Id: "i-00000001" }] });
    await world.register(group, "i-00000001");
    await world.clock.advance(600_000);
    expect(await world.health(group)).toEqual([{ State: "healthy" }]);
    expect(world.traffic.cuts).toEqual([]);
  });

  it("of an unknown target succeeds and changes nothing", async () => {
    await used();
    await world.register(group, "i-00000001");
    await world.call("DeregisterTargets", { TargetGroupArn: group, Targets: [{ Id: "i-00000003" }] });
    expect(await world.health(group)).toMatchObject([{ State: "initial" }]);
  });

  it("leaves an asked-for target that is not registered unused with the reason", async () => {
    const answer = await world.call("DescribeTargetHealth", { TargetGroupArn: group, Targets: [{ Id: "i-00000001" }] });
    expect(answer).toMatchObject({
      TargetHealthDescriptions: [{ TargetHealth: { State: "unused", Reason: "Target.NotRegistered" } }],
    });
  });
});

describe("registration", () => {
  it("refuses instances that do not exist or do not run, and registers none of the request", async () => {
    world.ec2.states.set("i-00000002", "pending");
    await expect(world.register(group, "i-00000001", "i-00000002")).rejects.toMatchObject({ code: "InvalidTarget" });
    await expect(world.register(group, "i-00000009")).rejects.toMatchObject({ code: "InvalidTarget" });
    expect(await world.health(group)).toEqual([]);
  });
});
