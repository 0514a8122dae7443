import { AwsError } from "../core/aws-error.ts";
import type { Collection } from "../core/store.ts";
import { type InstanceType, instanceType } from "./instance-type-table.ts";
import type { InstanceRecord } from "./records.ts";
import type { Ec2World } from "./world.ts";
import { zonesOf } from "./zones.ts";

/** vCPUs of standard on-demand instances an account may run unless a test says otherwise. Source: Service Quotas, L-1216C47A. */
const defaultVcpuQuota = 256;

/** What AWS has left to give, so that shortage can be tried: instances per zone and type, and the account's vCPU quota. */
export class Capacity {
  readonly #world: Ec2World;
  readonly #limits: Collection<{ limit: number }>;

  constructor(world: Ec2World) {
    this.#world = world;
    this.#limits = world.kernel.store.collection("ec2.capacity");
  }

  /** At most `limit` instances of a type may exist in a zone; undefined lifts the limit. */
  setLimit(zone: string, type: string, limit: number | undefined): void {
    if (limit === undefined) this.#limits.delete(`${zone}/${type}`);
    else this.#limits.put(`${zone}/${type}`, { limit });
  }

  setVcpuQuota(vcpus: number): void {
    this.#limits.put("vcpus", { limit: vcpus });
  }

  /** Source of its code and name: Service Quotas of EC2. */
  vcpuQuota(): number {
    return this.#limits.get("vcpus")?.limit ?? defaultVcpuQuota;
  }

  /**
   * How many of `wanted` instances can be launched.
   * @throws {AwsError} VcpuLimitExceeded or InsufficientInstanceCapacity when fewer than `least`.
   */
  grant(type: InstanceType, zone: string, least: number, wanted: number): number {
    const running = this.#world.instances.list().filter(occupies);
    const quota = this.vcpuQuota();
    const used = running.reduce((sum, one) => sum + (instanceType(one.instanceType)?.vcpus ?? 0), 0);
    const withinQuota = Math.floor((quota - used) / type.vcpus);
    if (withinQuota < least) {
      throw new AwsError(
        "VcpuLimitExceeded",
        `You have requested more vCPU capacity than your current vCPU limit of ${quota} allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.`,
      );
    }
    const limit = this.#limits.get(`${zone}/${type.name}`)?.limit ?? Number.POSITIVE_INFINITY;
    const present = running.filter((one) => one.availabilityZone === zone && one.instanceType === type.name).length;
    if (limit - present < least) throw this.#insufficient(type.name, zone);
    return Math.min(wanted, withinQuota, limit - present);
  }

  #insufficient(type: string, zone: string): AwsError {
    const others = zonesOf(this.#world.kernel.settings.region)
      .map(({ name }) => name)
      .filter((name) => name !== zone);
    return new AwsError(
      "InsufficientInstanceCapacity",
      `We currently do not have sufficient ${type} capacity in the Availability Zone you requested (${zone}). Our system will be working on provisioning additional capacity. You can currently get ${type} capacity by not specifying an Availability Zone in your request or choosing ${others.join(", ")}.`,
      500,
    );
  }
}

/** Stopped and terminated instances hold no capacity. */
function occupies(instance: Readonly<InstanceRecord>): boolean {
  return instance.state === "pending" || instance.state === "running" || instance.state === "stopping";
}
