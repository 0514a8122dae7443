import { beforeEach, describe, expect, it } from "vitest";
import { type Cloud, cloud } from "./cloud.ts";

let aws: Cloud;
let root: string;
let release: string;

beforeEach(async () => {
  aws = cloud();
  root = await aws.snapshot(8);
  release = await aws.snapshot(1);
});

function mappings(over: object = {}) {
  return [
    { DeviceName: "/dev/xvda", Ebs: { SnapshotId: root, VolumeType: "gp3", ...over } },
    { DeviceName: "/dev/sdf", Ebs: { SnapshotId: release } },
  ];
}

function register(over: object = {}) {
  const input = { Name: "web-1", RootDeviceName: "/dev/xvda", BlockDeviceMappings: mappings(), ...over };
  return aws.call("RegisterImage", input);
}

async function describeImage(ImageId: string) {
  const { Images } = await aws.call("DescribeImages", { ImageIds: [ImageId] });
  return Images[0];
}

describe("RegisterImage", () => {
  // Semantic: RegisterImage: defaults as harmful as AWS's. Source: API reference of RegisterImage: Architecture i386,
  // VirtualizationType paravirtual.
  it("takes the defaults of 2006 for whatever is left out", async () => {
    const { ImageId } = await register();
    await aws.clock.advance(5000);
    expect(await describeImage(ImageId)).toMatchObject({
      Architecture: "i386",
      VirtualizationType: "paravirtual",
      EnaSupport: false,
      BootMode: undefined,
      ImdsSupport: undefined,
      State: "available",
    });
  });

  // Semantic: RegisterImage: defaults as harmful as AWS's. Source: EC2 user guide, "Terminate your instance":
  // DeleteOnTermination is false for further volumes.
  it("keeps additional volumes when their instance ends, unless told otherwise", async () => {
    const { ImageId } = await register();
    await aws.clock.advance(5000);
    const image = await describeImage(ImageId);
    expect(
      image.BlockDeviceMappings.map((one: { Ebs: { DeleteOnTermination: boolean } }) => one.Ebs.DeleteOnTermination),
    ).toEqual([true, false]);
  });

  // Semantic: eventual consistency after a create, on by default. Source: EC2 API reference, "Eventual consistency".
  // Semantic: images: partial answers until they are available. Source: bottlerocket-os/bottlerocket pull 1066.
  it("is not found at first, then pending without snapshot ids, then available with them", async () => {
    const { ImageId } = await register();
    await expect(describeImage(ImageId)).rejects.toMatchObject({ code: "InvalidAMIID.NotFound" });
    await aws.visible();
    const pending = await describeImage(ImageId);
    expect(pending.State).toBe("pending");
    expect(pending.BlockDeviceMappings[0].Ebs.SnapshotId).toBeUndefined();
    await aws.clock.advance(5000);
    const available = await describeImage(ImageId);
    expect(available.State).toBe("available");
    expect(available.BlockDeviceMappings[0].Ebs.SnapshotId).toBe(root);
  });

  it("announces its states to EventBridge", async () => {
    const { ImageId } = await register();
    await aws.clock.advance(5000);
    const told = aws.events.filter((event) => event["detail-type"] === "EC2 AMI State Change");
    expect(told.map((event) => event.detail["State"])).toEqual(["pending", "available"]);
    expect(told[0]?.resources).toEqual([`arn:aws:ec2:us-east-1::image/${ImageId}`]);
  });

  // Semantic: unique names. Source: EC2 API error codes, InvalidAMIName.Duplicate.
  it("refuses a name that is taken, also by a disabled image, and names the image that has it", async () => {
    const { ImageId } = await register();
    await aws.clock.advance(5000);
    await expect(register()).rejects.toMatchObject({
      code: "InvalidAMIName.Duplicate",
      message: `AMI name web-1 is already in use by AMI ${ImageId}`,
    });
    await aws.call("DisableImage", { ImageId });
    await expect(register()).rejects.toMatchObject({ code: "InvalidAMIName.Duplicate" });
  });

  it.each([
    [
      "Encrypted beside a snapshot, whatever its value",
      () => ({ BlockDeviceMappings: mappings({ Encrypted: false }) }),
      "InvalidBlockDeviceMapping",
    ],
    [
      "a volume smaller than its snapshot",
      () => ({ BlockDeviceMappings: mappings({ VolumeSize: 4 }) }),
      "InvalidBlockDeviceMapping",
    ],
    [
      "tags for snapshots",
      () => ({ TagSpecifications: [{ ResourceType: "snapshot", Tags: [] }] }),
      "InvalidParameterValue",
    ],
    ["a malformed name", () => ({ Name: "web#1" }), "InvalidAMIName.Malformed"],
    ["no root device name", () => ({ RootDeviceName: undefined }), "MissingParameter"],
    ["a root device without a mapping", () => ({ RootDeviceName: "/dev/sda1" }), "InvalidBlockDeviceMapping"],
    [
      "a snapshot that does not exist",
      () => ({ BlockDeviceMappings: mappings({ SnapshotId: "snap-00000000000000000" }) }),
      "InvalidSnapshot.NotFound",
    ],
    ["a parameter this cloud would ignore", () => ({ KernelId: "aki-1" }), "NotImplemented"],
  ])("refuses %s and registers nothing", async (_case, over, code) => {
    await expect(register(over())).rejects.toMatchObject({ code });
    await aws.visible();
    expect((await aws.call("DescribeImages", { Owners: ["self"] })).Images).toEqual([]);
  });

  it("refuses a snapshot that is not completed", async () => {
    aws.snapshots.change(release, { state: "pending" });
    await expect(register()).rejects.toMatchObject({ code: "IncorrectState" });
  });

  it("takes billing information from the root snapshot's metadata", async () => {
    const lineage = { platformDetails: "Windows", usageOperation: "RunInstances:0002", productCodes: [] };
    aws.snapshots.change(root, { lineage });
    const { ImageId } = await register();
    await aws.clock.advance(5000);
    expect(await describeImage(ImageId)).toMatchObject({
      PlatformDetails: "Windows",
      UsageOperation: "RunInstances:0002",
      Platform: "windows",
    });
  });
});

describe("the life of an image", () => {
  let ImageId: string;

  beforeEach(async () => {
    ({ ImageId } = await register());
    await aws.clock.advance(5000);
  });

  // Semantic: images: disable and enable. Source: EC2 user guide, "Disable an Amazon EC2 AMI".
  it("is hidden while disabled unless asked for, and cannot be launched, until it is enabled again", async () => {
    await aws.call("DisableImage", { ImageId });
    const list = (over: object) => aws.call("DescribeImages", { Owners: ["self"], ...over });
    expect((await list({})).Images).toEqual([]);
    expect((await list({ IncludeDisabled: true })).Images[0].State).toBe("disabled");
    await expect(
      aws.call("RunInstances", { ImageId, InstanceType: "t3.small", MinCount: 1, MaxCount: 1 }),
    ).rejects.toMatchObject({ code: "InvalidAMIID.Unavailable" });
    await aws.call("EnableImage", { ImageId });
    expect((await list({})).Images[0].State).toBe("available");
  });

  // Semantic: images: deregistration with associated snapshots. Source: API reference of DeregisterImage,
  // DeleteAssociatedSnapshots.
  it("keeps the snapshots when it is deregistered without saying otherwise", async () => {
    await aws.call("DeregisterImage", { ImageId });
    await expect(describeImage(ImageId)).rejects.toMatchObject({ code: "InvalidAMIID.Unavailable" });
    expect(aws.snapshots.get(root)).toBeDefined();
    expect(aws.snapshots.get(release)).toBeDefined();
  });

  // Semantic: images: deregistration with associated snapshots. Source: API reference of DeregisterImage: a snapshot of
  // several AMIs is not deleted.
  it("deletes associated snapshots, but not one that another image has too", async () => {
    await register({ Name: "web-2", BlockDeviceMappings: [mappings()[0]] });
    const { DeleteSnapshotResults } = await aws.call("DeregisterImage", { ImageId, DeleteAssociatedSnapshots: true });
    expect(DeleteSnapshotResults).toEqual([
      { SnapshotId: root, ReturnCode: "skipped" },
      { SnapshotId: release, ReturnCode: "success" },
    ]);
    expect(aws.snapshots.get(root)).toBeDefined();
    expect(aws.snapshots.get(release)).toBeUndefined();
    expect(aws.files.ids()).toEqual([root]);
  });

  it("says which associated snapshots it may not delete", async () => {
    aws.kernel.judge = (_caller, { action }) => (action === "ec2:DeleteSnapshot" ? "because" : undefined);
    const { DeleteSnapshotResults } = await aws.call("DeregisterImage", { ImageId, DeleteAssociatedSnapshots: true });
    expect(DeleteSnapshotResults.map((one: { ReturnCode: string }) => one.ReturnCode)).toEqual([
      "missing-permissions",
      "missing-permissions",
    ]);
    expect(aws.snapshots.get(root)).toBeDefined();
  });

  // Semantic: images: deregistration protection. Source: EC2 user guide, "Protect an Amazon EC2 AMI from
  // deregistration".
  it("cannot be deregistered while protected, and with a cool-down only a day after protection ended", async () => {
    await aws.call("EnableImageDeregistrationProtection", { ImageId, WithCooldown: true });
    await expect(aws.call("DeregisterImage", { ImageId })).rejects.toMatchObject({ code: "OperationNotPermitted" });
    await aws.call("DisableImageDeregistrationProtection", { ImageId });
    await expect(aws.call("DeregisterImage", { ImageId })).rejects.toMatchObject({ code: "OperationNotPermitted" });
    await aws.clock.advance(24 * 3_600_000);
    await expect(aws.call("DeregisterImage", { ImageId })).resolves.toMatchObject({ Return: true });
  });

  // Semantic: in-use dependencies: the snapshot of an image. Source: API reference of DeleteSnapshot; EC2 API error
  // codes, InvalidSnapshot.InUse.
  it("keeps its snapshots from being deleted", async () => {
    await expect(aws.call("DeleteSnapshot", { SnapshotId: release })).rejects.toMatchObject({
      code: "InvalidSnapshot.InUse",
      message: `The snapshot ${release} is currently in use by ${ImageId}`,
    });
    await aws.call("DeregisterImage", { ImageId });
    await aws.call("DeleteSnapshot", { SnapshotId: release });
    expect(aws.snapshots.get(release)).toBeUndefined();
  });
});
