import type { Kernel } from "../core/kernel.ts";
import { type Activities, instant } from "./activities.ts";
import { scaleInVictims } from "./balance.ts";
import type { GroupDocument, InstanceDocument } from "./documents.ts";
import { counts, isSuspended, isTerminating } from "./documents.ts";
import type { Launching } from "./launching.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { AutoScalingState } from "./state.ts";

/** Brings the number of instances to the desired capacity: replaces unhealthy ones, launches, shrinks. */
export class Capacity {
  readonly #kernel: Kernel;
  readonly #state: AutoScalingState;
  readonly #activities: Activities;
  readonly #lifecycle: Lifecycle;
  readonly #launching: Launching;

  constructor(
    kernel: Kernel,
    state: AutoScalingState,
    activities: Activities,
    lifecycle: Lifecycle,
    launching: Launching,
  ) {
    this.#kernel = kernel;
    this.#state = state;
    this.#activities = activities;
    this.#lifecycle = lifecycle;
    this.#launching = launching;
  }

  /** Decides for a group as it is now; launches it begins are carried out by `Launching.fulfil`. */
  converge(group: Readonly<GroupDocument>): void {
    const kept = this.#replaceUnhealthy(group);
    const members = this.#state.instancesOf(group.name).filter(counts);
    const wanted = group.desired + kept.length;
    const open = this.#launching.open(group.name);
    const missing = wanted - members.length - open.length;
    if (missing > 0 && !isSuspended(group, "Launch") && this.#kernel.clock.now() >= group.launchAfterMs) {
      this.#launching.begin(group, missing);
    }
    const staying = members.filter(({ id }) => !kept.some((one) => one.id === id));
    // Launches that EC2 was asked for may yet fail: nothing that serves goes because of them.
    const idle = open.filter(({ asked }) => !asked).map(({ id }) => id);
    const surplus = staying.length + idle.length - group.desired;
    if (surplus > 0 && !isSuspended(group, "Terminate")) this.#shrink(group, staying, idle, surplus);
  }

  /** Ends every instance of a group that is being deleted. Returns true once nothing is left. */
  empty(group: Readonly<GroupDocument>): boolean {
    const open = this.#launching.open(group.name);
    // A launch that EC2 was asked for is carried to its end: its instance must be known to be ended.
    for (const { id } of open.filter(({ asked }) => !asked)) {
      this.#activities.end(group.name, id, "Cancelled", "The group is being deleted");
    }
    const now = instant(this.#kernel.clock.now());
    const instances = this.#state.instancesOf(group.name);
    for (const instance of instances) {
      if (isTerminating(instance)) continue;
      const cause = `At ${now} a user request force deleted AutoScalingGroup changing the desired capacity from ${instances.length} to 0.`;
      this.#lifecycle.terminate(instance, cause);
    }
    return instances.length === 0 && open.length === 0;
  }

  /**
   * Ends unhealthy instances; their replacements launch as the group falls short. With a maintenance policy one stays
   * until enough healthy ones serve, as far as the policy leaves room for its replacement. Returns those that stay.
   */
  #replaceUnhealthy(group: Readonly<GroupDocument>): Readonly<InstanceDocument>[] {
    if (isSuspended(group, "ReplaceUnhealthy") || isSuspended(group, "Terminate")) return [];
    const members = this.#state.instancesOf(group.name).filter(counts);
    const healthy = members.filter((member) => this.#isReady(group, member)).length;
    const leastHealthy = Math.ceil((group.desired * (group.maintenancePolicy?.MinHealthyPercentage ?? 0)) / 100);
    const room = mostTotal(group) - group.desired;
    const kept: Readonly<InstanceDocument>[] = [];
    for (const instance of members.filter(({ health }) => health === "Unhealthy")) {
      if (healthy < leastHealthy && kept.length < room) {
        kept.push(instance);
        continue;
      }
      const now = instant(this.#kernel.clock.now());
      this.#lifecycle.terminate(
        instance,
        `At ${now} an instance was taken out of service in response to ${instance.unhealthyBecause}.`,
      );
    }
    return kept;
  }

  /**
   * A replacement counts once its warm-up is over. Source: Auto Scaling user guide, "Instance maintenance policy", instance
   * warmup.
   */
  #isReady(
    { maintenancePolicy, defaultInstanceWarmupSeconds = 0 }: Readonly<GroupDocument>,
    { state, health, inServiceAtMs = 0 }: Readonly<InstanceDocument>,
  ): boolean {
    const warmUpMs = maintenancePolicy ? defaultInstanceWarmupSeconds * 1000 : 0;
    return state === "InService" && health === "Healthy" && this.#kernel.clock.now() >= inServiceAtMs + warmUpMs;
  }

  /** Gives up launches that EC2 was not asked for yet first, then instances by the termination policies. */
  #shrink(
    group: Readonly<GroupDocument>,
    staying: readonly Readonly<InstanceDocument>[],
    idle: readonly string[],
    surplus: number,
  ): void {
    const given = idle.slice(0, surplus);
    for (const id of given) this.#activities.end(group.name, id, "Cancelled", "The instance is not wanted any more");
    const nowMs = this.#kernel.clock.now();
    const now = instant(nowMs);
    const to = staying.length - (surplus - given.length);
    for (const instance of scaleInVictims(group, staying, surplus - given.length, nowMs)) {
      const difference = `At ${now} an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from ${staying.length} to ${to}.`;
      const selected = `At ${now} instance ${instance.id} was selected for termination.`;
      this.#lifecycle.terminate(instance, `${group.cause}  ${difference}  ${selected}`.trim());
    }
  }
}

/** The most instances a group may have while it replaces some; without a policy, its desired capacity. */
function mostTotal({ desired, maintenancePolicy }: Readonly<GroupDocument>): number {
  return Math.floor((desired * (maintenancePolicy?.MaxHealthyPercentage ?? 100)) / 100);
}
