import type { Duplex } from "node:stream";
import type { Kernel, Operation, Service } from "../core/kernel.ts";
import type { EncryptionDefaults } from "../ebs/encryption-defaults.ts";
import type { KeyAccess } from "../ebs/key-access.ts";
import type { Snapshots } from "../ebs/snapshots.ts";
import { baseNamed } from "../machine/bases.ts";
import type { MachineHost, ScriptLimits, ScriptResult } from "../machine/machine-host.ts";
import { accountOperations } from "./account.ts";
import { Capacity } from "./capacity.ts";
import { copyImage } from "./copy-image.ts";
import { createImage } from "./create-image.ts";
import { imageAttributeOperations } from "./image-attributes.ts";
import { imageLifecycleOperations, registerProtectionJob } from "./image-lifecycle.ts";
import { registerImageJobs } from "./image-states.ts";
import { describeImages } from "./images.ts";
import { instanceActions } from "./instance-actions.ts";
import { instanceAttributeOperations } from "./instance-attributes.ts";
import { registerInstanceJobs, resumeMachines } from "./instance-power.ts";
import { instanceTypeOperations } from "./instance-types.ts";
import { describeInstances } from "./instances.ts";
import { launchTemplateVersionOperations } from "./launch-template-versions.ts";
import { launchTemplateOperations } from "./launch-templates.ts";
import { networkOperations, seedNetwork } from "./network.ts";
import { seedPublicBases } from "./public-bases.ts";
import type { InstanceRecord } from "./records.ts";
import { registerImage } from "./register-image.ts";
import { ec2RequestLimits } from "./request-limits.ts";
import { runInstances } from "./run-instances.ts";
import { securityGroupOperations } from "./security-groups.ts";
import { registerSnapshotJobs } from "./snapshot-copies.ts";
import { snapshotOperations } from "./snapshots.ts";
import { tagOperations } from "./tags.ts";
import { volumeOperations } from "./volumes.ts";
import { Ec2World } from "./world.ts";

/** What EC2 stands on. */
export interface Ec2Parts {
  snapshots: Snapshots;
  keys: KeyAccess;
  encryptionDefaults: EncryptionDefaults;
  machines: MachineHost;
}

/**
 * Amazon EC2: instances, images, snapshots, volumes, launch templates, and the default network around them. Differences from
 * AWS: on-demand instances of some common types only, no Spot, fleets, reservations, hosts or placement groups; no instance
 * metadata service, Elastic IPs, further VPCs or key pairs; volumes are not modified or resized; the files of a root volume
 * are a directory beside its blocks; snapshots and images of an instance carry them along. An instance's programs see that
 * directory as "/", with the host's libraries in /usr/lib and /usr/share, which they cannot change, a few of its settings in
 * /etc, and no package manager; where the host allows no mount namespaces they see the host's files instead, and their own
 * below KILN_ROOT.
 */
export class Ec2Service implements Service {
  readonly id = "ec2";
  readonly limits = ec2RequestLimits;
  readonly operations: Readonly<Record<string, Operation>>;
  /** What is left to launch: for tests of shortage. */
  readonly capacity: Capacity;
  readonly #world: Ec2World;

  constructor(kernel: Kernel, parts: Ec2Parts) {
    const world = new Ec2World(kernel, parts);
    this.#world = world;
    this.capacity = new Capacity(world);
    seedNetwork(world);
    seedPublicBases(world);
    registerImageJobs(world);
    registerProtectionJob(world);
    registerSnapshotJobs(world);
    registerInstanceJobs(world);
    this.operations = {
      ...accountOperations(world),
      ...networkOperations(world),
      ...securityGroupOperations(world),
      ...tagOperations(world),
      ...instanceTypeOperations(world),
      ...launchTemplateOperations(world),
      ...launchTemplateVersionOperations(world),
      ...describeImages(world),
      ...registerImage(world),
      ...copyImage(world),
      ...createImage(world),
      ...imageLifecycleOperations(world),
      ...imageAttributeOperations(world),
      ...snapshotOperations(world),
      ...volumeOperations(world),
      ...runInstances(world, this.capacity),
      ...describeInstances(world),
      ...instanceActions(world, this.capacity),
      ...instanceAttributeOperations(world),
    };
  }

  /** The machines of running instances are booted again: they were processes, and those are gone. */
  async resume(): Promise<void> {
    await resumeMachines(this.#world);
  }

  async stop(): Promise<void> {
    await this.#world.machines.stopAll();
  }

  /** The instance as EC2 knows it, for other services; undefined when there is none. */
  instance(instanceId: string): Readonly<InstanceRecord> | undefined {
    return this.#world.instances.get(instanceId);
  }

  privateIp(instanceId: string): string | undefined {
    return this.#world.instances.get(instanceId)?.privateIp;
  }

  /**
   * Opens a connection to a port of an instance, as a neighbour in its network would.
   * @throws an error whose `code` is EHOSTUNREACH or ECONNREFUSED.
   */
  async connect(instanceId: string, port: number): Promise<Duplex> {
    return await this.#world.machines.connect(instanceId, port);
  }

  /** The operating system whose agent runs on the instance now; undefined when it has none or is not up. */
  runningAgent(instanceId: string): { platform: string } | undefined {
    const base = baseNamed(this.#world.instances.get(instanceId)?.lineage.base);
    return base?.agent && this.#world.machines.isUp(instanceId) ? { platform: base.name } : undefined;
  }

  /** Runs a shell script on a running instance, as the agent on it would. */
  async runOnInstance(instanceId: string, script: string, limits: ScriptLimits): Promise<ScriptResult> {
    return await this.#world.machines.run(instanceId, script, limits);
  }
}
