import type { Instance } from "@aws-sdk/client-ec2";
import type { Kernel } from "../core/kernel.ts";
import type { GroupDocument, InstanceDocument } from "./documents.ts";
import { isSuspended } from "./documents.ts";
import type { Neighbours } from "./neighbours.ts";
import type { AutoScalingState } from "./state.ts";

/** Reasons in the words of an activity's cause. */
const stopped = "an EC2 health check indicating it has been terminated or stopped";
const impaired = "an EC2 instance status checks failure";
const failedBalancer = "an ELB system health check failure";
const tooOld = "the maximum instance lifetime";

/** Finds instances that must be replaced, and marks them unhealthy with the reason. */
export class HealthChecks {
  readonly #kernel: Kernel;
  readonly #state: AutoScalingState;
  readonly #neighbours: Neighbours;

  constructor(kernel: Kernel, state: AutoScalingState, neighbours: Neighbours) {
    this.#kernel = kernel;
    this.#state = state;
    this.#neighbours = neighbours;
  }

  /** @param seen What EC2 says about the group's instances. */
  async check(group: Readonly<GroupDocument>, seen: ReadonlyMap<string, Instance>): Promise<void> {
    if (isSuspended(group, "HealthCheck")) return;
    const inService = this.#state
      .instancesOf(group.name)
      .filter(({ state, health }) => state === "InService" && health === "Healthy");
    if (inService.length === 0) return;
    // Instances that do not run any more are unhealthy at once; the grace period is for everything else.
    for (const instance of inService) if (this.#isDown(seen.get(instance.id))) this.#mark(instance, stopped);
    const settled = inService.filter((instance) => this.#isSettled(group, instance));
    if (settled.length === 0) return;
    const broken = await this.#neighbours.impaired();
    for (const instance of settled) if (broken.has(instance.id)) this.#mark(instance, impaired);
    if (group.healthCheckType.includes("ELB")) await this.#checkTargets(group, settled);
    this.#checkAge(group, settled);
  }

  #isDown(seen: Instance | undefined): boolean {
    return seen !== undefined && seen.State?.Name !== "running";
  }

  #isSettled(
    { gracePeriodSeconds }: Readonly<GroupDocument>,
    { inServiceAtMs = 0 }: Readonly<InstanceDocument>,
  ): boolean {
    return this.#kernel.clock.now() >= inServiceAtMs + gracePeriodSeconds * 1000;
  }

  /** Only a target group that had a healthy target once is listened to: a fleet that never passed is not churned. */
  async #checkTargets(group: Readonly<GroupDocument>, settled: readonly Readonly<InstanceDocument>[]): Promise<void> {
    for (const { arn, state } of group.trafficSources) {
      if (state !== "InService") continue;
      const health = await this.#neighbours.targetHealth(
        arn,
        settled.map(({ id }) => id),
      );
      for (const instance of settled)
        if (health.get(instance.id)?.State === "unhealthy") this.#mark(instance, failedBalancer);
    }
  }

  /** Replaces old instances one at a time. */
  #checkAge(
    { name, maxInstanceLifetimeSeconds }: Readonly<GroupDocument>,
    settled: readonly Readonly<InstanceDocument>[],
  ): void {
    if (maxInstanceLifetimeSeconds === undefined) return;
    if (this.#state.instancesOf(name).some(({ state, health }) => state !== "InService" || health !== "Healthy"))
      return;
    const oldest = [...settled].sort((a, b) => a.launchedAtMs - b.launchedAtMs)[0];
    if (oldest && this.#kernel.clock.now() - oldest.launchedAtMs >= maxInstanceLifetimeSeconds * 1000)
      this.#mark(oldest, tooOld);
  }

  /** Somebody may have taken the instance out of service while the checks ran. */
  #mark({ id }: Readonly<InstanceDocument>, because: string): void {
    const instance = this.#state.instances.get(id);
    if (instance?.state !== "InService" || instance.health === "Unhealthy") return;
    this.#state.changeInstance(id, { health: "Unhealthy", unhealthyBecause: because });
  }
}
