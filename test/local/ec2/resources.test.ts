import { beforeEach, describe, expect, it } from "vitest";
import { account, al2023, type Cloud, cloud } from "./cloud.ts";

let aws: Cloud;
beforeEach(() => {
  aws = cloud();
});

describe("tags", () => {
  it("are written to any resource, read back, found by filter, and removed", async () => {
    const SnapshotId = await aws.snapshot();
    const InstanceId = await aws.running();
    const Tags = [{ Key: "kiln:service", Value: "web" }];
    await aws.call("CreateTags", { Resources: [SnapshotId, InstanceId], Tags });
    const found = await aws.call("DescribeSnapshots", { Filters: [{ Name: "tag:kiln:service", Values: ["w*"] }] });
    expect(found.Snapshots.map((one: { SnapshotId: string }) => one.SnapshotId)).toEqual([SnapshotId]);
    const described = await aws.call("DescribeTags", { Filters: [{ Name: "key", Values: ["kiln:service"] }] });
    expect(described.Tags.map((one: { ResourceType: string }) => one.ResourceType)).toEqual(["instance", "snapshot"]);

    await aws.call("DeleteTags", { Resources: [SnapshotId], Tags: [{ Key: "kiln:service", Value: "other" }] });
    expect(aws.snapshots.get(SnapshotId)?.tags).toEqual({ "kiln:service": "web" });
    await aws.call("DeleteTags", { Resources: [SnapshotId], Tags: [{ Key: "kiln:service" }] });
    expect(aws.snapshots.get(SnapshotId)?.tags).toEqual({});
  });

  it.each([
    ["AWS's own prefix", [{ Key: "aws:autoscaling:groupName", Value: "web" }], "InvalidParameterValue"],
    [
      "more than fifty",
      Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: "" })),
      "TagLimitExceeded",
    ],
    ["a key too long", [{ Key: "k".repeat(129), Value: "" }], "InvalidParameterValue"],
  ])("are refused with %s", async (_case, Tags, code) => {
    const SnapshotId = await aws.snapshot();
    await expect(aws.call("CreateTags", { Resources: [SnapshotId], Tags })).rejects.toMatchObject({ code });
    expect(aws.snapshots.get(SnapshotId)?.tags).toEqual({});
  });

  it("of a resource that does not exist are refused, and none of the others is tagged", async () => {
    const SnapshotId = await aws.snapshot();
    const Resources = [SnapshotId, "snap-00000000000000000"];
    await expect(aws.call("CreateTags", { Resources, Tags: [{ Key: "a", Value: "b" }] })).rejects.toMatchObject({
      code: "InvalidSnapshot.NotFound",
    });
    expect(aws.snapshots.get(SnapshotId)?.tags).toEqual({});
  });
});

describe("filters and pages", () => {
  it("refuse a filter the operation does not have", async () => {
    const Filters = [{ Name: "colour", Values: ["red"] }];
    await expect(aws.call("DescribeInstances", { Filters })).rejects.toMatchObject({
      code: "InvalidParameterValue",
      message: "The filter 'colour' is invalid",
    });
  });

  it("give every item exactly once over all pages", async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => aws.snapshot()));
    const seen: string[] = [];
    let NextToken: string | undefined;
    do {
      const answer = await aws.call("DescribeSnapshots", { OwnerIds: ["self"], MaxResults: 5, NextToken });
      seen.push(...answer.Snapshots.map((one: { SnapshotId: string }) => one.SnapshotId));
      NextToken = answer.NextToken;
    } while (NextToken);
    expect(seen).toEqual([...ids].sort());
  });
});

describe("volumes and snapshots", () => {
  it("go round: a volume of a snapshot, a snapshot of that volume, with the same bytes", async () => {
    const SnapshotId = await aws.snapshot(2);
    const volume = await aws.call("CreateVolume", { AvailabilityZone: "us-east-1a", SnapshotId, VolumeType: "gp3" });
    expect(volume).toMatchObject({ Size: 2, Iops: 3000, Throughput: 125, State: "creating" });
    await aws.visible();
    const taken = await aws.call("CreateSnapshot", { VolumeId: volume.VolumeId });
    expect(taken.State).toBe("pending");
    await aws.clock.advance(4000);
    expect(aws.snapshots.get(taken.SnapshotId)?.state).toBe("completed");
    expect((await aws.files.read(taken.SnapshotId, 0))[0]).toBe(7);
    await aws.call("DeleteVolume", { VolumeId: volume.VolumeId });
    expect((await aws.call("DescribeVolumes", {})).Volumes).toEqual([]);
  });

  it("a volume that is attached cannot be deleted; one is attached and detached while the instance is stopped", async () => {
    const InstanceId = await aws.running({ Placement: { AvailabilityZone: "us-east-1a" } });
    const volume = await aws.call("CreateVolume", { AvailabilityZone: "us-east-1a", Size: 1 });
    await aws.visible();
    const attach = { VolumeId: volume.VolumeId, InstanceId, Device: "/dev/sdf" };
    await expect(aws.call("AttachVolume", attach)).rejects.toMatchObject({ code: "NotImplemented" });
    await aws.call("StopInstances", { InstanceIds: [InstanceId] });
    await aws.clock.advance(20_000);
    await aws.call("AttachVolume", attach);
    await expect(aws.call("DeleteVolume", { VolumeId: volume.VolumeId })).rejects.toMatchObject({
      code: "VolumeInUse",
    });
    await aws.call("DetachVolume", { VolumeId: volume.VolumeId });
    await aws.call("DeleteVolume", { VolumeId: volume.VolumeId });
    expect(aws.ec2.instance(InstanceId)?.volumes).toHaveLength(1);
  });
});

describe("the default network", () => {
  it("is a VPC with a default subnet in each of three zones and a default security group", async () => {
    const { Vpcs } = await aws.call("DescribeVpcs", { Filters: [{ Name: "is-default", Values: ["true"] }] });
    expect(Vpcs).toMatchObject([{ CidrBlock: "172.31.0.0/16", IsDefault: true }]);
    const { Subnets } = await aws.call("DescribeSubnets", { Filters: [{ Name: "vpc-id", Values: [Vpcs[0].VpcId] }] });
    expect(Subnets.map((one: { AvailabilityZone: string }) => one.AvailabilityZone).sort()).toEqual([
      "us-east-1a",
      "us-east-1b",
      "us-east-1c",
    ]);
    expect(Subnets.map((one: { AvailabilityZoneId: string }) => one.AvailabilityZoneId).sort()).toEqual([
      "use1-az1",
      "use1-az2",
      "use1-az3",
    ]);
    const { SecurityGroups } = await aws.call("DescribeSecurityGroups", {});
    expect(SecurityGroups).toMatchObject([{ GroupName: "default" }]);
  });

  // Semantic: in-use dependencies: the security group of an instance. Source: API reference of DeleteSecurityGroup,
  // DependencyViolation.
  it("takes security groups and their rules, and refuses doubles and groups in use", async () => {
    const create = () => aws.call("CreateSecurityGroup", { GroupName: "web", Description: "web" });
    const { GroupId } = await create();
    await expect(create()).rejects.toMatchObject({ code: "InvalidGroup.Duplicate" });
    await aws.visible();
    const rule = { GroupId, IpProtocol: "tcp", FromPort: 8080, ToPort: 8080, CidrIp: "172.31.0.0/16" };
    await aws.call("AuthorizeSecurityGroupIngress", rule);
    await expect(aws.call("AuthorizeSecurityGroupIngress", rule)).rejects.toMatchObject({
      code: "InvalidPermission.Duplicate",
    });
    const InstanceId = await aws.running({ SecurityGroupIds: [GroupId] });
    await expect(aws.call("DeleteSecurityGroup", { GroupId })).rejects.toMatchObject({ code: "DependencyViolation" });
    await aws.call("TerminateInstances", { InstanceIds: [InstanceId] });
    await aws.clock.advance(20_000);
    await aws.call("RevokeSecurityGroupIngress", rule);
    await expect(aws.call("RevokeSecurityGroupIngress", rule)).rejects.toMatchObject({
      code: "InvalidPermission.NotFound",
    });
    await aws.call("DeleteSecurityGroup", { GroupId });
  });
});

describe("permissions", () => {
  async function asked(operation: string, input: object) {
    const found: { action: string; resource: string; context?: Record<string, unknown> }[] = [];
    aws.kernel.judge = (_caller, requirement) => void found.push(requirement);
    await aws.call(operation, input).catch(() => {});
    aws.kernel.judge = () => undefined;
    return found;
  }

  it("of reads are judged on every resource", async () => {
    expect(await asked("DescribeImages", {})).toEqual([{ action: "ec2:DescribeImages", resource: "*" }]);
  });

  it("of changes are judged on the resource's ARN with its tags", async () => {
    const SnapshotId = await aws.snapshot(1, { tags: { "kiln:stage": "dev" } });
    expect(await asked("DeleteSnapshot", { SnapshotId })).toEqual([
      {
        action: "ec2:DeleteSnapshot",
        resource: `arn:aws:ec2:us-east-1::snapshot/${SnapshotId}`,
        context: {
          "ec2:Region": "us-east-1",
          "aws:ResourceTag/kiln:stage": "dev",
          "ec2:ResourceTag/kiln:stage": "dev",
        },
      },
    ]);
  });

  it("of RegisterImage are judged on the new image, on each snapshot, and on tagging", async () => {
    const SnapshotId = await aws.snapshot(8);
    const found = await asked("RegisterImage", {
      Name: "web-1",
      RootDeviceName: "/dev/xvda",
      BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { SnapshotId } }],
      TagSpecifications: [{ ResourceType: "image", Tags: [{ Key: "kiln:stage", Value: "dev" }] }],
    });
    expect(found.map(({ action, resource }) => [action, resource])).toEqual([
      ["ec2:RegisterImage", "arn:aws:ec2:us-east-1::image/*"],
      ["ec2:RegisterImage", `arn:aws:ec2:us-east-1::snapshot/${SnapshotId}`],
      ["ec2:CreateTags", "arn:aws:ec2:us-east-1::image/*"],
    ]);
    expect(found[2]?.context).toMatchObject({ "ec2:CreateAction": "RegisterImage" });
  });

  it("of a launch template named by name are judged on its id", async () => {
    const { LaunchTemplate } = await aws.call("CreateLaunchTemplate", {
      LaunchTemplateName: "web",
      LaunchTemplateData: { ImageId: al2023 },
    });
    const [requirement] = await asked("DeleteLaunchTemplate", { LaunchTemplateName: "web" });
    expect(requirement?.resource).toBe(
      `arn:aws:ec2:us-east-1:${account}:launch-template/${LaunchTemplate.LaunchTemplateId}`,
    );
  });
});
