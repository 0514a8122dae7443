import { beforeEach, describe, expect, it } from "vitest";
import { account, al2023, al2023Arm, type Cloud, cloud } from "./cloud.ts";

let aws: Cloud;
beforeEach(() => {
  aws = cloud();
});

const run = (over: object = {}) =>
  aws.call("RunInstances", { ImageId: al2023, InstanceType: "t3.small", MinCount: 1, MaxCount: 1, ...over });

const instances = async () => {
  const { Reservations } = await aws.call("DescribeInstances", {});
  return Reservations.flatMap((one: { Instances: object[] }) => one.Instances);
};

describe("RunInstances", () => {
  it("fills a launch from a numbered template version, the request winning, and marks the instance with it", async () => {
    const { LaunchTemplate } = await aws.call("CreateLaunchTemplate", {
      LaunchTemplateName: "web",
      LaunchTemplateData: {
        ImageId: al2023,
        InstanceType: "t3.large",
        UserData: Buffer.from("#!/bin/bash\n").toString("base64"),
        IamInstanceProfile: { Name: "web" },
        MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 1 },
        TagSpecifications: [
          { ResourceType: "instance", Tags: [{ Key: "Name", Value: "web" }] },
          { ResourceType: "volume", Tags: [{ Key: "Name", Value: "web-disk" }] },
        ],
      },
    });
    await aws.visible();
    const { Instances } = await aws.call("RunInstances", {
      LaunchTemplate: { LaunchTemplateId: LaunchTemplate.LaunchTemplateId, Version: "1" },
      InstanceType: "t3.small",
      MinCount: 1,
      MaxCount: 1,
    });
    expect(Instances[0]).toMatchObject({
      InstanceType: "t3.small",
      State: { Name: "pending", Code: 0 },
      IamInstanceProfile: { Arn: `arn:aws:iam::${account}:instance-profile/web` },
      MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 1 },
    });
    expect(Instances[0].Tags).toContainEqual({ Key: "Name", Value: "web" });
    expect(Instances[0].Tags).toContainEqual({ Key: "aws:ec2launchtemplate:version", Value: "1" });
    await aws.visible();
    const { Volumes } = await aws.call("DescribeVolumes", {});
    expect(Volumes).toHaveLength(1);
    expect(Volumes[0].Tags).toEqual([{ Key: "Name", Value: "web-disk" }]);
  });

  // Semantic: client tokens and their mismatch errors. Source: EC2 developer guide, "Ensuring idempotency in Amazon EC2
  // API requests".
  it("answers the same reservation for the same client token, and refuses the token for another request", async () => {
    const first = await run({ ClientToken: "t" });
    const again = await run({ ClientToken: "t" });
    expect(again.ReservationId).toBe(first.ReservationId);
    await expect(run({ ClientToken: "t", InstanceType: "t3.large" })).rejects.toMatchObject({
      code: "IdempotentParameterMismatch",
    });
    await aws.visible();
    expect(await instances()).toHaveLength(1);
  });

  // Semantic: client tokens and their mismatch errors. Source: EC2 developer guide, "Ensuring idempotency in Amazon EC2
  // API requests": IdempotentInstanceTerminated.
  it("refuses the token of instances that have been terminated, and launches nothing", async () => {
    const { Instances } = await run({ ClientToken: "t" });
    await aws.visible();
    await aws.call("TerminateInstances", { InstanceIds: [Instances[0].InstanceId] });
    await aws.clock.advance(60_000);
    await expect(run({ ClientToken: "t" })).rejects.toMatchObject({ code: "IdempotentInstanceTerminated" });
    await aws.visible();
    expect(await instances()).toHaveLength(1);
  });

  it("launches once when two requests with one token come at the same time", async () => {
    const [a, b] = await Promise.all([run({ ClientToken: "t" }), run({ ClientToken: "t" })]);
    expect(a.ReservationId).toBe(b.ReservationId);
    await aws.visible();
    expect(await instances()).toHaveLength(1);
  });

  it.each([
    ["an image that does not exist", { ImageId: "ami-00000000000000000" }, "InvalidAMIID.NotFound"],
    ["a malformed image id", { ImageId: "web" }, "InvalidAMIID.Malformed"],
    ["an instance type that does not exist", { InstanceType: "z9.huge" }, "InvalidParameterValue"],
    ["another architecture than the image's", { ImageId: al2023Arm }, "InvalidParameterValue"],
    ["a key pair that does not exist", { KeyName: "me" }, "InvalidKeyPair.NotFound"],
    ["an instance profile that does not exist", { IamInstanceProfile: { Name: "nobody" } }, "InvalidParameterValue"],
    ["a subnet that does not exist", { SubnetId: "subnet-00000000000000000" }, "InvalidSubnetID.NotFound"],
    [
      "a launch template that does not exist",
      { LaunchTemplate: { LaunchTemplateName: "no" } },
      "InvalidLaunchTemplateName.NotFoundException",
    ],
    ["more at least than at most", { MinCount: 3, MaxCount: 2 }, "InvalidParameterCombination"],
    ["a parameter this cloud would ignore", { HibernationOptions: { Configured: true } }, "NotImplemented"],
    ["a public address", { NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: true }] }, "NotImplemented"],
    [
      "tags for something it does not create",
      { TagSpecifications: [{ ResourceType: "vpc", Tags: [] }] },
      "InvalidParameterValue",
    ],
  ])("refuses %s and launches nothing", async (_case, over, code) => {
    await expect(run(over)).rejects.toMatchObject({ code });
    await aws.visible();
    expect(await instances()).toEqual([]);
    expect((await aws.call("DescribeVolumes", {})).Volumes).toEqual([]);
  });

  it("refuses an image registered with the defaults of 2006", async () => {
    const SnapshotId = await aws.snapshot(8);
    const { ImageId } = await aws.call("RegisterImage", {
      Name: "careless",
      RootDeviceName: "/dev/xvda",
      BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { SnapshotId } }],
    });
    await aws.clock.advance(5000);
    await expect(run({ ImageId })).rejects.toMatchObject({ code: "InvalidParameterCombination" });
  });

  // Semantic: Auto Scaling: capacity and quota errors per subnet and type. Source: EC2 API error codes,
  // InsufficientInstanceCapacity; API reference of RunInstances, MinCount.
  it("gives what capacity there is between least and most, and nothing below", async () => {
    aws.ec2.capacity.setLimit("us-east-1a", "t3.small", 2);
    const place = { Placement: { AvailabilityZone: "us-east-1a" } };
    const { Instances } = await run({ ...place, MinCount: 1, MaxCount: 5 });
    expect(Instances).toHaveLength(2);
    await expect(run(place)).rejects.toMatchObject({ code: "InsufficientInstanceCapacity", status: 500 });
    await expect(run({ Placement: { AvailabilityZone: "us-east-1b" } })).resolves.toBeDefined();
  });

  // Semantic: Auto Scaling: capacity and quota errors per subnet and type. Source: EC2 API error codes,
  // VcpuLimitExceeded.
  it("refuses what is above the account's vCPU quota", async () => {
    aws.ec2.capacity.setVcpuQuota(4);
    await run({ MinCount: 2, MaxCount: 2 });
    await expect(run()).rejects.toMatchObject({ code: "VcpuLimitExceeded" });
  });

  it("reserves an address of the subnet for each instance", async () => {
    const { Subnets } = await aws.call("DescribeSubnets", {});
    const before = Subnets[0].AvailableIpAddressCount;
    const { Instances } = await run({ SubnetId: Subnets[0].SubnetId, MinCount: 2, MaxCount: 2 });
    const addresses = Instances.map((one: { PrivateIpAddress: string }) => one.PrivateIpAddress);
    expect(new Set(addresses).size).toBe(2);
    const after = await aws.call("DescribeSubnets", { SubnetIds: [Subnets[0].SubnetId] });
    expect(after.Subnets[0].AvailableIpAddressCount).toBe(before - 2);
  });

  it("with DryRun launches nothing, and says so by the name of an error", async () => {
    await expect(run({ DryRun: true })).rejects.toMatchObject({ code: "DryRunOperation", status: 412 });
    await aws.visible();
    expect(await instances()).toEqual([]);
  });
});

describe("permissions of RunInstances", () => {
  it("are judged on every resource with tags and conditions, and on passing the role", async () => {
    const asked: { action: string; resource: string; context?: object }[] = [];
    aws.kernel.judge = (_caller, requirement) => void asked.push(requirement);
    await run({
      IamInstanceProfile: { Name: "web" },
      TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "kiln:stage", Value: "dev" }] }],
    });
    const resources = (action: string) => asked.filter((one) => one.action === action).map((one) => one.resource);
    const arn = "arn:aws:ec2:us-east-1";
    expect(resources("ec2:RunInstances")).toEqual([
      `${arn}::image/${al2023}`,
      `${arn}:${account}:instance/*`,
      `${arn}:${account}:network-interface/*`,
      expect.stringMatching(/:subnet\/subnet-/),
      expect.stringMatching(/:security-group\/sg-/),
      `${arn}:${account}:volume/*`,
    ]);
    expect(resources("ec2:CreateTags")).toEqual([`${arn}:${account}:instance/*`]);
    expect(asked.find((one) => one.action === "ec2:CreateTags")?.context).toMatchObject({
      "ec2:CreateAction": "RunInstances",
      "aws:RequestTag/kiln:stage": "dev",
    });
    expect(asked.find((one) => one.action === "iam:PassRole")).toEqual({
      action: "iam:PassRole",
      resource: `arn:aws:iam::${account}:role/web`,
      context: { "iam:PassedToService": "ec2.amazonaws.com" },
    });
  });

  it("missing for the role to pass, nothing is launched, not even in a dry run", async () => {
    aws.kernel.judge = (_caller, { action }) => (action === "iam:PassRole" ? "because" : undefined);
    for (const DryRun of [false, true]) {
      await expect(run({ IamInstanceProfile: { Name: "web" }, DryRun })).rejects.toMatchObject({
        code: "UnauthorizedOperation",
        message: expect.stringContaining("iam:PassRole"),
      });
    }
    await aws.visible();
    expect(await instances()).toEqual([]);
  });
});
