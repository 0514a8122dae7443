import type { MachineSpec } from "../machine/machine-host.ts";
import type { InstanceRecord } from "./records.ts";

/** The machine behind an instance: root volume as the first NVMe disk, the others in the order of their mapping. */
export function machineSpec(instance: Readonly<InstanceRecord>): MachineSpec {
  return {
    id: instance.instanceId,
    base: instance.lineage.base,
    ...(instance.lineage.files === undefined ? {} : { files: instance.lineage.files }),
    userData: instance.userData === undefined ? undefined : Buffer.from(instance.userData, "base64").toString(),
    disks: instance.volumes.map(({ volumeId }, position) => ({ name: `nvme${position}n1`, volumeId })),
    hostname: instance.privateDnsName.split(".")[0] ?? instance.instanceId,
    privateIp: instance.privateIp,
  };
}
