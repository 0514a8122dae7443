import { beforeEach, describe, expect, it } from "vitest";
import { wishOf } from "../../../local/auto-scaling/target-tracking.ts";
import { World } from "./world.ts";

const cpu = {
  PredefinedMetricSpecification: { PredefinedMetricType: "ASGAverageCPUUtilization" as const },
  TargetValue: 50,
};
const busy = (value: number) => new Array<number>(17).fill(value);

describe("what a policy asks for", () => {
  it.each([
    ["three minutes above ask for the ratio", [10, 10, 75, 75, 75], 4, 4, { kind: "out", capacity: 6 }],
    ["two minutes above ask for nothing", [10, 10, 10, 75, 75], 4, 4, { kind: "stay", capacity: 4 }],
    ["instances that warm up are not multiplied again", [75, 75, 75], 6, 4, { kind: "stay", capacity: 6 }],
    ["fifteen idle minutes ask for one less", busy(0), 4, 4, { kind: "in", capacity: 3 }],
    ["fourteen idle minutes ask for nothing", busy(0).slice(3), 4, 4, { kind: "stay", capacity: 4 }],
    ["a little below the target is no reason to shrink", busy(46), 4, 4, { kind: "stay", capacity: 4 }],
    ["missing minutes ask for nothing", busy(0).with(10, undefined as never), 4, 4, { kind: "stay", capacity: 4 }],
    ["the newest minutes may be late", [75, 75, 75, undefined, undefined], 4, 4, { kind: "out", capacity: 6 }],
  ])("%s", (_, minutes, desired, warm, wish) => {
    expect(wishOf(minutes, cpu, desired, warm)).toEqual(wish);
  });
});

describe("target tracking", () => {
  let world: World;
  let value: number | undefined;

  beforeEach(async () => {
    world = new World();
    await world.kernel.start();
    value = undefined;
    world.metric = (_, minutes) => new Array<number | undefined>(minutes).fill(value);
    await world.create({ DesiredCapacity: 4, MinSize: 1, DefaultInstanceWarmup: 60 });
    await world.call("PutScalingPolicy", {
      AutoScalingGroupName: "web",
      PolicyName: "cpu",
      PolicyType: "TargetTrackingScaling",
      TargetTrackingConfiguration: cpu,
    });
  });

  const desired = async () => (await world.group())?.DesiredCapacity;

  it("grows within the maximum and says why", async () => {
    await world.seconds(120);
    value = 500;
    await world.seconds(70);
    expect(await desired()).toBe(6);
    await world.seconds(10);
    expect((await world.activities())[0]?.Cause).toContain(
      "triggered policy cpu changing the desired capacity from 4 to 6",
    );
  });

  // Semantic: Auto Scaling: target tracking shrinks idle fleets. Source: Auto Scaling user guide, "Target tracking
  // scaling policies".
  it("shrinks an idle fleet step by step to its minimum", async () => {
    value = 0;
    await world.seconds(150);
    expect(await desired()).toBe(3);
    await world.seconds(300);
    expect(await desired()).toBe(1);
    expect(await world.ids()).toHaveLength(1);
  });

  // Semantic: Auto Scaling: target tracking shrinks idle fleets. Source: Auto Scaling user guide, "Target tracking
  // scaling policies": not without data, never below the minimum.
  it("never shrinks below a minimum that pins it, without data, or while alarms are suspended", async () => {
    await world.seconds(600);
    expect(await desired()).toBe(4);
    value = 0;
    await world.call("UpdateAutoScalingGroup", { AutoScalingGroupName: "web", MinSize: 4 });
    await world.seconds(600);
    expect(await desired()).toBe(4);
    await world.call("UpdateAutoScalingGroup", { AutoScalingGroupName: "web", MinSize: 1 });
    await world.call("SuspendProcesses", { AutoScalingGroupName: "web", ScalingProcesses: ["AlarmNotification"] });
    await world.seconds(600);
    expect(await desired()).toBe(4);
  });

  it("shrinks only when every policy agrees", async () => {
    world.metric = ({ name }, minutes) => new Array<number>(minutes).fill(name === "CPUUtilization" ? 0 : 100);
    await world.call("PutScalingPolicy", {
      AutoScalingGroupName: "web",
      PolicyName: "requests",
      PolicyType: "TargetTrackingScaling",
      TargetTrackingConfiguration: {
        PredefinedMetricSpecification: {
          PredefinedMetricType: "ALBRequestCountPerTarget",
          ResourceLabel: "app/web/1/targetgroup/web/2",
        },
        TargetValue: 105,
      },
    });
    await world.seconds(600);
    expect(await desired()).toBe(4);
    await world.call("DeletePolicy", { AutoScalingGroupName: "web", PolicyName: "requests" });
    await world.seconds(60);
    expect(await desired()).toBe(3);
  });

  it("refuses kinds of policies it does not have by name", async () => {
    const put = world.call("PutScalingPolicy", {
      AutoScalingGroupName: "web",
      PolicyName: "s",
      PolicyType: "StepScaling",
    });
    await expect(put).rejects.toMatchObject({
      code: "NotImplemented",
      message: expect.stringContaining("StepScaling"),
    });
  });
});
