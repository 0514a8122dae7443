import type { SnapshotRecord } from "../ebs/snapshots.ts";
import type { Ec2World } from "./world.ts";

type NewSnapshot = Pick<SnapshotRecord, "volumeSizeGiB" | "description" | "encrypted" | "tags"> &
  Partial<Pick<SnapshotRecord, "kmsKeyArn" | "lineage" | "volumeId">>;

/** Says how snapshots get their bytes: from another snapshot, or from a volume. */
export function registerSnapshotJobs(world: Ec2World): void {
  const { jobs } = world.kernel;
  jobs.on<{ fromId: string; snapshotId: string }>("ec2.snapshot.copy", async ({ fromId, snapshotId }) => {
    if (world.snapshots.get(snapshotId)?.state !== "pending") return;
    await world.snapshots.inherit(fromId, snapshotId);
    complete(world, snapshotId, "copySnapshot");
  });
  jobs.on<{ volumeId: string; snapshotId: string }>("ec2.snapshot.take", async ({ volumeId, snapshotId }) => {
    if (world.snapshots.get(snapshotId)?.state !== "pending") return;
    await world.snapshots.takeFrom(volumeId, snapshotId);
    complete(world, snapshotId, "createSnapshot");
  });
}

/** A pending snapshot of this account; its bytes come later. */
export function newSnapshot(world: Ec2World, given: NewSnapshot): SnapshotRecord {
  const record: SnapshotRecord = {
    volumeId: "vol-ffffffff",
    ...given,
    snapshotId: world.snapshots.newId(),
    ownerId: world.accountId,
    state: "pending",
    progress: 0,
    isPublic: false,
    startedAtMs: world.now(),
    visibleAtMs: world.visibleFrom(),
  };
  world.snapshots.put(record);
  return record;
}

/** Copies a snapshot's bytes and completes the copy. @param delaySeconds Modelled time it takes. */
export function copySnapshotBytes(world: Ec2World, fromId: string, snapshotId: string, delaySeconds: number): void {
  world.kernel.jobs.schedule("ec2.snapshot.copy", world.now() + delaySeconds * 1000, { fromId, snapshotId });
}

/** Takes a volume's bytes into a snapshot and completes it. */
export function takeVolume(world: Ec2World, volumeId: string, snapshotId: string): void {
  const atMs = world.now() + world.kernel.settings.delays.snapshotCompleteSeconds * 1000;
  world.kernel.jobs.schedule("ec2.snapshot.take", atMs, { volumeId, snapshotId });
}

/** Source of the event's form: EBS user guide, "EventBridge for EBS", EBS snapshot events. */
function complete(world: Ec2World, snapshotId: string, event: "copySnapshot" | "createSnapshot"): void {
  const completedAtMs = world.now();
  world.snapshots.change(snapshotId, { state: "completed", progress: 100, completedAtMs });
  const record = world.snapshots.get(snapshotId);
  if (!record) return;
  world.announce("EBS Snapshot Notification", world.arn("snapshot", snapshotId), {
    event,
    result: "succeeded",
    cause: "",
    "request-id": "",
    snapshot_id: world.arn("snapshot", snapshotId),
    source: world.arn("volume", record.volumeId),
    startTime: new Date(record.startedAtMs).toISOString(),
    endTime: new Date(completedAtMs).toISOString(),
  });
}
