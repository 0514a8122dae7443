import type { Instance } from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel } from "../core/kernel.ts";
import { type Activities, instant } from "./activities.ts";
import { launchOrder } from "./balance.ts";
import type { ActivityDocument, GroupDocument } from "./documents.ts";
import { counts } from "./documents.ts";
import { launchInput, type ResolvedTemplate, resolveTemplate } from "./launch-templates.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Neighbours } from "./neighbours.ts";
import type { AutoScalingState } from "./state.ts";

/** EC2 has no room or no quota for this try; another subnet or type may do. */
const elsewhere = [
  "InsufficientInstanceCapacity",
  "InsufficientFreeAddressesInSubnet",
  "InstanceLimitExceeded",
  "Unsupported",
  "VcpuLimitExceeded",
];
/** EC2 is busy: the same try again with the next turn. */
const busy = ["RequestLimitExceeded", "Throttling", "ServiceUnavailable", "InternalError"];

type Outcome = "launched" | "failed" | "later";

/**
 * Launches instances, each as an activity of its own. What an activity will try is written down before EC2 is asked, and
 * every try has its own client token, so a turn that is repeated after a kill finds the instance it had launched.
 */
export class Launching {
  readonly #kernel: Kernel;
  readonly #state: AutoScalingState;
  readonly #neighbours: Neighbours;
  readonly #activities: Activities;
  readonly #lifecycle: Lifecycle;

  constructor(
    kernel: Kernel,
    state: AutoScalingState,
    neighbours: Neighbours,
    activities: Activities,
    lifecycle: Lifecycle,
  ) {
    this.#kernel = kernel;
    this.#state = state;
    this.#neighbours = neighbours;
    this.#activities = activities;
    this.#lifecycle = lifecycle;
  }

  /** Launches that were begun and have no instance yet. */
  open(group: string): Readonly<ActivityDocument>[] {
    return this.#state
      .activitiesOf(group)
      .filter(({ kind, endMs, instanceId }) => kind === "launch" && endMs === undefined && instanceId === undefined);
  }

  /** Writes down the launch of `number` instances, spread over the group's zones. */
  begin(group: Readonly<GroupDocument>, number: number): void {
    const members: { zone: string; subnetId: string }[] = this.#state.instancesOf(group.name).filter(counts);
    const before = members.length;
    const now = instant(this.#kernel.clock.now());
    const difference = `At ${now} an instance was started in response to a difference between desired and actual capacity, increasing the capacity from ${before} to ${before + number}.`;
    for (let index = 0; index < number; index++) {
      const order = launchOrder(group.subnets, members);
      const types = group.instanceTypes.length === 0 ? [undefined] : group.instanceTypes;
      const attempts = types.flatMap((instanceType) =>
        order.map(({ id, zone }) => ({ subnetId: id, zone, instanceType })),
      );
      this.#activities.begin(group, {
        kind: "launch",
        description: "Launching a new EC2 instance.",
        cause: `${group.cause}  ${difference}`.trim(),
        status: "WaitingForInstanceId",
        attempts,
      });
      const first = order[0];
      if (first) members.push({ zone: first.zone, subnetId: first.id });
    }
  }

  /** Asks EC2 for the instances of open launches. Failures make the group wait before the next ones. */
  async fulfil(group: Readonly<GroupDocument>): Promise<void> {
    const open = this.open(group.name);
    if (open.length === 0) return;
    const outcomes: Outcome[] = [];
    const template = await this.#prepared(group);
    for (const activity of open) {
      if (typeof template === "string") {
        this.#activities.end(group.name, activity.id, "Failed", `${template} Launching EC2 instance failed.`);
        outcomes.push("failed");
      } else {
        outcomes.push(await this.#launch(group, template, activity));
      }
    }
    if (outcomes.includes("failed")) this.#lifecycle.backOff(group.name);
  }

  /** The template's version to launch now, or in words why nothing can be launched. */
  async #prepared(group: Readonly<GroupDocument>): Promise<ResolvedTemplate | string> {
    const attached = group.trafficSources.filter(({ state }) => state !== "Removing").map(({ arn }) => arn);
    if (!(await this.#neighbours.targetGroupsExist(attached))) {
      return "One or more target groups not found. Validating load balancer configuration failed.";
    }
    try {
      const { id, version } = group.template;
      return await resolveTemplate(this.#neighbours, { LaunchTemplateId: id, Version: version });
    } catch (error) {
      if (error instanceof AwsError) return error.message;
      throw error;
    }
  }

  async #launch(
    group: Readonly<GroupDocument>,
    template: ResolvedTemplate,
    activity: Readonly<ActivityDocument>,
  ): Promise<Outcome> {
    let reason = "There is no subnet to launch into.";
    for (let tried = activity.failedAttempts; tried < activity.attempts.length; tried++) {
      const attempt = activity.attempts[tried];
      if (!attempt) break;
      this.#activities.move(group.name, activity.id, { asked: true });
      try {
        const launched = await this.#neighbours.run({
          ...launchInput(template, attempt.subnetId, attempt.instanceType),
          ClientToken: `${activity.id}-${tried}`,
          TagSpecifications: [{ ResourceType: "instance", Tags: launchTags(group) }],
        });
        this.#launched(group, template, activity, launched.Instances?.[0] ?? {});
        return "launched";
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        if (busy.includes(error.code)) return "later";
        reason = error.message;
        this.#activities.move(group.name, activity.id, {
          failedAttempts: tried + 1,
          subnetId: attempt.subnetId,
          zone: attempt.zone,
        });
        if (!elsewhere.includes(error.code)) break;
      }
    }
    this.#activities.end(group.name, activity.id, "Failed", `${reason} Launching EC2 instance failed.`);
    return "failed";
  }

  #launched(
    group: Readonly<GroupDocument>,
    { reference }: ResolvedTemplate,
    activity: Readonly<ActivityDocument>,
    instance: Instance,
  ): void {
    const { InstanceId: id = "", SubnetId: subnetId = "", InstanceType: instanceType = "" } = instance;
    const zone = instance.Placement?.AvailabilityZone ?? "";
    this.#state.instances.put(id, {
      id,
      group: group.name,
      subnetId,
      zone,
      instanceType,
      template: reference,
      state: "Pending",
      health: "Healthy",
      unhealthyBecause: undefined,
      protectedFromScaleIn: group.protectNewInstances,
      launchedAtMs: this.#kernel.clock.now(),
      inServiceAtMs: undefined,
      activityId: activity.id,
      waits: [],
      forced: false,
      terminateCalled: false,
    });
    const description = `Launching a new EC2 instance: ${id}`;
    this.#activities.move(group.name, activity.id, {
      status: "PreInService",
      progress: 30,
      description,
      instanceId: id,
      subnetId,
      zone,
    });
  }
}

/** The group's propagated tags win over the template's; the group's name is how AWS marks its instances. */
function launchTags({ name, tags }: Readonly<GroupDocument>): { Key: string; Value: string }[] {
  const own = tags.filter(({ propagate }) => propagate).map(({ key, value }) => ({ Key: key, Value: value }));
  return [{ Key: "aws:autoscaling:groupName", Value: name }, ...own];
}
