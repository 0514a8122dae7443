import type { Kernel, Requirement } from "../core/kernel.ts";
import type { EncryptionDefaults } from "./encryption-defaults.ts";
import { accessDenied, snapshotNotFound, throttled } from "./errors.ts";
import type { KeyAccess } from "./key-access.ts";
import type { SnapshotRecord, Snapshots } from "./snapshots.ts";
import { TokenBucket } from "./token-bucket.ts";

/** PutSnapshotBlock and GetSnapshotBlock requests per second, for one snapshot and for the account. Source: Service Quotas, EBS. */
const blockRequestsPerSecond = 1000;

/** What the operations of the EBS direct APIs share. */
export class DirectApis {
  readonly kernel: Kernel;
  readonly snapshots: Snapshots;
  readonly keys: KeyAccess;
  readonly encryptionDefaults: EncryptionDefaults;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(kernel: Kernel, snapshots: Snapshots, keys: KeyAccess, encryptionDefaults: EncryptionDefaults) {
    this.kernel = kernel;
    this.snapshots = snapshots;
    this.keys = keys;
    this.encryptionDefaults = encryptionDefaults;
    kernel.jobs.on<{ snapshotId: string }>("ebs.snapshot.timeout", ({ snapshotId }) => this.#checkTimeout(snapshotId));
  }

  /** Permission on one snapshot, judged with the tags it has. The account field of its ARN is empty on AWS too. */
  permission(action: string, snapshotId: string | undefined): Requirement[] {
    const context: Record<string, string> = {};
    for (const [key, value] of Object.entries(this.snapshots.get(snapshotId ?? "")?.tags ?? {})) {
      context[`aws:ResourceTag/${key}`] = value;
    }
    return [{ action, resource: `arn:aws:ec2:${this.kernel.settings.region}::snapshot/${snapshotId ?? "*"}`, context }];
  }

  /**
   * A snapshot of this account that the direct APIs may touch.
   * @throws {AwsError} ResourceNotFoundException, also while it is too new to be seen; AccessDeniedException for public ones.
   */
  require(snapshotId: string | undefined): Readonly<SnapshotRecord> {
    const record = this.snapshots.get(snapshotId ?? "");
    if (!record || this.kernel.clock.now() < (record.direct?.blocksAcceptedAtMs ?? 0)) {
      throw snapshotNotFound(snapshotId ?? "");
    }
    if (record.isPublic || record.ownerId !== this.kernel.settings.accountId) {
      throw accessDenied(`The snapshot '${record.snapshotId}' is public or owned by another account.`);
    }
    return record;
  }

  /** @throws {AwsError} RequestThrottledException when too many block requests were made within a second. */
  throttle(kind: "put" | "get", snapshotId: string): void {
    if (!this.#bucket(`${kind}/${snapshotId}`).take()) {
      throw throttled("RESOURCE_LEVEL_THROTTLE", `Too many requests for the snapshot '${snapshotId}'.`);
    }
    const ofAccount = this.#bucket(kind, this.kernel.settings.blockRequestsPerSecond);
    if (!ofAccount.take()) throw throttled("ACCOUNT_THROTTLED", "Too many requests of this account.");
  }

  /** Cancels the snapshot once it stayed untouched for its time-out. */
  watchTimeout(record: Readonly<SnapshotRecord>): void {
    if (!record.direct) return;
    const atMs = record.direct.touchedAtMs + record.direct.timeoutMinutes * 60_000;
    const key = `ebs.timeout/${record.snapshotId}`;
    this.kernel.jobs.schedule("ebs.snapshot.timeout", atMs, { snapshotId: record.snapshotId }, key);
  }

  #checkTimeout(snapshotId: string): void {
    const record = this.snapshots.get(snapshotId);
    if (record?.state !== "pending" || !record.direct || record.direct.sealed) return;
    const dueMs = record.direct.touchedAtMs + record.direct.timeoutMinutes * 60_000;
    if (this.kernel.clock.now() < dueMs) this.watchTimeout(record);
    else this.snapshots.change(snapshotId, { state: "error", stateMessage: "The snapshot was not completed in time." });
  }

  #bucket(name: string, perSecond = blockRequestsPerSecond): TokenBucket {
    let bucket = this.#buckets.get(name);
    if (!bucket) {
      bucket = new TokenBucket(this.kernel.clock, perSecond);
      this.#buckets.set(name, bucket);
    }
    return bucket;
  }
}
