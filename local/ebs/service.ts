import type { Kernel, Operation, Service } from "../core/kernel.ts";
import { DirectApis } from "./direct-apis.ts";
import type { EncryptionDefaults } from "./encryption-defaults.ts";
import type { KeyAccess } from "./key-access.ts";
import { getSnapshotBlock, listChangedBlocks, listSnapshotBlocks } from "./read-blocks.ts";
import type { Snapshots } from "./snapshots.ts";
import { startSnapshot } from "./start-snapshot.ts";
import { completeSnapshot, putSnapshotBlock } from "./write-blocks.ts";

/**
 * EBS direct APIs: snapshots written and read block by block, without an instance. Differences from AWS: a snapshot holds whole
 * blocks and none is stored incrementally; throughput is this machine's; unwritten blocks of encrypted snapshots are noise
 * that repeats for the same volume.
 */
export class EbsService implements Service {
  readonly id = "ebs";
  readonly operations: Readonly<Record<string, Operation>>;

  constructor(kernel: Kernel, snapshots: Snapshots, keys: KeyAccess, encryptionDefaults: EncryptionDefaults) {
    const apis = new DirectApis(kernel, snapshots, keys, encryptionDefaults);
    this.operations = {
      StartSnapshot: startSnapshot(apis),
      PutSnapshotBlock: putSnapshotBlock(apis),
      CompleteSnapshot: completeSnapshot(apis),
      ListSnapshotBlocks: listSnapshotBlocks(apis),
      ListChangedBlocks: listChangedBlocks(apis),
      GetSnapshotBlock: getSnapshotBlock(apis),
    };
  }
}
