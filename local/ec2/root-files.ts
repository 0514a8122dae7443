import type { RootLineage } from "../ebs/snapshots.ts";
import type { InstanceRecord } from "./records.ts";
import type { Ec2World } from "./world.ts";

/** The lineage of a snapshot of an instance's root volume: its files are kept under a name of their own. */
export function lineageWithFiles(
  world: Ec2World,
  { lineage }: Readonly<InstanceRecord>,
): RootLineage & { files: string } {
  return { ...lineage, files: `root-${world.kernel.random.hex(17)}` };
}

/** The instance whose root volume this is; undefined for other volumes. */
export function instanceOfRoot(world: Ec2World, volumeId: string): Readonly<InstanceRecord> | undefined {
  const attachment = world.volumes.get(volumeId)?.attachment;
  const instance = attachment && world.instances.get(attachment.instanceId);
  return instance?.rootDeviceName === attachment?.deviceName ? instance : undefined;
}

/** Forgets kept files that neither a snapshot has any more nor an instance that may still have to begin with them. */
export async function forgetUnusedFiles(world: Ec2World, files: string | undefined): Promise<void> {
  if (files === undefined) return;
  const isUsed =
    world.snapshots.list().some(({ lineage }) => lineage?.files === files) ||
    world.instances.list().some(({ lineage, state }) => lineage.files === files && state !== "terminated");
  if (!isUsed) await world.machines.forgetFiles(files);
}
