import type { VolumeRecord } from "./records.ts";
import type { Ec2World } from "./world.ts";

/** Makes a volume's bytes from its snapshot's, as an instance or a later snapshot will read them. */
export async function makeVolumeBytes(world: Ec2World, volume: Readonly<VolumeRecord>): Promise<void> {
  const indexes = world.snapshots.blocks(volume.snapshotId).map(({ index }) => index);
  await world.snapshots.files.makeVolume({
    id: volume.volumeId,
    sizeBytes: volume.sizeGiB * 2 ** 30,
    source: volume.snapshotId === "" ? undefined : { id: volume.snapshotId, indexes },
    encrypted: volume.encrypted,
  });
}
