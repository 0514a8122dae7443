import type { Instance } from "@aws-sdk/client-ec2";
import type { Kernel } from "../core/kernel.ts";
import { type Activities, instant } from "./activities.ts";
import type { ActivityDocument, GroupDocument, InstanceDocument } from "./documents.ts";
import { isSuspended, isTerminating } from "./documents.ts";
import type { LifecycleHooks } from "./lifecycle-hooks.ts";
import type { Neighbours } from "./neighbours.ts";
import type { AutoScalingState } from "./state.ts";

/** How long an instance may be missing from EC2's answers before it counts as gone: those are eventually consistent. */
const missingMs = 300_000;
/** Failed launches are tried again after this, doubling up to the longest. AWS says only that it backs off. */
const firstBackoffMs = 15_000;
const longestBackoffMs = 600_000;

/** Moves instances through their states, one step of each per turn of the group. Every step can be repeated. */
export class Lifecycle {
  readonly #kernel: Kernel;
  readonly #state: AutoScalingState;
  readonly #neighbours: Neighbours;
  readonly #activities: Activities;
  readonly #hooks: () => LifecycleHooks;

  constructor(
    kernel: Kernel,
    state: AutoScalingState,
    neighbours: Neighbours,
    activities: Activities,
    hooks: () => LifecycleHooks,
  ) {
    this.#kernel = kernel;
    this.#state = state;
    this.#neighbours = neighbours;
    this.#activities = activities;
    this.#hooks = hooks;
  }

  /** Starts to end an instance; the desired capacity stays as it is. Returns the activity. */
  terminate(instance: Readonly<InstanceDocument>, cause: string): ActivityDocument {
    const group = this.#state.group(instance.group);
    const running = this.#state.activity(group.name, instance.activityId ?? "");
    if (isTerminating(instance) && running) return { ...running };
    this.#activities.end(group.name, instance.activityId, "Cancelled", "The instance is being terminated");
    const activity = this.#activities.begin(group, {
      kind: "terminate",
      description: `Terminating EC2 instance: ${instance.id}`,
      cause,
      status: "InProgress",
      instanceId: instance.id,
      subnetId: instance.subnetId,
      zone: instance.zone,
    });
    this.#state.changeInstance(instance.id, {
      state: "Terminating",
      activityId: activity.id,
      waits: [],
      forced: group.deleting,
    });
    return activity;
  }

  /** Takes an instance out of traffic, to stand by or to leave the group. Returns the activity. */
  withdraw(instance: Readonly<InstanceDocument>, to: "EnteringStandby" | "Detaching", cause: string): ActivityDocument {
    const description = `${to === "Detaching" ? "Detaching EC2 instance" : "Moving EC2 instance to Standby"}: ${instance.id}`;
    return this.#moved(instance, to, description, cause);
  }

  /** Brings an instance back from standby. Returns the activity. */
  comeBack(instance: Readonly<InstanceDocument>, cause: string): ActivityDocument {
    return this.#moved(instance, "Pending", `Moving EC2 instance out of Standby: ${instance.id}`, cause);
  }

  #moved(
    instance: Readonly<InstanceDocument>,
    to: InstanceDocument["state"],
    description: string,
    cause: string,
  ): ActivityDocument {
    const { id, subnetId, zone } = instance;
    const place = { instanceId: id, subnetId, zone };
    const group = this.#state.group(instance.group);
    const activity = this.#activities.begin(group, {
      kind: "move",
      description,
      cause,
      status: "InProgress",
      ...place,
    });
    this.#state.changeInstance(id, { state: to, activityId: activity.id });
    return activity;
  }

  /** A launching instance whose lifecycle action was abandoned goes, and its launch counts as failed. */
  abandon(instance: Readonly<InstanceDocument>): void {
    this.#activities.end(instance.group, instance.activityId, "Cancelled", "Lifecycle action was abandoned");
    this.backOff(instance.group);
    const now = instant(this.#kernel.clock.now());
    this.terminate(
      instance,
      `At ${now} an instance was taken out of service in response to an abandoned lifecycle action.`,
    );
  }

  /** Makes the group wait before it launches again; each failure in a row doubles the wait. */
  backOff(group: string): void {
    this.#state.change(group, ({ launchFailures }) => ({
      launchFailures: launchFailures + 1,
      launchAfterMs: this.#kernel.clock.now() + Math.min(firstBackoffMs * 2 ** launchFailures, longestBackoffMs),
    }));
  }

  /** Takes one step with an instance. @param seen What EC2 says about it; undefined when it does not know it. */
  async advance(
    group: Readonly<GroupDocument>,
    instance: Readonly<InstanceDocument>,
    seen: Instance | undefined,
  ): Promise<void> {
    const gone = this.#isGone(instance, seen);
    switch (instance.state) {
      case "Pending":
      case "Pending:Wait":
      case "Pending:Proceed":
        if (gone) this.#launchFailed(instance, seen);
        else if (seen?.State?.Name === "running") await this.#bringUp(group, instance);
        return;
      case "Terminating":
      case "Terminating:Wait":
      case "Terminating:Proceed":
        await this.#takeDown(group, instance, gone, seen);
        return;
      case "EnteringStandby":
      case "Detaching":
        if (gone || (await this.#outOfTraffic(group, instance))) this.#withdrawn(instance);
        return;
      default:
    }
  }

  #isGone({ launchedAtMs }: Readonly<InstanceDocument>, seen: Instance | undefined): boolean {
    if (seen) return ["shutting-down", "terminated", "stopping", "stopped"].includes(seen.State?.Name ?? "");
    return this.#kernel.clock.now() - launchedAtMs > missingMs;
  }

  #launchFailed(instance: Readonly<InstanceDocument>, seen: Instance | undefined): void {
    const reason = seen?.StateReason?.Message ?? "Server.InternalError";
    const message = `Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: ${reason}`;
    this.#activities.end(instance.group, instance.activityId, "Cancelled", message);
    this.backOff(instance.group);
    const now = instant(this.#kernel.clock.now());
    this.terminate(
      instance,
      `At ${now} an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.`,
    );
  }

  /** Pending → (Pending:Wait → Pending:Proceed →) InService, registered with the target groups. */
  async #bringUp(group: Readonly<GroupDocument>, instance: Readonly<InstanceDocument>): Promise<void> {
    const hooks = this.#hooks();
    if (instance.state === "Pending") {
      const waits = hooks.begin(instance, "autoscaling:EC2_INSTANCE_LAUNCHING");
      if (waits.length > 0) {
        this.#state.changeInstance(instance.id, { state: "Pending:Wait", waits });
        this.#activities.move(group.name, instance.activityId, { status: "MidLifecycleAction", progress: 40 });
        return;
      }
    }
    if (instance.state === "Pending:Wait") {
      hooks.expire(instance);
      const now = this.#state.instances.get(instance.id);
      if (now?.state !== "Pending:Wait" || now.waits.length > 0) return;
      this.#state.changeInstance(instance.id, { state: "Pending:Proceed" });
    }
    if (!isSuspended(group, "AddToLoadBalancer")) {
      for (const { arn, state } of group.trafficSources) {
        if (state !== "Removing") await this.#neighbours.register(arn, [instance.id]);
      }
    }
    // While it was being registered somebody may have decided to end it.
    if (!this.#state.instances.get(instance.id)?.state.startsWith("Pending")) return;
    this.#state.changeInstance(instance.id, {
      state: "InService",
      inServiceAtMs: this.#kernel.clock.now(),
      activityId: undefined,
    });
    this.#activities.end(group.name, instance.activityId, "Successful");
    this.#state.change(group.name, () => ({ launchFailures: 0, launchAfterMs: 0 }));
  }

  /**
   * Terminating → (Terminating:Wait →) Terminating:Proceed → gone. It leaves the load balancer first and stops accepting
   * connections there; only then do hooks begin. Source: "How lifecycle hooks work in Auto Scaling groups".
   */
  async #takeDown(
    group: Readonly<GroupDocument>,
    instance: Readonly<InstanceDocument>,
    gone: boolean,
    seen: Instance | undefined,
  ): Promise<void> {
    const { id, activityId } = instance;
    const atOnce = gone || instance.forced;
    if (instance.state === "Terminating") {
      const out = await this.#outOfTraffic(group, instance);
      if (!out && !atOnce) {
        this.#activities.move(group.name, activityId, { status: "WaitingForELBConnectionDraining", progress: 20 });
        return;
      }
      const waits = atOnce ? [] : this.#hooks().begin(instance, "autoscaling:EC2_INSTANCE_TERMINATING");
      if (waits.length > 0) {
        this.#state.changeInstance(id, { state: "Terminating:Wait", waits });
        this.#activities.move(group.name, activityId, { status: "MidLifecycleAction", progress: 60 });
        return;
      }
    }
    if (instance.state === "Terminating:Wait" && !atOnce) {
      this.#hooks().expire(instance);
      if ((this.#state.instances.get(id)?.waits.length ?? 0) > 0) return;
    }
    const ended = seen?.State?.Name === "terminated" || (seen === undefined && gone);
    if (ended) {
      this.#state.instances.delete(id);
      this.#activities.end(group.name, activityId, "Successful");
    } else if (!instance.terminateCalled) {
      // What EC2 does not show yet is ended by a later turn, unless it counts as gone by then.
      if (!(await this.#neighbours.terminate(id))) return;
      this.#state.changeInstance(id, { state: "Terminating:Proceed", waits: [], terminateCalled: true });
      this.#activities.move(group.name, activityId, { status: "InProgress", progress: 80 });
    }
  }

  /** Deregisters where needed; true once nothing of the instance is registered or drains any more. */
  async #outOfTraffic(group: Readonly<GroupDocument>, { id }: Readonly<InstanceDocument>): Promise<boolean> {
    let out = true;
    for (const { arn } of group.trafficSources) {
      const isOut = async () => {
        const health = (await this.#neighbours.targetHealth(arn, [id])).get(id);
        return {
          out: health === undefined || health.Reason === "Target.NotRegistered",
          draining: health?.State === "draining",
        };
      };
      const before = await isOut();
      if (before.out) continue;
      if (!before.draining) await this.#neighbours.deregister(arn, [id]);
      if (before.draining || !(await isOut()).out) out = false;
    }
    return out;
  }

  #withdrawn(instance: Readonly<InstanceDocument>): void {
    this.#activities.end(instance.group, instance.activityId, "Successful");
    if (instance.state === "Detaching") this.#state.instances.delete(instance.id);
    else this.#state.changeInstance(instance.id, { state: "Standby", inServiceAtMs: undefined, activityId: undefined });
  }
}
