import { beforeEach, describe, expect, it } from "vitest";
import { AwsError } from "../../../local/core/aws-error.ts";
import { World } from "./world.ts";

let world: World;

beforeEach(async () => {
  world = new World();
  await world.kernel.start();
});

describe("creating a group", () => {
  it("launches the minimum spread over zones, tagged, and in service once it runs", async () => {
    const Tags = [
      { Key: "kiln:stage", Value: "dev", PropagateAtLaunch: true },
      { Key: "private", Value: "x", PropagateAtLaunch: false },
    ];
    await world.create({ Tags });
    await world.seconds(5);
    expect(await world.states()).toEqual(["Pending", "Pending"]);
    await world.seconds(30);
    expect(await world.states()).toEqual(["InService", "InService"]);
    const zones = (await world.group())?.Instances?.map(({ AvailabilityZone }) => AvailabilityZone);
    expect(new Set(zones).size).toBe(2);
    for (const { Tags } of world.ec2.instances.values()) {
      expect(Tags).toEqual([
        { Key: "aws:autoscaling:groupName", Value: "web" },
        { Key: "kiln:stage", Value: "dev" },
      ]);
    }
  });

  // Semantic: Auto Scaling: activities. Source: Auto Scaling user guide, "Verify a scaling activity for an Auto Scaling
  // group".
  it("records each launch as an activity and tells EventBridge", async () => {
    await world.create();
    await world.seconds(30);
    const activities = await world.activities();
    expect(activities).toHaveLength(2);
    expect(activities[0]).toMatchObject({ StatusCode: "Successful", Progress: 100 });
    expect(activities[0]?.Description).toMatch(/^Launching a new EC2 instance: i-/);
    expect(activities[0]?.Cause).toContain("changing the desired capacity from 0 to 2");
    const successful = world.events.filter((event) => event["detail-type"] === "EC2 Instance Launch Successful");
    expect(successful).toHaveLength(2);
  });

  // Semantic: launch templates by number. Source: API reference of LaunchTemplateSpecification, Version.
  it("pins a numbered version, and resolves $Latest only when it launches", async () => {
    await world.create({ LaunchTemplate: { LaunchTemplateName: "web", Version: "$Latest" } });
    await world.seconds(30);
    const group = await world.group();
    expect(group?.LaunchTemplate?.Version).toBe("$Latest");
    expect(group?.Instances?.[0]?.LaunchTemplate?.Version).toBe("3");
  });

  // Semantic: unique names. Source: API reference of CreateAutoScalingGroup, AlreadyExists.
  it("refuses a name that exists, bounds that contradict, a missing template, unknown subnets, and what it cannot do", async () => {
    await world.create();
    await expect(world.create()).rejects.toMatchObject({ code: "AlreadyExists" });
    const other = (settings: object) => world.create({ AutoScalingGroupName: "other", ...settings });
    await expect(other({ MinSize: 3, MaxSize: 2 })).rejects.toMatchObject({ code: "ValidationError" });
    await expect(other({ DesiredCapacity: 7 })).rejects.toMatchObject({
      message: "Desired capacity:7 must be between the specified min size:2 and max size:6",
    });
    await expect(other({ LaunchTemplate: { LaunchTemplateId: "lt-9", Version: "1" } })).rejects.toMatchObject({
      code: "ValidationError",
    });
    await expect(other({ VPCZoneIdentifier: "subnet-x" })).rejects.toMatchObject({ code: "ValidationError" });
    await expect(other({ TargetGroupARNs: ["arn:aws:none"] })).rejects.toMatchObject({
      message: "Provided Target Groups may not be valid. Please ensure they exist and try again.",
    });
    await expect(other({ PlacementGroup: "p" })).rejects.toMatchObject({ code: "NotImplemented" });
    await world.seconds(60);
    expect(world.ec2.instances.size).toBe(2);
  });

  it("is refused to a caller who may not run instances from the template", async () => {
    world.kernel.judge = (_, { action }) => (action.startsWith("ec2:") ? "because no policy allows it" : undefined);
    await expect(world.create()).rejects.toMatchObject({
      code: "AccessDenied",
      message: expect.stringContaining("ec2:RunInstances"),
    });
    expect(await world.group()).toBeUndefined();
  });

  it("judges the sizes and tags of the request", async () => {
    const asked: unknown[] = [];
    world.kernel.judge = (_, requirement) => void asked.push(requirement);
    await world.create({ Tags: [{ Key: "kiln:stage", Value: "dev" }] });
    expect(asked[0]).toEqual({
      action: "autoscaling:CreateAutoScalingGroup",
      resource: "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:*:autoScalingGroupName/web",
      context: expect.objectContaining({
        "autoscaling:MinSize": "2",
        "autoscaling:MaxSize": "6",
        "autoscaling:LaunchTemplateVersionSpecified": "true",
        "aws:RequestTag/kiln:stage": "dev",
      }),
    });
  });
});

describe("changing the size", () => {
  beforeEach(async () => {
    await world.create();
    await world.seconds(30);
  });

  it("refuses a desired capacity outside the bounds in AWS's words", async () => {
    const set = (DesiredCapacity: number) =>
      world.call("SetDesiredCapacity", { AutoScalingGroupName: "web", DesiredCapacity });
    await expect(set(7)).rejects.toMatchObject({
      message: "New SetDesiredCapacity value 7 is above max value 6 for the AutoScalingGroup.",
    });
    await expect(set(1)).rejects.toMatchObject({
      message: "New SetDesiredCapacity value 1 is below min value 2 for the AutoScalingGroup.",
    });
  });

  // Semantic: Auto Scaling: scale-in. Source: Auto Scaling user guide, "Default termination policy"; "Use instance
  // scale-in protection".
  it("grows and shrinks, oldest template first, and never ends a protected instance", async () => {
    await world.call("UpdateAutoScalingGroup", {
      AutoScalingGroupName: "web",
      LaunchTemplate: { LaunchTemplateId: "lt-1", Version: "5" },
      MinSize: 0,
      DesiredCapacity: 4,
    });
    // The fourth instance goes to zone a again, so the next to go is one of that zone.
    const instances = (await world.group())?.Instances ?? [];
    const given = instances.find(({ AvailabilityZone }) => AvailabilityZone === "us-east-1a")?.InstanceId;
    const kept = instances.find(({ AvailabilityZone }) => AvailabilityZone === "us-east-1b")?.InstanceId;
    await world.call("SetInstanceProtection", {
      AutoScalingGroupName: "web",
      InstanceIds: [kept],
      ProtectedFromScaleIn: true,
    });
    await world.seconds(30);
    expect(await world.states()).toEqual(["InService", "InService", "InService", "InService"]);
    await world.call("SetDesiredCapacity", { AutoScalingGroupName: "web", DesiredCapacity: 3 });
    await world.seconds(60);
    expect(await world.ids()).toHaveLength(3);
    expect(world.ec2.ids("terminated")).toEqual([given]);
    await world.call("SetDesiredCapacity", { AutoScalingGroupName: "web", DesiredCapacity: 0 });
    await world.seconds(90);
    expect(await world.ids()).toEqual([kept]);
  });

  it("moves the desired capacity just inside new bounds", async () => {
    await world.call("UpdateAutoScalingGroup", { AutoScalingGroupName: "web", MinSize: 3 });
    expect((await world.group())?.DesiredCapacity).toBe(3);
    await world.call("UpdateAutoScalingGroup", { AutoScalingGroupName: "web", MinSize: 0, MaxSize: 1 });
    expect((await world.group())?.DesiredCapacity).toBe(1);
  });

  it("does nothing while launching is suspended", async () => {
    await world.call("SuspendProcesses", { AutoScalingGroupName: "web", ScalingProcesses: ["Launch"] });
    await world.call("SetDesiredCapacity", { AutoScalingGroupName: "web", DesiredCapacity: 4 });
    await world.seconds(60);
    expect(await world.states()).toHaveLength(2);
    await world.call("ResumeProcesses", { AutoScalingGroupName: "web", ScalingProcesses: ["Launch"] });
    await world.seconds(60);
    expect(await world.states()).toHaveLength(4);
  });
});

describe("deleting a group", () => {
  it("is refused while it has instances, and done once it is empty", async () => {
    await world.create();
    await world.seconds(30);
    const remove = () => world.call("DeleteAutoScalingGroup", { AutoScalingGroupName: "web" });
    await expect(remove()).rejects.toMatchObject({ code: "ResourceInUse" });
    await world.call("UpdateAutoScalingGroup", { AutoScalingGroupName: "web", MinSize: 0, DesiredCapacity: 0 });
    await world.seconds(5);
    await expect(remove()).rejects.toMatchObject({ code: "ScalingActivityInProgress" });
    await world.seconds(60);
    await remove();
    expect(await world.group()).toBeUndefined();
    await expect(remove()).rejects.toMatchObject({ code: "ValidationError" });
  });

  it("by force ends the instances without waiting for them to drain", async () => {
    const TargetGroupARNs = [await world.targetGroup()];
    await world.create({ TargetGroupARNs });
    await world.seconds(40);
    await world.call("DeleteAutoScalingGroup", { AutoScalingGroupName: "web", ForceDelete: true });
    expect((await world.group())?.Status).toBe("Delete in progress");
    await world.seconds(60);
    expect(await world.group()).toBeUndefined();
    expect(world.ec2.ids("terminated")).toHaveLength(2);
  });

  it("by force leaves nothing of a launch whose answer was lost", async () => {
    const run = world.ec2.operations.RunInstances.run;
    let left = 1;
    world.ec2.operations.RunInstances.run = (input) => {
      const answer = run(input);
      if (left-- > 0) throw new Error("the process was killed");
      return answer;
    };
    await world.create({ MinSize: 1 });
    await world.seconds(2);
    await world.call("DeleteAutoScalingGroup", { AutoScalingGroupName: "web", ForceDelete: true });
    await world.seconds(90);
    expect(await world.group()).toBeUndefined();
    expect([...world.ec2.instances.values()].map(({ State }) => State.Name)).toEqual(["terminated"]);
  });

  it("is refused by deletion protection", async () => {
    await world.create({ DeletionProtection: "prevent-force-deletion" });
    const force = world.call("DeleteAutoScalingGroup", { AutoScalingGroupName: "web", ForceDelete: true });
    await expect(force).rejects.toMatchObject({ code: "ResourceInUse" });
  });
});

describe("launches that fail", () => {
  // Semantic: Auto Scaling: capacity and quota errors per subnet and type. Source: Auto Scaling user guide, "Instance
  // distribution across Availability Zones".
  it("go to another subnet when one has no room", async () => {
    world.ec2.refusals.set("subnet-a", "InsufficientInstanceCapacity");
    await world.create({ DesiredCapacity: 3 });
    await world.seconds(40);
    expect(await world.states()).toEqual(["InService", "InService", "InService"]);
    const subnets = [...world.ec2.instances.values()].map(({ SubnetId }) => SubnetId);
    expect(subnets).not.toContain("subnet-a");
    expect((await world.activities()).every(({ StatusCode }) => StatusCode === "Successful")).toBe(true);
  });

  // Semantic: Auto Scaling: capacity and quota errors per subnet and type. Source: Auto Scaling user guide, "Allocation
  // strategies for multiple instance types": prioritized.
  it("try the next instance type of a mixed instances policy", async () => {
    world.ec2.refusals.set("t3.small", "VcpuLimitExceeded");
    const LaunchTemplateSpecification = { LaunchTemplateId: "lt-1", Version: "2" };
    const Overrides = [{ InstanceType: "t3.small" }, { InstanceType: "m7i.large" }];
    const MixedInstancesPolicy = { LaunchTemplate: { LaunchTemplateSpecification, Overrides } };
    await world.create({ LaunchTemplate: undefined, MixedInstancesPolicy });
    await world.seconds(40);
    const types = (await world.group())?.Instances?.map(({ InstanceType }) => InstanceType);
    expect(types).toEqual(["m7i.large", "m7i.large"]);
  });

  // Semantic: Auto Scaling: activities. Source: Auto Scaling user guide, "Troubleshoot issues in Amazon EC2 Auto
  // Scaling".
  it("end as failed activities with EC2's words, and are tried again ever more slowly", async () => {
    world.ec2.refusals.set("t3.small", "InsufficientInstanceCapacity");
    await world.create({ MinSize: 1 });
    await world.seconds(10);
    const [failed] = await world.activities();
    expect(failed).toMatchObject({
      StatusCode: "Failed",
      StatusMessage: "No room: InsufficientInstanceCapacity. Launching EC2 instance failed.",
    });
    expect(world.events.at(-1)?.["detail-type"]).toBe("EC2 Instance Launch Unsuccessful");
    await world.seconds(300);
    expect((await world.activities()).length).toBeLessThan(7);
    expect(await world.states()).toEqual([]);
    world.ec2.refusals.clear();
    await world.seconds(600);
    expect(await world.states()).toEqual(["InService"]);
  });

  it("keep the next turn for a busy EC2, without a second instance", async () => {
    world.ec2.refusals.set("t3.small", "RequestLimitExceeded");
    await world.create();
    await world.seconds(20);
    expect((await world.activities()).map(({ StatusCode }) => StatusCode)).toEqual([
      "WaitingForInstanceId",
      "WaitingForInstanceId",
    ]);
    world.ec2.refusals.clear();
    await world.seconds(40);
    expect(await world.states()).toEqual(["InService", "InService"]);
    expect(world.ec2.instances.size).toBe(2);
  });

  it("find the instance again whose answer was lost", async () => {
    const run = world.ec2.operations.RunInstances.run;
    let lost = false;
    world.ec2.operations.RunInstances.run = (input) => {
      const answer = run(input);
      if (lost) return answer;
      lost = true;
      throw new Error("the process was killed");
    };
    await world.create();
    await world.seconds(40);
    expect(await world.states()).toEqual(["InService", "InService"]);
    expect(world.ec2.instances.size).toBe(2);
  });

  it("name the reason when an instance ends while it boots", async () => {
    world.ec2.bootFailure = "Client.InternalError: Client error on launch";
    await world.create({ MinSize: 1 });
    await world.seconds(30);
    const launch = (await world.activities()).find(({ Description }) => Description?.startsWith("Launching"));
    expect(launch).toMatchObject({ StatusCode: "Cancelled" });
    expect(launch?.StatusMessage).toContain("Client.InternalError: Client error on launch");
  });

  it("name a deleted target group instead of launching", async () => {
    const { TargetGroups } = await world.balancing<{ TargetGroups: [{ TargetGroupArn: string }] }>(
      "CreateTargetGroup",
      {
        Name: "gone",
        Protocol: "HTTP",
        Port: 80,
        VpcId: "vpc-1",
      },
    );
    const [{ TargetGroupArn }] = TargetGroups;
    await world.create({ TargetGroupARNs: [TargetGroupArn] });
    await world.balancing("DeleteTargetGroup", { TargetGroupArn });
    await world.seconds(10);
    expect((await world.activities())[0]?.StatusMessage).toContain("Validating load balancer configuration failed");
    expect(world.ec2.instances.size).toBe(0);
  });

  // Semantic: in-use dependencies: the template of a group. Source: Auto Scaling user guide, "Troubleshoot launch
  // templates": the template must exist when the group launches.
  it("can launch no more when their template is deleted, and say so", async () => {
    await world.create({ MinSize: 1 });
    await world.seconds(60);
    world.ec2.operations.DescribeLaunchTemplateVersions.run = () => {
      throw new AwsError("InvalidLaunchTemplateId.NotFound", "The specified launch template does not exist.");
    };
    await world.call("UpdateAutoScalingGroup", { AutoScalingGroupName: "web", MinSize: 2 });
    await world.seconds(10);
    expect((await world.activities())[0]).toMatchObject({
      StatusCode: "Failed",
      StatusMessage: expect.stringContaining("The specified launch template does not exist."),
    });
    expect(world.ec2.instances.size).toBe(1);
  });

  it("end clean on an error that no other place would mend", async () => {
    const run = world.ec2.operations.RunInstances.run;
    world.ec2.operations.RunInstances.run = (input) => {
      if (input.DryRun) return run(input);
      throw new AwsError("InvalidAMIID.NotFound", "The image id '[ami-1]' does not exist");
    };
    await world.create({ MinSize: 1 });
    await world.seconds(5);
    expect((await world.activities())[0]?.StatusMessage).toBe(
      "The image id '[ami-1]' does not exist Launching EC2 instance failed.",
    );
  });
});
