import type {
  Activity,
  AttachInstancesCommandInput,
  DescribeAutoScalingInstancesCommandInput,
  DescribeAutoScalingInstancesCommandOutput,
  DetachInstancesCommandInput,
  EnterStandbyCommandInput,
  ExitStandbyCommandInput,
  SetInstanceHealthCommandInput,
  SetInstanceProtectionCommandInput,
  TerminateInstanceInAutoScalingGroupCommandInput,
} from "@aws-sdk/client-auto-scaling";
import type { Kernel, Operation } from "../core/kernel.ts";
import { activityAsApi, instant } from "./activities.ts";
import type { GroupDocument, InstanceDocument } from "./documents.ts";
import { invalid } from "./errors.ts";
import { instanceDetails } from "./group-view.ts";
import { refuseDeleting } from "./groups.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Neighbours } from "./neighbours.ts";
import { page } from "./paging.ts";
import type { AutoScalingPermissions } from "./permissions.ts";
import type { AutoScalingState } from "./state.ts";

/** Instances per request. Source: quotas for Amazon EC2 Auto Scaling. */
const instancesPerCall = 20;
const largestPage = 50;

export interface InstancesPorts {
  kernel: Kernel;
  state: AutoScalingState;
  permissions: AutoScalingPermissions;
  neighbours: Neighbours;
  lifecycle: Lifecycle;
  poke: (group: string) => void;
}

type Activities = { Activities: Activity[] };

/** What people and tools do with single instances of a group. */
export class Instances {
  readonly #ports: InstancesPorts;

  constructor(ports: InstancesPorts) {
    this.#ports = ports;
  }

  operations(): Record<string, Operation> {
    const { permissions } = this.#ports;
    const onGroup = (action: string) => (input: { AutoScalingGroupName?: string | undefined }) => [
      permissions.on(action, input.AutoScalingGroupName),
    ];
    const onInstance = (action: string) => (input: { InstanceId?: string | undefined }) => [
      permissions.onInstance(action, input.InstanceId),
    ];
    return {
      DescribeAutoScalingInstances: { run: (input: DescribeAutoScalingInstancesCommandInput) => this.#describe(input) },
      TerminateInstanceInAutoScalingGroup: {
        permissions: onInstance("TerminateInstanceInAutoScalingGroup"),
        run: (input: TerminateInstanceInAutoScalingGroupCommandInput) => this.#terminate(input),
      },
      SetInstanceHealth: {
        permissions: onInstance("SetInstanceHealth"),
        run: (input: SetInstanceHealthCommandInput) => this.#setHealth(input),
      },
      SetInstanceProtection: {
        permissions: onGroup("SetInstanceProtection"),
        run: (input: SetInstanceProtectionCommandInput) => this.#protect(input),
      },
      AttachInstances: {
        permissions: onGroup("AttachInstances"),
        run: (input: AttachInstancesCommandInput) => this.#attach(input),
      },
      DetachInstances: {
        permissions: onGroup("DetachInstances"),
        run: (input: DetachInstancesCommandInput) => this.#withdraw(input, "Detaching", "detach"),
      },
      EnterStandby: {
        permissions: onGroup("EnterStandby"),
        run: (input: EnterStandbyCommandInput) => this.#withdraw(input, "EnteringStandby", "move to Standby"),
      },
      ExitStandby: {
        permissions: onGroup("ExitStandby"),
        run: (input: ExitStandbyCommandInput) => this.#exitStandby(input),
      },
    };
  }

  #describe(
    input: DescribeAutoScalingInstancesCommandInput,
  ): Omit<DescribeAutoScalingInstancesCommandOutput, "$metadata"> {
    const ids = input.InstanceIds;
    if ((ids?.length ?? 0) > largestPage) throw invalid(`At most ${largestPage} instances can be given in one call`);
    const found = this.#ports.state.instances.list().filter(({ id }) => !ids?.length || ids.includes(id));
    const { items, NextToken } = page(found, input, largestPage);
    return { AutoScalingInstances: items.map(instanceDetails), NextToken };
  }

  #terminate(input: TerminateInstanceInAutoScalingGroupCommandInput): { Activity: Activity } {
    const { state, lifecycle, poke } = this.#ports;
    const instance = state.instance(input.InstanceId);
    const group = state.group(instance.group);
    const decrement = input.ShouldDecrementDesiredCapacity ?? false;
    const shrinks = decrement && !instance.state.startsWith("Terminating") && instance.state !== "Standby";
    if (shrinks) this.#decrement(group, 1, "Terminating instance");
    const change = shrinks ? `, shrinking the capacity from ${group.desired} to ${group.desired - 1}` : "";
    const activity = lifecycle.terminate(
      instance,
      `${this.#atNow()} instance ${instance.id} was taken out of service in response to a user request${change}.`,
    );
    poke(group.name);
    return { Activity: activityAsApi(activity, state) };
  }

  #setHealth(input: SetInstanceHealthCommandInput): Record<string, never> {
    const { kernel, state, poke } = this.#ports;
    const instance = state.instance(input.InstanceId);
    const { gracePeriodSeconds } = state.group(instance.group);
    const status = input.HealthStatus;
    if (status !== "Healthy" && status !== "Unhealthy")
      throw invalid(`Health status '${status}' must be Healthy or Unhealthy`);
    const graceEndsMs = (instance.inServiceAtMs ?? kernel.clock.now()) + gracePeriodSeconds * 1000;
    const inGrace = kernel.clock.now() < graceEndsMs && (input.ShouldRespectGracePeriod ?? true);
    if (status === "Unhealthy" && inGrace) return {};
    const unhealthyBecause = status === "Unhealthy" ? "a user health-check" : undefined;
    state.changeInstance(instance.id, { health: status, unhealthyBecause });
    poke(instance.group);
    return {};
  }

  #protect(input: SetInstanceProtectionCommandInput): Record<string, never> {
    const { state } = this.#ports;
    const instances = this.#members(state.group(input.AutoScalingGroupName), input.InstanceIds);
    for (const { id } of instances)
      state.changeInstance(id, { protectedFromScaleIn: input.ProtectedFromScaleIn ?? false });
    return {};
  }

  /** Takes over running instances; the desired capacity grows by their number. */
  async #attach(input: AttachInstancesCommandInput): Promise<Record<string, never>> {
    const { kernel, state, neighbours, poke } = this.#ports;
    const group = state.group(input.AutoScalingGroupName);
    refuseDeleting(group);
    const ids = someIds(input.InstanceIds);
    const seen = await neighbours.instances(ids);
    for (const id of ids) {
      const instance = seen.get(id);
      if (instance?.State?.Name !== "running")
        throw invalid(`Invalid Instance ID(s): [${id}]. The instance must be running`);
      if (state.instances.get(id)) throw invalid(`Instance ${id} is already part of an Auto Scaling group`);
      const zone = instance.Placement?.AvailabilityZone ?? "";
      if (!group.subnets.some((subnet) => subnet.zone === zone))
        throw invalid(`The instance ${id} is not in a zone of the group`);
    }
    this.#increment(group, ids.length);
    for (const id of ids) {
      const { SubnetId: subnetId = "", InstanceType: instanceType = "", Placement } = seen.get(id) ?? {};
      state.instances.put(id, {
        id,
        group: group.name,
        subnetId,
        zone: Placement?.AvailabilityZone ?? "",
        instanceType,
        template: group.template,
        state: "Pending",
        health: "Healthy",
        unhealthyBecause: undefined,
        protectedFromScaleIn: group.protectNewInstances,
        launchedAtMs: kernel.clock.now(),
        inServiceAtMs: undefined,
        activityId: undefined,
        waits: [],
        forced: false,
        terminateCalled: false,
      });
    }
    poke(group.name);
    return {};
  }

  #withdraw(
    input: DetachInstancesCommandInput | EnterStandbyCommandInput,
    to: "Detaching" | "EnteringStandby",
    what: string,
  ): Activities {
    const { state, lifecycle, poke } = this.#ports;
    const group = state.group(input.AutoScalingGroupName);
    const instances = this.#members(group, input.InstanceIds);
    for (const instance of instances) {
      const ready = instance.state === "InService" || (to === "Detaching" && instance.state === "Standby");
      if (!ready)
        throw invalid(`The instance ${instance.id} is not in InService${to === "Detaching" ? " or Standby" : ""}.`);
    }
    const counted = instances.filter((instance) => instance.state === "InService").length;
    if (input.ShouldDecrementDesiredCapacity) this.#decrement(group, counted, `Request to ${what}`);
    const activities = instances.map((instance) =>
      lifecycle.withdraw(
        instance,
        to,
        `${this.#atNow()} instance ${instance.id} was asked to ${what} in response to a user request.`,
      ),
    );
    poke(group.name);
    return { Activities: activities.map((activity) => activityAsApi(activity, state)) };
  }

  #exitStandby(input: ExitStandbyCommandInput): Activities {
    const { state, lifecycle, poke } = this.#ports;
    const group = state.group(input.AutoScalingGroupName);
    const instances = this.#members(group, input.InstanceIds);
    for (const instance of instances) {
      if (instance.state !== "Standby") throw invalid(`The instance ${instance.id} is not in Standby.`);
    }
    this.#increment(group, instances.length);
    const activities = instances.map((instance) =>
      lifecycle.comeBack(
        instance,
        `${this.#atNow()} instance ${instance.id} was moved out of Standby in response to a user request.`,
      ),
    );
    poke(group.name);
    return { Activities: activities.map((activity) => activityAsApi(activity, state)) };
  }

  #members(group: Readonly<GroupDocument>, ids: readonly string[] | undefined): Readonly<InstanceDocument>[] {
    return someIds(ids).map((id) => {
      const instance = this.#ports.state.instances.get(id);
      if (instance?.group !== group.name)
        throw invalid(`The instance ${id} is not part of Auto Scaling group ${group.name}.`);
      return instance;
    });
  }

  #decrement(group: Readonly<GroupDocument>, number: number, what: string): void {
    if (group.desired - number < group.minSize) {
      throw invalid(
        `Currently, desiredSize equals minSize (${group.minSize}). ${what} without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`,
      );
    }
    this.#ports.state.change(group.name, ({ desired }) => ({ desired: desired - number }));
  }

  #increment(group: Readonly<GroupDocument>, number: number): void {
    if (group.desired + number > group.maxSize) {
      throw invalid(
        `AutoScalingGroup ${group.name} has max-size=${group.maxSize}, and cannot grow to desired capacity ${group.desired + number}.`,
      );
    }
    this.#ports.state.change(group.name, ({ desired }) => ({ desired: desired + number }));
  }

  #atNow(): string {
    return `At ${instant(this.#ports.kernel.clock.now())}`;
  }
}

function someIds(ids: readonly string[] | undefined): string[] {
  if (!ids?.length) throw invalid("At least one instance ID must be specified");
  if (ids.length > instancesPerCall) throw invalid(`At most ${instancesPerCall} instances can be given in one call`);
  return [...ids];
}
