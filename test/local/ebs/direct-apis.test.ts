import { createHash } from "node:crypto";
import type { StartSnapshotCommandOutput } from "@aws-sdk/client-ebs";
import { beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../../local/core/clock.ts";
import { Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { EncryptionDefaults } from "../../../local/ebs/encryption-defaults.ts";
import { everyKeyUsable } from "../../../local/ebs/key-access.ts";
import { MemoryBlockFiles } from "../../../local/ebs/memory-block-files.ts";
import { EbsService } from "../../../local/ebs/service.ts";
import { Snapshots } from "../../../local/ebs/snapshots.ts";

const blockBytes = 524_288;
let clock: VirtualClock;
let kernel: Kernel;
let snapshots: Snapshots;
let defaults: EncryptionDefaults;

beforeEach(() => {
  clock = new VirtualClock();
  kernel = new Kernel(settingsWith(), clock);
  kernel.judge = () => undefined;
  snapshots = new Snapshots(kernel, new MemoryBlockFiles());
  defaults = new EncryptionDefaults(kernel);
  kernel.register(new EbsService(kernel, snapshots, everyKeyUsable(kernel), defaults));
  kernel.jobs.start();
});

const administrator = {
  kind: "user",
  arn: "arn:aws:iam::123456789012:user/admin",
  accountId: "123456789012",
  name: "admin",
} as const;
const call = <O>(operation: string, input: unknown) => kernel.call<O>("ebs", operation, input, administrator);

function block(fill: number): Uint8Array {
  return new Uint8Array(blockBytes).fill(fill);
}
const sha = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

function put(SnapshotId: string | undefined, BlockIndex: number, bytes: Uint8Array, over: object = {}) {
  const input = { SnapshotId, BlockIndex, BlockData: bytes, DataLength: blockBytes, ChecksumAlgorithm: "SHA256" };
  return call("PutSnapshotBlock", { ...input, Checksum: sha(bytes).toString("base64"), ...over });
}

async function started(input: object = {}): Promise<string> {
  const { SnapshotId } = await call<StartSnapshotCommandOutput>("StartSnapshot", { VolumeSize: 1, ...input });
  await clock.advance(2000);
  return SnapshotId ?? "";
}

async function completed(input: object = {}, blocks: [number, number][] = [[0, 1]]): Promise<string> {
  const id = await started(input);
  for (const [index, fill] of blocks) await put(id, index, block(fill));
  await call("CompleteSnapshot", { SnapshotId: id, ChangedBlocksCount: blocks.length });
  await clock.advance(4000);
  return id;
}

describe("EBS direct APIs", () => {
  // Semantic: snapshots: not found for a while after StartSnapshot. Source: awslabs/coldsnap issue 43 and pull 56.
  it("does not know a snapshot for a while after StartSnapshot, then takes its blocks", async () => {
    const { SnapshotId } = await call<StartSnapshotCommandOutput>("StartSnapshot", { VolumeSize: 1 });

    await expect(put(SnapshotId, 0, block(1))).rejects.toMatchObject({
      code: "ResourceNotFoundException",
      status: 404,
      members: { Reason: "SNAPSHOT_NOT_FOUND" },
    });
    await clock.advance(2000);
    await expect(put(SnapshotId, 0, block(1))).resolves.toMatchObject({ ChecksumAlgorithm: "SHA256" });
  });

  // Semantic: snapshots: completion is asynchronous. Source: EBS user guide, "Write data using the EBS direct APIs": an
  // asynchronous workflow that seals the snapshot.
  it("completes asynchronously and seals what was written", async () => {
    const id = await started();
    await put(id, 3, block(7));

    const linear = createHash("sha256")
      .update(sha(block(7)))
      .digest("base64");
    const answer = await call("CompleteSnapshot", {
      SnapshotId: id,
      ChangedBlocksCount: 1,
      Checksum: linear,
      ChecksumAlgorithm: "SHA256",
      ChecksumAggregationMethod: "LINEAR",
    });
    expect(answer).toMatchObject({ Status: "pending" });
    expect(snapshots.get(id)?.state).toBe("pending");
    await expect(put(id, 4, block(8))).rejects.toMatchObject({ code: "ValidationException" });

    await clock.advance(4000);
    expect(snapshots.get(id)).toMatchObject({ state: "completed", progress: 100 });
    expect(await call("CompleteSnapshot", { SnapshotId: id, ChangedBlocksCount: 1 })).toMatchObject({
      Status: "completed",
    });
  });

  // Semantic: snapshots: LINEAR checksums over raw digests. Source: API reference of CompleteSnapshot,
  // ChecksumAggregationMethod; awslabs/coldsnap, src/upload.rs.
  it("aggregates raw digests in the order of block indexes, whatever the order of writing", async () => {
    const id = await started();
    await put(id, 9, block(9));
    await put(id, 2, block(2));

    const complete = (parts: (Buffer | string)[]) => {
      const all = createHash("sha256");
      for (const part of parts) all.update(part);
      const checksum = { ChecksumAlgorithm: "SHA256", ChecksumAggregationMethod: "LINEAR" };
      return call("CompleteSnapshot", {
        SnapshotId: id,
        ChangedBlocksCount: 2,
        Checksum: all.digest("base64"),
        ...checksum,
      });
    };
    await expect(complete([sha(block(9)), sha(block(2))])).rejects.toMatchObject({ code: "ValidationException" });
    await expect(complete([sha(block(2)).toString("base64"), sha(block(9)).toString("base64")])).rejects.toMatchObject({
      code: "ValidationException",
    });
    await expect(complete([sha(block(2)), sha(block(9))])).resolves.toMatchObject({ Status: "pending" });
  });

  // Semantic: snapshots: block checksums. Source: API reference of PutSnapshotBlock and its ValidationException
  // reasons.
  it.each([
    ["a checksum of other bytes", { Checksum: sha(block(2)).toString("base64") }, "INVALID_BLOCK"],
    ["a length other than a block's", { DataLength: 4096 }, "INVALID_BLOCK"],
    ["a short body", { BlockData: new Uint8Array(100) }, "INVALID_BLOCK"],
    ["an index beyond the volume", { BlockIndex: 2048 }, "INVALID_BLOCK"],
    ["another checksum algorithm", { ChecksumAlgorithm: "MD5" }, "INVALID_PARAMETER_VALUE"],
  ])("refuses %s and writes nothing", async (_case, over, Reason) => {
    const id = await started();
    await expect(put(id, 0, block(1), over)).rejects.toMatchObject({
      code: "ValidationException",
      members: { Reason },
    });
    expect(snapshots.blocks(id)).toEqual([]);
  });

  it("refuses to complete with a wrong count of blocks", async () => {
    const id = await started();
    await put(id, 0, block(1));
    await expect(call("CompleteSnapshot", { SnapshotId: id, ChangedBlocksCount: 2 })).rejects.toMatchObject({
      code: "ValidationException",
    });
    expect(snapshots.get(id)?.direct?.sealed).toBe(false);
  });

  it("overwrites a block that is written twice and counts it once", async () => {
    const id = await completed({}, [[0, 1]]);
    expect(snapshots.blocks(id)).toHaveLength(1);
    const other = await started();
    await put(other, 0, block(1));
    await put(other, 0, block(2));
    await call("CompleteSnapshot", { SnapshotId: other, ChangedBlocksCount: 1 });
    expect((await snapshots.files.read(other, 0))[0]).toBe(2);
  });

  // Semantic: client tokens and their mismatch errors. Source: EBS user guide, "Idempotency for StartSnapshot API".
  it("answers the same snapshot for the same client token, and refuses the token for another request", async () => {
    const input = { VolumeSize: 1, ClientToken: "token-1", Tags: [{ Key: "a", Value: "1" }] };
    const first = await call<StartSnapshotCommandOutput>("StartSnapshot", input);
    const again = await call<StartSnapshotCommandOutput>("StartSnapshot", input);
    expect(again.SnapshotId).toBe(first.SnapshotId);
    await expect(call("StartSnapshot", { ...input, Tags: [{ Key: "a", Value: "2" }] })).rejects.toMatchObject({
      code: "ConflictException",
      status: 409,
    });
    expect(snapshots.list()).toHaveLength(1);
  });

  // Semantic: snapshots: unfinished ones time out. Source: API reference of StartSnapshot, Timeout.
  it("cancels a snapshot that stays untouched for its time-out, counted from the last block", async () => {
    const id = await started({ Timeout: 10 });
    await clock.advance(9 * 60_000);
    await put(id, 0, block(1));
    await clock.advance(9 * 60_000);
    expect(snapshots.get(id)?.state).toBe("pending");
    await clock.advance(2 * 60_000);
    expect(snapshots.get(id)?.state).toBe("error");
    await expect(put(id, 1, block(1))).rejects.toMatchObject({ code: "ValidationException" });
  });

  it("lists written blocks only, and reads them with the token of the block", async () => {
    const id = await completed({}, [
      [0, 1],
      [5, 6],
    ]);
    const list = await call<{ Blocks: { BlockIndex: number; BlockToken: string }[] }>("ListSnapshotBlocks", {
      SnapshotId: id,
    });
    expect(list.Blocks.map((entry) => entry.BlockIndex)).toEqual([0, 5]);

    const token = list.Blocks[1]?.BlockToken;
    const read = await call<{ BlockData: AsyncIterable<Uint8Array>; Checksum: string }>("GetSnapshotBlock", {
      SnapshotId: id,
      BlockIndex: 5,
      BlockToken: token,
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of read.BlockData) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(Buffer.from(block(6)))).toBe(true);
    await expect(call("GetSnapshotBlock", { SnapshotId: id, BlockIndex: 0, BlockToken: token })).rejects.toMatchObject({
      members: { Reason: "INVALID_BLOCK_TOKEN" },
    });
  });

  it("gives a child its parent's blocks and lists only what changed between them", async () => {
    const parent = await completed({}, [
      [0, 1],
      [1, 1],
    ]);
    const child = await completed({ ParentSnapshotId: parent }, [[1, 2]]);
    expect(snapshots.blocks(child).map(({ index }) => index)).toEqual([0, 1]);
    const changes = await call<{ ChangedBlocks: { BlockIndex: number }[] }>("ListChangedBlocks", {
      FirstSnapshotId: parent,
      SecondSnapshotId: child,
    });
    expect(changes.ChangedBlocks.map((entry) => entry.BlockIndex)).toEqual([1]);

    const stranger = await completed();
    await expect(
      call("ListChangedBlocks", { FirstSnapshotId: parent, SecondSnapshotId: stranger }),
    ).rejects.toMatchObject({ members: { Reason: "UNRELATED_SNAPSHOTS" } });
  });

  it("refuses encryption parameters beside a parent, and unencrypted snapshots when encryption is the default", async () => {
    const parent = await completed();
    await expect(
      call("StartSnapshot", { VolumeSize: 1, ParentSnapshotId: parent, Encrypted: true }),
    ).rejects.toMatchObject({ code: "ValidationException" });

    defaults.set({ encryptByDefault: true });
    expect(snapshots.get(await started())?.encrypted).toBe(true);
    await expect(call("StartSnapshot", { VolumeSize: 1, Encrypted: false })).rejects.toMatchObject({
      code: "ValidationException",
    });
    await expect(call("StartSnapshot", { VolumeSize: 1, ParentSnapshotId: parent })).rejects.toMatchObject({
      code: "ValidationException",
    });
  });

  // Semantic: snapshots: quotas. Source: Service Quotas, Amazon EBS: PutSnapshotBlock requests per snapshot.
  it("refuses more than 1,000 block requests a second for one snapshot and takes them again a second later", async () => {
    const id = await started();
    const bytes = block(1);
    const attempts = await Promise.allSettled(Array.from({ length: 1001 }, () => put(id, 0, bytes, { DataLength: 1 })));
    expect(attempts.at(-1)).toMatchObject({ reason: { code: "RequestThrottledException" } });
    await clock.advance(1000);
    await expect(put(id, 0, bytes)).resolves.toBeDefined();
  });

  it("refuses what is more than the account's own quota, however many snapshots it is for", async () => {
    kernel.settings.blockRequestsPerSecond = 4;
    const ids = [await started(), await started()];
    const attempts = await Promise.allSettled(ids.flatMap((id) => [0, 1, 2].map((index) => put(id, index, block(1)))));
    const refused = attempts.filter(({ status }) => status === "rejected");
    expect(refused).toHaveLength(2);
    expect(refused[0]).toMatchObject({
      reason: { code: "RequestThrottledException", members: { Reason: "ACCOUNT_THROTTLED" } },
    });
    await clock.advance(1000);
    await expect(put(ids[1], 2, block(1))).resolves.toBeDefined();
  });

  // Semantic: snapshots: quotas. Source: Service Quotas, Amazon EBS: pending snapshots per account.
  it("refuses the hundred and first pending snapshot, and takes it when another is completed", async () => {
    const ids = await Promise.all(
      Array.from({ length: 100 }, () => call<StartSnapshotCommandOutput>("StartSnapshot", { VolumeSize: 1 })),
    );
    const refused = call("StartSnapshot", { VolumeSize: 1 });
    await expect(refused).rejects.toMatchObject({ code: "ServiceQuotaExceededException", status: 402 });
    await clock.advance(2000);
    await call("CompleteSnapshot", { SnapshotId: ids[0]?.SnapshotId, ChangedBlocksCount: 0 });
    await clock.advance(4000);
    await expect(call("StartSnapshot", { VolumeSize: 1 })).resolves.toBeDefined();
  });

  it("judges every call on the snapshot's ARN with its tags", async () => {
    const id = await started({ Tags: [{ Key: "kiln:stage", Value: "dev" }] });
    const asked: unknown[] = [];
    kernel.judge = (_caller, requirement) => void asked.push(requirement);
    await put(id, 0, block(1));
    expect(asked).toEqual([
      {
        action: "ebs:PutSnapshotBlock",
        resource: `arn:aws:ec2:us-east-1::snapshot/${id}`,
        context: { "aws:ResourceTag/kiln:stage": "dev" },
      },
    ]);
  });
});
