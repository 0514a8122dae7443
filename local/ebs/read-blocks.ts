import type {
  GetSnapshotBlockCommandInput,
  ListChangedBlocksCommandInput,
  ListChangedBlocksCommandOutput,
  ListSnapshotBlocksCommandInput,
  ListSnapshotBlocksCommandOutput,
} from "@aws-sdk/client-ebs";
import type { Operation } from "../core/kernel.ts";
import { blockBytes } from "./block-size.ts";
import type { DirectApis } from "./direct-apis.ts";
import { invalid } from "./errors.ts";
import type { SnapshotRecord } from "./snapshots.ts";

/** Block tokens are valid for seven days. Source: API_ListSnapshotBlocks, ExpiryTime. */
const tokenLifeMs = 7 * 86_400_000;
/** Bounds and default of MaxResults. Source: botocore ebs model; default from API_ListSnapshotBlocks. */
const pageBounds = { min: 100, max: 10_000 };

/** GetSnapshotBlock: the body is a stream, as on the wire. */
interface SnapshotBlock {
  DataLength: number;
  BlockData: AsyncIterable<Uint8Array>;
  Checksum: string;
  ChecksumAlgorithm: "SHA256";
}

export function listSnapshotBlocks(
  apis: DirectApis,
): Operation<ListSnapshotBlocksCommandInput, ListSnapshotBlocksCommandOutput> {
  return {
    permissions: ({ SnapshotId }) => apis.permission("ebs:ListSnapshotBlocks", SnapshotId),
    run(input) {
      const record = requireReadable(apis, input.SnapshotId);
      const expiresMs = apis.kernel.clock.now() + tokenLifeMs;
      const all = apis.snapshots.blocks(record.snapshotId).map(({ index }) => index);
      const { indexes, NextToken } = page(all, input);
      return {
        $metadata: {},
        Blocks: indexes.map((index) => ({
          BlockIndex: index,
          BlockToken: blockToken(record.snapshotId, index, expiresMs),
        })),
        ExpiryTime: new Date(expiresMs),
        VolumeSize: record.volumeSizeGiB,
        BlockSize: blockBytes,
        NextToken,
      };
    },
  };
}

export function listChangedBlocks(
  apis: DirectApis,
): Operation<ListChangedBlocksCommandInput, ListChangedBlocksCommandOutput> {
  return {
    permissions: ({ FirstSnapshotId, SecondSnapshotId }) => [
      ...(FirstSnapshotId === undefined ? [] : apis.permission("ebs:ListChangedBlocks", FirstSnapshotId)),
      ...apis.permission("ebs:ListChangedBlocks", SecondSnapshotId),
    ],
    run(input) {
      const second = requireReadable(apis, input.SecondSnapshotId);
      const first = input.FirstSnapshotId === undefined ? undefined : requireReadable(apis, input.FirstSnapshotId);
      if (first && !related(apis, first, second)) {
        throw invalid("UNRELATED_SNAPSHOTS", "The specified snapshots are not related to each other.");
      }
      const before = checksums(apis, first);
      const after = checksums(apis, second);
      const changed = [...new Set([...before.keys(), ...after.keys()])].sort((a, b) => a - b);
      const { indexes, NextToken } = page(
        changed.filter((index) => before.get(index) !== after.get(index)),
        input,
      );
      const expiresMs = apis.kernel.clock.now() + tokenLifeMs;
      const token = (record: Readonly<SnapshotRecord> | undefined, index: number, has: boolean) =>
        record && has ? blockToken(record.snapshotId, index, expiresMs) : undefined;
      return {
        $metadata: {},
        ChangedBlocks: indexes.map((index) => ({
          BlockIndex: index,
          FirstBlockToken: token(first, index, before.has(index)),
          SecondBlockToken: token(second, index, after.has(index)),
        })),
        ExpiryTime: new Date(expiresMs),
        VolumeSize: second.volumeSizeGiB,
        BlockSize: blockBytes,
        NextToken,
      };
    },
  };
}

export function getSnapshotBlock(apis: DirectApis): Operation<GetSnapshotBlockCommandInput, SnapshotBlock> {
  return {
    permissions: ({ SnapshotId }) => apis.permission("ebs:GetSnapshotBlock", SnapshotId),
    async run(input, call) {
      const record = requireReadable(apis, input.SnapshotId);
      apis.throttle("get", record.snapshotId);
      const block = apis.snapshots.block(record.snapshotId, input.BlockIndex ?? -1);
      if (!block) throw invalid("INVALID_BLOCK", "The block index is not one of the snapshot's.");
      if (!tokenHolds(input.BlockToken, record.snapshotId, block.index, apis.kernel.clock.now())) {
        throw invalid("INVALID_BLOCK_TOKEN", "The block token is expired or not of this block.");
      }
      if (record.kmsKeyArn) apis.keys.assertUsable(record.kmsKeyArn, call.caller, ["kms:Decrypt"]);
      const bytes = await apis.snapshots.files.read(record.snapshotId, block.index);
      return {
        DataLength: blockBytes,
        BlockData: (async function* () {
          yield bytes;
        })(),
        Checksum: block.checksum,
        ChecksumAlgorithm: "SHA256",
      };
    },
  };
}

function requireReadable(apis: DirectApis, snapshotId: string | undefined): Readonly<SnapshotRecord> {
  const record = apis.require(snapshotId);
  if (record.state === "completed") return record;
  throw invalid("INVALID_SNAPSHOT_ID", `The snapshot '${record.snapshotId}' is not completed.`);
}

/** Of one lineage: one is the other's ancestor. Without a lineage AWS refuses (awslabs/coldsnap issue 466). */
function related(apis: DirectApis, a: Readonly<SnapshotRecord>, b: Readonly<SnapshotRecord>): boolean {
  const ancestors = (record: Readonly<SnapshotRecord>): string[] => {
    const ids = [record.snapshotId];
    for (let id = record.parentSnapshotId; id !== undefined; id = apis.snapshots.get(id)?.parentSnapshotId)
      ids.push(id);
    return ids;
  };
  return ancestors(a).includes(b.snapshotId) || ancestors(b).includes(a.snapshotId);
}

function checksums(apis: DirectApis, record: Readonly<SnapshotRecord> | undefined): Map<number, string> {
  const blocks = record ? apis.snapshots.blocks(record.snapshotId) : [];
  return new Map(blocks.map(({ index, checksum }) => [index, checksum]));
}

function page(
  all: number[],
  input: { NextToken?: string; MaxResults?: number; StartingBlockIndex?: number },
): { indexes: number[]; NextToken: string | undefined } {
  const size = input.MaxResults ?? pageBounds.max;
  if (size < pageBounds.min || size > pageBounds.max) {
    throw invalid("INVALID_PARAMETER_VALUE", `MaxResults must be between ${pageBounds.min} and ${pageBounds.max}.`);
  }
  const from = input.NextToken === undefined ? (input.StartingBlockIndex ?? 0) : pageStart(input.NextToken);
  const rest = all.filter((index) => index >= from);
  const next = rest[size];
  return {
    indexes: rest.slice(0, size),
    NextToken: next === undefined ? undefined : Buffer.from(`page:${next}`).toString("base64"),
  };
}

function pageStart(token: string): number {
  const start = /^page:(\d+)$/.exec(Buffer.from(token, "base64").toString())?.[1];
  if (start === undefined) throw invalid("INVALID_PAGE_TOKEN", "The page token is not valid.");
  return Number(start);
}

function blockToken(snapshotId: string, index: number, expiresMs: number): string {
  return Buffer.from(`${snapshotId}:${index}:${expiresMs}`).toString("base64");
}

function tokenHolds(token: string | undefined, snapshotId: string, index: number, nowMs: number): boolean {
  const [id, block, expiresMs] = Buffer.from(token ?? "", "base64")
    .toString()
    .split(":");
  return id === snapshotId && Number(block) === index && Number(expiresMs) > nowMs;
}
