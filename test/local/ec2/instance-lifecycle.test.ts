import { PassThrough } from "node:stream";
import { beforeEach, describe, expect, it } from "vitest";
import { AwsError } from "../../../local/core/aws-error.ts";
import type { MachineSpec } from "../../../local/machine/machine-host.ts";
import { al2023, type Cloud, cloud } from "./cloud.ts";

let aws: Cloud;
let booted: MachineSpec[];

beforeEach(() => {
  booted = [];
  aws = cloud({
    behave(spec) {
      booted.push(spec);
      return { console: `Booting ${spec.id}\n`, connect: () => new PassThrough() };
    },
  });
});

const launch = (over: object = {}) =>
  aws.call("RunInstances", { ImageId: al2023, InstanceType: "t3.small", MinCount: 1, MaxCount: 1, ...over });

describe("the life of an instance", () => {
  it("goes from pending to running, boots a little later, and is checked a minute after", async () => {
    const { Instances } = await launch({ UserData: Buffer.from("#!/bin/bash\necho hi\n").toString("base64") });
    const InstanceId = Instances[0].InstanceId;
    await expect(aws.call("DescribeInstances", { InstanceIds: [InstanceId] })).rejects.toMatchObject({
      code: "InvalidInstanceID.NotFound",
    });
    await aws.clock.advance(17_000);
    expect(await aws.stateOf(InstanceId)).toBe("pending");
    await aws.clock.advance(1000);
    expect(await aws.stateOf(InstanceId)).toBe("running");
    expect(booted).toEqual([]);
    await aws.clock.advance(3000);
    expect(booted).toMatchObject([
      { id: InstanceId, base: "al2023", userData: "#!/bin/bash\necho hi\n", disks: [{ name: "nvme0n1" }] },
    ]);
    const status = async () => {
      const { InstanceStatuses } = await aws.call("DescribeInstanceStatus", { InstanceIds: [InstanceId] });
      return InstanceStatuses[0].InstanceStatus.Status;
    };
    expect(await status()).toBe("initializing");
    await aws.clock.advance(60_000);
    expect(await status()).toBe("ok");
  });

  it("tells every state to EventBridge and to the other services", async () => {
    const signals: string[] = [];
    aws.kernel.on("ec2.instance.changed", ({ state }) => signals.push(state));
    const InstanceId = await aws.running();
    await aws.call("TerminateInstances", { InstanceIds: [InstanceId] });
    await aws.clock.advance(20_000);
    const states = ["pending", "running", "shutting-down", "terminated"];
    expect(signals).toEqual(states);
    const told = aws.events.filter((event) => event["detail-type"] === "EC2 Instance State-change Notification");
    expect(told.map((event) => event.detail)).toEqual(states.map((state) => ({ "instance-id": InstanceId, state })));
  });

  it("shuts the machine down when terminated, deletes what is to be deleted, and is forgotten an hour later", async () => {
    const data = await aws.snapshot(1);
    const InstanceId = await aws.running({
      BlockDeviceMappings: [
        { DeviceName: "/dev/sdf", Ebs: { SnapshotId: data, DeleteOnTermination: true } },
        { DeviceName: "/dev/sdg", Ebs: { SnapshotId: data } },
      ],
    });
    expect((await aws.call("DescribeVolumes", {})).Volumes).toHaveLength(3);
    const answer = await aws.call("TerminateInstances", { InstanceIds: [InstanceId] });
    expect(answer.TerminatingInstances).toMatchObject([
      { PreviousState: { Name: "running" }, CurrentState: { Name: "shutting-down" } },
    ]);
    await aws.clock.advance(20_000);
    expect(await aws.stateOf(InstanceId)).toBe("terminated");
    expect(aws.machines.log).toEqual([`start ${InstanceId}`, `stop ${InstanceId}`, `remove ${InstanceId}`]);
    const { Volumes } = await aws.call("DescribeVolumes", {});
    expect(Volumes).toMatchObject([{ State: "available", Attachments: [], SnapshotId: data }]);
    expect(aws.files.ids()).toEqual([data, Volumes[0].VolumeId].sort());
    expect((await aws.call("DescribeNetworkInterfaces", {})).NetworkInterfaces).toEqual([]);

    const { Output } = await aws.call("GetConsoleOutput", { InstanceId });
    expect(Buffer.from(Output, "base64").toString()).toContain(`Booting ${InstanceId}`);
    await aws.clock.advance(3_600_000);
    await expect(aws.stateOf(InstanceId)).rejects.toMatchObject({ code: "InvalidInstanceID.NotFound" });
  });

  it("may be terminated while pending, and then never runs", async () => {
    const { Instances } = await launch();
    await aws.visible();
    await aws.call("TerminateInstances", { InstanceIds: [Instances[0].InstanceId] });
    await aws.clock.advance(60_000);
    expect(await aws.stateOf(Instances[0].InstanceId)).toBe("terminated");
    expect(booted).toEqual([]);
    expect(aws.files.ids()).toEqual([]);
  });

  it("terminating twice does no harm; with protection it is refused for all instances of the request", async () => {
    const first = await aws.running();
    const second = await aws.running({ DisableApiTermination: true });
    await expect(aws.call("TerminateInstances", { InstanceIds: [first, second] })).rejects.toMatchObject({
      code: "OperationNotPermitted",
    });
    expect(await aws.stateOf(first)).toBe("running");
    await aws.call("TerminateInstances", { InstanceIds: [first] });
    await aws.call("TerminateInstances", { InstanceIds: [first] });
    await aws.clock.advance(20_000);
    await aws.call("TerminateInstances", { InstanceIds: [first] });
    expect(await aws.stateOf(first)).toBe("terminated");
  });

  it("stops and starts again with the same volumes and address", async () => {
    const InstanceId = await aws.running();
    const before = aws.ec2.instance(InstanceId);
    await expect(aws.call("StartInstances", { InstanceIds: [InstanceId] })).resolves.toBeDefined();
    await aws.call("StopInstances", { InstanceIds: [InstanceId] });
    await aws.clock.advance(20_000);
    expect(await aws.stateOf(InstanceId)).toBe("stopped");
    await expect(aws.call("RebootInstances", { InstanceIds: [InstanceId] })).rejects.toMatchObject({
      code: "IncorrectInstanceState",
    });
    await aws.call("StartInstances", { InstanceIds: [InstanceId] });
    await aws.clock.advance(21_000);
    expect(await aws.stateOf(InstanceId)).toBe("running");
    expect(aws.ec2.instance(InstanceId)?.volumes).toEqual(before?.volumes);
    expect(aws.ec2.privateIp(InstanceId)).toBe(before?.privateIp);
    expect(booted).toHaveLength(2);
  });

  it("reboots without leaving the state running", async () => {
    const InstanceId = await aws.running();
    await aws.call("RebootInstances", { InstanceIds: [InstanceId] });
    await aws.clock.advance(1000);
    expect(await aws.stateOf(InstanceId)).toBe("running");
    expect(aws.machines.log).toEqual([`start ${InstanceId}`, `stop ${InstanceId}`, `start ${InstanceId}`]);
  });

  it("is found impaired after its machine died, keeps its console, and stays running", async () => {
    const InstanceId = await aws.running();
    await aws.clock.advance(60_000);
    aws.machines.crash(InstanceId, "Kernel panic");
    await aws.clock.advance(60_000);
    const impaired = [{ Name: "instance-status.status", Values: ["impaired"] }];
    const { InstanceStatuses } = await aws.call("DescribeInstanceStatus", { Filters: impaired });
    expect(InstanceStatuses).toMatchObject([
      { InstanceId, InstanceState: { Name: "running" }, InstanceStatus: { Details: [{ Status: "failed" }] } },
    ]);
    const { Output } = await aws.call("GetConsoleOutput", { InstanceId });
    expect(Buffer.from(Output, "base64").toString()).toContain("Kernel panic");
  });

  it("is reached through its machine only while that is up", async () => {
    const InstanceId = await aws.running();
    await expect(aws.ec2.connect(InstanceId, 8080)).resolves.toBeInstanceOf(PassThrough);
    await aws.call("StopInstances", { InstanceIds: [InstanceId] });
    await aws.clock.advance(1000);
    await expect(aws.ec2.connect(InstanceId, 8080)).rejects.toMatchObject({ code: "EHOSTUNREACH" });
  });

  it("boots again after the cloud was restarted, and ends what was left of before", async () => {
    const InstanceId = await aws.running();
    await aws.ec2.stop();
    await aws.ec2.resume();
    await aws.clock.advance(1000);
    expect(aws.machines.log).toEqual([`start ${InstanceId}`, "endLeftovers", `start ${InstanceId}`]);
    expect(aws.machines.isUp(InstanceId)).toBe(true);
  });
});

describe("encrypted volumes", () => {
  const keys = {
    arnOf: () => "arn:aws:kms:us-east-1:123456789012:key/denied",
    assertUsable() {
      throw new AwsError("AccessDeniedException", "no");
    },
  };

  it("end the instance by themselves when the launcher may not use the key", async () => {
    aws = cloud({ keys });
    const { Instances } = await launch({
      BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { Encrypted: true, DeleteOnTermination: true } }],
    });
    await aws.clock.advance(30_000);
    const { Reservations } = await aws.call("DescribeInstances", { InstanceIds: [Instances[0].InstanceId] });
    expect(Reservations[0].Instances[0]).toMatchObject({
      State: { Name: "terminated" },
      StateReason: { Code: "Client.InternalError", Message: "Client.InternalError: Client error on launch" },
    });
    expect(booted).toEqual([]);
  });

  // Semantic: snapshots: unwritten blocks of encrypted ones are random. Source: awslabs/coldsnap issue 395;
  // bottlerocket-os/bottlerocket pull 2169.
  it("read as noise where nothing was written, and unencrypted ones as zeros", async () => {
    const secret = await aws.snapshot(1, { encrypted: true, kmsKeyArn: "arn:aws:kms:us-east-1:123456789012:key/k" });
    const plain = await aws.snapshot(1);
    await aws.running({
      BlockDeviceMappings: [
        { DeviceName: "/dev/sdf", Ebs: { SnapshotId: secret } },
        { DeviceName: "/dev/sdg", Ebs: { SnapshotId: plain } },
      ],
    });
    const isZero = async (name: string) => {
      const volumeId = booted[0]?.disks.find((disk) => disk.name === name)?.volumeId ?? "";
      expect((await aws.files.read(volumeId, 0))[0]).toBe(7);
      return (await aws.files.read(volumeId, 1)).every((byte) => byte === 0);
    };
    expect(await isZero("nvme1n1")).toBe(false);
    expect(await isZero("nvme2n1")).toBe(true);
  });
});

describe("CreateImage", () => {
  it("reboots the instance, snapshots its volumes, and can be launched again", async () => {
    const InstanceId = await aws.running();
    const { ImageId } = await aws.call("CreateImage", { InstanceId, Name: "golden" });
    await aws.clock.advance(10_000);
    const { Images } = await aws.call("DescribeImages", { ImageIds: [ImageId] });
    expect(Images[0]).toMatchObject({
      State: "available",
      SourceInstanceId: InstanceId,
      PlatformDetails: "Linux/UNIX",
    });
    expect(aws.machines.log).toContain(`stop ${InstanceId}`);
    const copy = await aws.running({ ImageId });
    expect(booted.at(-1)).toMatchObject({ id: copy, base: "al2023", files: expect.stringMatching(/^root-/) });
  });
});
