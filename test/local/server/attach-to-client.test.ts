import { Readable } from "node:stream";
import { EBSClient, PutSnapshotBlockCommand, ResourceNotFoundException } from "@aws-sdk/client-ebs";
import { DescribeInstancesCommand, EC2Client, EC2ServiceException, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { AwsError } from "../../../local/core/aws-error.ts";
import { VirtualClock } from "../../../local/core/clock.ts";
import { type Caller, Kernel, type Operation } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { attachToClient } from "../../../local/server/attach-to-client.ts";
import { collect } from "../../../local/wire/body.ts";

const caller: Caller = { kind: "role", arn: "arn:role", accountId: "123456789012", name: "r" };

function kernelWith(id: string, operations: Record<string, Operation["run"]>) {
  const kernel = new Kernel(settingsWith(), new VirtualClock());
  kernel.judge = () => undefined;
  kernel.register({
    id,
    operations: Object.fromEntries(Object.entries(operations).map(([name, run]) => [name, { run }])),
  });
  return kernel;
}

describe("a client attached to the kernel", () => {
  it("calls as its caller, with idempotency tokens filled in and the input copied", async () => {
    const seen: { input: Record<string, unknown>; caller: Caller }[] = [];
    const kernel = kernelWith("ec2", {
      RunInstances: (input, call) => {
        seen.push({ input, caller: call.caller });
        return { ReservationId: "r-1", Unknown: "dropped" };
      },
    });
    const client = attachToClient(new EC2Client({ region: "us-east-1" }), kernel, "ec2", caller);
    const input = { MinCount: 1, MaxCount: 1, SecurityGroupIds: ["sg-1"] };
    const output = await client.send(new RunInstancesCommand(input));
    expect(output).toEqual({ ReservationId: "r-1", $metadata: expect.objectContaining({ httpStatusCode: 200 }) });
    expect(seen[0]).toMatchObject({ input, caller });
    expect(seen[0]?.input["ClientToken"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(seen[0]?.input["SecurityGroupIds"]).not.toBe(input.SecurityGroupIds);
  });

  it("throws the exceptions of the SDK, modelled or under the code's name", async () => {
    const ec2 = kernelWith("ec2", {
      DescribeInstances: () => {
        throw new AwsError("InvalidInstanceID.NotFound", "gone");
      },
    });
    const failed = attachToClient(new EC2Client({}), ec2, "ec2", caller).send(new DescribeInstancesCommand({}));
    await expect(failed).rejects.toBeInstanceOf(EC2ServiceException);
    await expect(failed).rejects.toMatchObject({
      name: "InvalidInstanceID.NotFound",
      $metadata: { httpStatusCode: 400 },
    });
    const ebs = kernelWith("ebs", {
      PutSnapshotBlock: async (input) => {
        await collect(input.BlockData);
        throw new AwsError("ResourceNotFoundException", "no snapshot", 404, { Reason: "SNAPSHOT_NOT_FOUND" });
      },
    });
    const block = {
      SnapshotId: "snap-1",
      BlockIndex: 0,
      BlockData: "x",
      DataLength: 1,
      Checksum: "c",
      ChecksumAlgorithm: "SHA256" as const,
    };
    const put = attachToClient(new EBSClient({}), ebs, "ebs", caller).send(new PutSnapshotBlockCommand(block));
    await expect(put).rejects.toBeInstanceOf(ResourceNotFoundException);
    await expect(put).rejects.toMatchObject({ Reason: "SNAPSHOT_NOT_FOUND", message: "no snapshot" });
  });

  it("passes bodies of any kind as streams and gives back the SDK's own", async () => {
    const objects = new Map<string, Uint8Array>();
    const kernel = kernelWith("s3", {
      PutObject: async (input) => {
        objects.set(input.Key, await collect(input.Body));
        return { ETag: '"e"' };
      },
      GetObject: (input) => {
        const body = objects.get(input.Key);
        if (!body) throw new AwsError("NoSuchKey", "The specified key does not exist.", 404);
        return { Body: Readable.from([body]) };
      },
    });
    const client = attachToClient(new S3Client({ region: "us-east-1" }), kernel, "s3", caller);
    await client.send(new PutObjectCommand({ Bucket: "b", Key: "k", Body: "text" }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket: "b", Key: "k" }));
    expect(await Body?.transformToString()).toBe("text");
    await expect(client.send(new GetObjectCommand({ Bucket: "b", Key: "no" }))).rejects.toBeInstanceOf(NoSuchKey);
  });

  it("refuses an invalid input as the wire would, before the operation runs", async () => {
    const kernel = kernelWith("ec2", {});
    const client = attachToClient(new EC2Client({}), kernel, "ec2", caller);
    const command = new RunInstancesCommand({ MinCount: 1 } as { MinCount: number; MaxCount: number });
    await expect(client.send(command)).rejects.toMatchObject({ name: "MissingParameter" });
  });
});
