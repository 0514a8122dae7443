import { createHash } from "node:crypto";
import {
  CompleteSnapshotCommand,
  ListChangedBlocksCommand,
  ListSnapshotBlocksCommand,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
} from "@aws-sdk/client-ebs";
import { DeleteSnapshotCommand, DescribeSnapshotsCommand } from "@aws-sdk/client-ec2";
import type { Account } from "./account.ts";
import { type Check, refusal } from "./check.ts";

const blockBytes = 524_288;

/** One block of one byte's value, and its digest. */
export function block(value: number): { bytes: Uint8Array; digest: Buffer } {
  const bytes = new Uint8Array(blockBytes).fill(value);
  return { bytes, digest: createHash("sha256").update(bytes).digest() };
}

const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("base64");

/** A snapshot that is being written, of one GiB: what is not written costs nothing. */
export async function startSnapshot(
  account: Account,
  more: { ParentSnapshotId?: string; ClientToken?: string } = {},
): Promise<string> {
  const { SnapshotId = "" } = await account.ebs.send(
    new StartSnapshotCommand({ VolumeSize: 1, Timeout: 10, Tags: account.tags, ...more }),
  );
  account.cleanUp(`snapshot ${SnapshotId}`, () => account.ec2.send(new DeleteSnapshotCommand({ SnapshotId })));
  return SnapshotId;
}

/** Writes a block. Returns how long the snapshot was not found. Unit: seconds. */
export async function put(account: Account, SnapshotId: string, BlockIndex: number, value: number): Promise<number> {
  const { bytes, digest } = block(value);
  const startedMs = performance.now();
  await account.until("the snapshot to take blocks", async () => {
    const put = account.ebs.send(
      new PutSnapshotBlockCommand({
        SnapshotId,
        BlockIndex,
        BlockData: bytes,
        DataLength: blockBytes,
        Checksum: digest.toString("base64"),
        ChecksumAlgorithm: "SHA256",
      }),
    );
    return put.then(
      () => true,
      (error: Error) => {
        if (error.name === "ResourceNotFoundException") return false;
        throw error;
      },
    );
  });
  return (performance.now() - startedMs) / 1000;
}

export function complete(account: Account, SnapshotId: string, ChangedBlocksCount: number, Checksum?: string) {
  const checked = { Checksum, ChecksumAlgorithm: "SHA256", ChecksumAggregationMethod: "LINEAR" } as const;
  return account.ebs.send(
    new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount, ...(Checksum !== undefined && checked) }),
  );
}

/** @returns How long it took. Unit: seconds. */
export async function completed(account: Account, SnapshotId: string): Promise<number> {
  const startedMs = performance.now();
  await account.until("the snapshot to be completed", async () => {
    const { Snapshots } = await account.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [SnapshotId] }));
    return Snapshots?.[0]?.State === "completed";
  });
  return (performance.now() - startedMs) / 1000;
}

/** A completed snapshot with these blocks, each of one byte's value, by index. */
export async function written(account: Account, blocks: Record<number, number>, parent?: string): Promise<string> {
  const id = await startSnapshot(account, parent === undefined ? {} : { ParentSnapshotId: parent });
  for (const [index, value] of Object.entries(blocks)) await put(account, id, Number(index), value);
  await complete(account, id, Object.keys(blocks).length);
  await completed(account, id);
  return id;
}

export const snapshotChecks: readonly Check[] = [
  {
    name: "linear-checksum",
    question: "Over which bytes is CompleteSnapshot's LINEAR checksum made?",
    assumed: { overBase64Digests: "ValidationException", overRawDigests: "none" },
    basis:
      "awslabs/coldsnap src/upload.rs concatenates raw digests; the API reference can be read both ways. Every bake rests on it.",
    cents: 1,
    async run(account) {
      const id = await startSnapshot(account);
      const notFoundSeconds = await put(account, id, 0, 1);
      await put(account, id, 1, 2);
      const digests = [block(1).digest, block(2).digest];
      const texts = digests.map((digest) => digest.toString("base64")).join("");
      const overBase64Digests = await refusal(complete(account, id, 2, sha256(texts)));
      const overRawDigests = await refusal(complete(account, id, 2, sha256(Buffer.concat(digests))));
      return {
        facts: { overBase64Digests, overRawDigests },
        seconds: { untilBlocksAreTaken: notFoundSeconds, untilCompleted: await completed(account, id) },
      };
    },
  },
  {
    name: "snapshot-token",
    question: "What does StartSnapshot answer to a token it knows?",
    assumed: { sameRequest: "the same snapshot", otherRequest: "ConflictException" },
    basis: "EBS API reference, StartSnapshot. A repeated bake adopts its snapshot by it.",
    cents: 0,
    async run(account) {
      const ClientToken = account.name("token").slice(0, 64);
      const first = await startSnapshot(account, { ClientToken });
      const again = await startSnapshot(account, { ClientToken });
      const other = new StartSnapshotCommand({ VolumeSize: 2, Timeout: 10, Tags: account.tags, ClientToken });
      return {
        facts: {
          sameRequest: first === again ? "the same snapshot" : "another snapshot",
          otherRequest: await refusal(account.ebs.send(other)),
        },
      };
    },
  },
  {
    name: "unwritten-blocks",
    question: "Does a snapshot list blocks that were never written?",
    assumed: { listed: [0, 3] },
    basis:
      "EBS user guide, read snapshots. What is not listed reads as anything on an encrypted volume (awslabs/coldsnap issue 395).",
    cents: 1,
    async run(account) {
      const id = await written(account, { 0: 1, 3: 2 });
      const { Blocks = [] } = await account.ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: id }));
      return { facts: { listed: Blocks.map(({ BlockIndex }) => BlockIndex) } };
    },
  },
  {
    name: "child-snapshot",
    question: "Does a snapshot with a parent carry the parent's blocks, and differ from it in its own alone?",
    assumed: { listed: [0, 1], changed: [1] },
    basis:
      "EBS user guide, write snapshots, says incremental and no more. A release volume inside the root disk would rest on it.",
    cents: 1,
    async run(account) {
      const parent = await written(account, { 0: 1, 1: 2 });
      const child = await written(account, { 1: 3 }, parent);
      const { Blocks = [] } = await account.ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: child }));
      const { ChangedBlocks = [] } = await account.ebs.send(
        new ListChangedBlocksCommand({ FirstSnapshotId: parent, SecondSnapshotId: child }),
      );
      return {
        facts: {
          listed: Blocks.map(({ BlockIndex }) => BlockIndex),
          changed: ChangedBlocks.map(({ BlockIndex }) => BlockIndex),
        },
      };
    },
  },
];
