import { createHash } from "node:crypto";
import type {
  CompleteSnapshotCommandInput,
  CompleteSnapshotCommandOutput,
  PutSnapshotBlockCommandInput,
  PutSnapshotBlockCommandOutput,
} from "@aws-sdk/client-ebs";
import type { Operation } from "../core/kernel.ts";
import { blockBytes } from "./block-size.ts";
import type { DirectApis } from "./direct-apis.ts";
import { invalid } from "./errors.ts";
import type { SnapshotRecord } from "./snapshots.ts";

/** PutSnapshotBlock: overwrites the block; only while the snapshot is pending and not yet being completed. */
export function putSnapshotBlock(
  apis: DirectApis,
): Operation<PutSnapshotBlockCommandInput, PutSnapshotBlockCommandOutput> {
  const underWay = new Set<string>();
  return {
    permissions: ({ SnapshotId }) => apis.permission("ebs:PutSnapshotBlock", SnapshotId),
    async run(input) {
      const record = requireWritable(apis, input.SnapshotId);
      apis.throttle("put", record.snapshotId);
      const index = checkedIndex(record, input.BlockIndex);
      const block = `${record.snapshotId}/${index}`;
      if (underWay.has(block)) throw invalid("CONFLICTING_BLOCK_UPDATE", "The block is being updated already.");
      underWay.add(block);
      try {
        const bytes = await checkedBytes(input);
        const checksum = input.Checksum ?? "";
        await apis.snapshots.writeBlock(record.snapshotId, index, bytes, checksum);
        touch(apis, record.snapshotId, input.Progress);
        return { $metadata: {}, Checksum: checksum, ChecksumAlgorithm: "SHA256" };
      } finally {
        underWay.delete(block);
      }
    },
  };
}

/**
 * CompleteSnapshot. It answers `pending` and seals the snapshot a little later. Repeating it while the snapshot is being
 * sealed or is completed answers its present state.
 */
export function completeSnapshot(
  apis: DirectApis,
): Operation<CompleteSnapshotCommandInput, CompleteSnapshotCommandOutput> {
  const { kernel, snapshots } = apis;
  kernel.jobs.on<{ snapshotId: string }>("ebs.snapshot.seal", async ({ snapshotId }) => {
    const record = snapshots.get(snapshotId);
    if (record?.state !== "pending") return;
    if (record.parentSnapshotId) await snapshots.inherit(record.parentSnapshotId, snapshotId);
    snapshots.change(snapshotId, { state: "completed", progress: 100, completedAtMs: kernel.clock.now() });
  });

  return {
    permissions: ({ SnapshotId }) => apis.permission("ebs:CompleteSnapshot", SnapshotId),
    run(input) {
      const record = apis.require(input.SnapshotId);
      if (!record.direct) throw invalid("INVALID_SNAPSHOT_ID", "The snapshot was not started by StartSnapshot.");
      if (record.state !== "pending" || record.direct.sealed) return { $metadata: {}, Status: record.state };
      compareWithWritten(apis, record.snapshotId, input);
      snapshots.change(record.snapshotId, { direct: { ...record.direct, sealed: true } });
      kernel.jobs.cancel(`ebs.timeout/${record.snapshotId}`);
      const atMs = kernel.clock.now() + kernel.settings.delays.snapshotCompleteSeconds * 1000;
      kernel.jobs.schedule("ebs.snapshot.seal", atMs, { snapshotId: record.snapshotId });
      return { $metadata: {}, Status: "pending" };
    },
  };
}

function requireWritable(apis: DirectApis, snapshotId: string | undefined): Readonly<SnapshotRecord> {
  const record = apis.require(snapshotId);
  if (record.direct && record.state === "pending" && !record.direct.sealed) return record;
  // The model names no reason for this case; this one is the nearest.
  throw invalid("INVALID_SNAPSHOT_ID", `The snapshot '${record.snapshotId}' is not in the state 'pending'.`);
}

function checkedIndex(record: Readonly<SnapshotRecord>, index: number | undefined): number {
  const blocks = (record.volumeSizeGiB * 2 ** 30) / blockBytes;
  if (index !== undefined && Number.isInteger(index) && index >= 0 && index < blocks) return index;
  throw invalid("INVALID_BLOCK", `The block index must be between 0 and ${blocks - 1}.`);
}

async function checkedBytes(input: PutSnapshotBlockCommandInput): Promise<Uint8Array> {
  if (input.DataLength !== blockBytes) throw invalid("INVALID_BLOCK", `DataLength must be ${blockBytes}.`);
  if (input.ChecksumAlgorithm !== "SHA256") {
    throw invalid("INVALID_PARAMETER_VALUE", "ChecksumAlgorithm must be SHA256.");
  }
  const bytes = await collect(input.BlockData);
  if (bytes.length !== blockBytes) {
    throw invalid("INVALID_BLOCK", `The block has ${bytes.length} bytes; it must have ${blockBytes}.`);
  }
  if (createHash("sha256").update(bytes).digest("base64") !== input.Checksum) {
    throw invalid("INVALID_BLOCK", "The checksum does not match the block's data.");
  }
  return bytes;
}

async function collect(body: PutSnapshotBlockCommandInput["BlockData"]): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  if (typeof body === "string") return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > blockBytes) throw invalid("INVALID_BLOCK", `A block has at most ${blockBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function touch(apis: DirectApis, snapshotId: string, progress: number | undefined): void {
  const record = apis.snapshots.get(snapshotId);
  if (!record?.direct) return;
  const direct = { ...record.direct, touchedAtMs: apis.kernel.clock.now() };
  apis.snapshots.change(snapshotId, { direct, progress: progress ?? record.progress });
}

/**
 * ChangedBlocksCount and the aggregated checksum must be those of what was written. LINEAR: SHA-256 over the raw digests
 * of the written blocks in the order of their indexes. Source: API_CompleteSnapshot; awslabs/coldsnap src/upload.rs for
 * the digests being raw bytes.
 */
function compareWithWritten(apis: DirectApis, snapshotId: string, input: CompleteSnapshotCommandInput): void {
  const written = apis.snapshots.blocks(snapshotId).filter((block) => block.own);
  if (input.ChangedBlocksCount !== written.length) {
    throw invalid(
      "INVALID_PARAMETER_VALUE",
      `ChangedBlocksCount is ${input.ChangedBlocksCount}, but ${written.length} blocks were written.`,
    );
  }
  if (input.Checksum === undefined) return;
  if (input.ChecksumAlgorithm !== "SHA256" || input.ChecksumAggregationMethod !== "LINEAR") {
    throw invalid("INVALID_PARAMETER_VALUE", "A checksum needs ChecksumAlgorithm SHA256 and aggregation LINEAR.");
  }
  const all = createHash("sha256");
  for (const { checksum } of written) all.update(Buffer.from(checksum, "base64"));
  if (all.digest("base64") !== input.Checksum) {
    throw invalid("INVALID_PARAMETER_VALUE", "The aggregated checksum does not match the blocks that were written.");
  }
}
