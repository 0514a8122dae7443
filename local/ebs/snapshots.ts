import { createHash } from "node:crypto";
import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import { type BlockFiles, copyBlocks } from "./block-files.ts";

/** What a root volume holds, carried from snapshot to snapshot as AWS carries billing metadata (API_RegisterImage). */
export interface RootLineage {
  /** The operating system on it; undefined for bytes that no base image gave, which cannot boot. */
  base?: string;
  /** Under which name the machines' host keeps the files of an instance's root disk; undefined for a base as it ships. */
  files?: string;
  platformDetails: string;
  usageOperation: string;
  productCodes: { ProductCodeId: string; ProductCodeType: "marketplace" | "devpay" }[];
}

export interface SnapshotRecord {
  snapshotId: string;
  ownerId: string;
  ownerAlias?: string;
  state: "pending" | "completed" | "error";
  stateMessage?: string;
  /** 0–100. */
  progress: number;
  volumeSizeGiB: number;
  /** `vol-ffffffff` for snapshots that no volume was the source of. */
  volumeId: string;
  description: string;
  encrypted: boolean;
  kmsKeyArn?: string;
  /** The snapshot this one is an increment of. */
  parentSnapshotId?: string;
  /** Public snapshots cannot be read or written through EBS direct APIs. */
  isPublic: boolean;
  tags: Record<string, string>;
  startedAtMs: number;
  completedAtMs?: number;
  /** From when reads see it; see `delays.notFoundAfterCreateSeconds`. */
  visibleAtMs: number;
  lineage?: RootLineage;
  /** Set for snapshots made by StartSnapshot. */
  direct?: { blocksAcceptedAtMs: number; timeoutMinutes: number; touchedAtMs: number; sealed: boolean };
}

/** One written block. `own` is false for blocks that came with the parent snapshot. */
export interface BlockRecord {
  index: number;
  /** Base64 of the block's SHA-256. */
  checksum: string;
  own: boolean;
}

/**
 * The account's snapshots and their bytes, shared by the EBS direct APIs that write them block by block and by EC2,
 * which makes volumes and images of them.
 */
export class Snapshots {
  readonly files: BlockFiles;
  readonly #kernel: Kernel;
  readonly #records: Collection<SnapshotRecord>;
  readonly #blocks: Collection<BlockRecord>;

  constructor(kernel: Kernel, files: BlockFiles) {
    this.files = files;
    this.#kernel = kernel;
    this.#records = kernel.store.collection("ebs.snapshots");
    this.#blocks = kernel.store.collection("ebs.blocks");
  }

  newId(): string {
    return `snap-${this.#kernel.random.hex(17)}`;
  }

  get(snapshotId: string): Readonly<SnapshotRecord> | undefined {
    return this.#records.get(snapshotId);
  }

  put(record: SnapshotRecord): void {
    this.#records.put(record.snapshotId, record);
  }

  /** Changes some fields of a snapshot that may meanwhile be gone. */
  change(snapshotId: string, change: Partial<SnapshotRecord>): void {
    const record = this.#records.get(snapshotId);
    if (record) this.#records.put(snapshotId, { ...record, ...change });
  }

  list(): Readonly<SnapshotRecord>[] {
    return this.#records.list();
  }

  /** Written blocks in ascending order. */
  blocks(snapshotId: string): Readonly<BlockRecord>[] {
    return this.#blocks.list(`${snapshotId}/`);
  }

  block(snapshotId: string, index: number): Readonly<BlockRecord> | undefined {
    return this.#blocks.get(blockKey(snapshotId, index));
  }

  async writeBlock(snapshotId: string, index: number, bytes: Uint8Array, checksum: string): Promise<void> {
    await this.files.write(snapshotId, index, bytes);
    this.#blocks.put(blockKey(snapshotId, index), { index, checksum, own: true });
  }

  /** Adds the blocks of `fromId` that `toId` does not have itself: a parent's to its child, or all of them to a copy. */
  async inherit(fromId: string, toId: string): Promise<void> {
    const missing = this.blocks(fromId).filter(({ index }) => !this.block(toId, index));
    await copyBlocks(
      this.files,
      fromId,
      toId,
      missing.map(({ index }) => index),
    );
    for (const block of missing) this.#blocks.put(blockKey(toId, block.index), { ...block, own: false });
  }

  /** Fills a snapshot from a volume's bytes. */
  async takeFrom(volumeId: string, snapshotId: string): Promise<void> {
    for (const index of await this.files.occupied(volumeId)) {
      const bytes = await this.files.read(volumeId, index);
      await this.writeBlock(snapshotId, index, bytes, createHash("sha256").update(bytes).digest("base64"));
    }
  }

  async remove(snapshotId: string): Promise<void> {
    for (const { index } of this.blocks(snapshotId)) this.#blocks.delete(blockKey(snapshotId, index));
    this.#records.delete(snapshotId);
    await this.files.remove(snapshotId);
  }
}

function blockKey(snapshotId: string, index: number): string {
  return `${snapshotId}/${String(index).padStart(8, "0")}`;
}
