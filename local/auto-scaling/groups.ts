import type {
  CreateAutoScalingGroupCommandInput,
  DeleteAutoScalingGroupCommandInput,
  DescribeAutoScalingGroupsCommandInput,
  DescribeAutoScalingGroupsCommandOutput,
  SetDesiredCapacityCommandInput,
  UpdateAutoScalingGroupCommandInput,
} from "@aws-sdk/client-auto-scaling";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Kernel, Operation } from "../core/kernel.ts";
import { instant } from "./activities.ts";
import { type GroupDocument, isTerminating } from "./documents.ts";
import { invalid, unsupported } from "./errors.ts";
import { acceptedSettings, acceptedSubnets } from "./group-settings.ts";
import { acceptedTags, meetsTagFilters } from "./group-tags.ts";
import { groupAsApi } from "./group-view.ts";
import { acceptedLaunchSource } from "./launch-templates.ts";
import type { LifecycleHooks } from "./lifecycle-hooks.ts";
import type { Neighbours } from "./neighbours.ts";
import { page } from "./paging.ts";
import { type AutoScalingPermissions, sizeContext, tagContext } from "./permissions.ts";
import type { AutoScalingState } from "./state.ts";
import { requestedGroups } from "./traffic-sources.ts";

/** Groups per Region. Source: quotas for Amazon EC2 Auto Scaling. */
const groupLimit = 500;

export interface GroupsPorts {
  kernel: Kernel;
  state: AutoScalingState;
  permissions: AutoScalingPermissions;
  neighbours: Neighbours;
  hooks: LifecycleHooks;
  /** Has the group look at itself soon. */
  poke: (group: string) => void;
}

/** Auto Scaling groups themselves: create, update, describe, delete, desired capacity. */
export class Groups {
  readonly #ports: GroupsPorts;

  constructor(ports: GroupsPorts) {
    this.#ports = ports;
  }

  operations(): Record<string, Operation> {
    const { permissions } = this.#ports;
    return {
      CreateAutoScalingGroup: {
        permissions: (input: CreateAutoScalingGroupCommandInput) => {
          const context = { ...sizeContext(input), ...tagContext(input.Tags) };
          return [permissions.on("CreateAutoScalingGroup", input.AutoScalingGroupName, context)];
        },
        run: (input: CreateAutoScalingGroupCommandInput, call) => this.#create(input, call),
      },
      UpdateAutoScalingGroup: {
        permissions: (input: UpdateAutoScalingGroupCommandInput) => [
          permissions.on("UpdateAutoScalingGroup", input.AutoScalingGroupName, sizeContext(input)),
        ],
        run: (input: UpdateAutoScalingGroupCommandInput, call) => this.#update(input, call),
      },
      DescribeAutoScalingGroups: { run: (input: DescribeAutoScalingGroupsCommandInput) => this.#describe(input) },
      DeleteAutoScalingGroup: {
        permissions: (input: DeleteAutoScalingGroupCommandInput) => {
          const context = { "autoscaling:ForceDelete": String(input.ForceDelete ?? false) };
          return [permissions.on("DeleteAutoScalingGroup", input.AutoScalingGroupName, context)];
        },
        run: (input: DeleteAutoScalingGroupCommandInput) => this.#delete(input),
      },
      SetDesiredCapacity: {
        permissions: (input: SetDesiredCapacityCommandInput) => [
          permissions.on("SetDesiredCapacity", input.AutoScalingGroupName),
        ],
        run: (input: SetDesiredCapacityCommandInput) => this.#setDesired(input),
      },
    };
  }

  async #create(input: CreateAutoScalingGroupCommandInput, call: Call): Promise<Record<string, never>> {
    const { kernel, state, neighbours, hooks, poke } = this.#ports;
    const name = input.AutoScalingGroupName ?? "";
    if (!/^[\x21-\x7e]{1,255}$/.test(name) || /[:|]/.test(name)) throw invalid(`Group name '${name}' is not valid`);
    this.#refuseExisting(name);
    if (state.groups.list().length >= groupLimit) {
      throw new AwsError("LimitExceeded", `You have reached the limit of ${groupLimit} Auto Scaling groups`);
    }
    const settings = acceptedSettings(input, undefined);
    const tags = acceptedTags(input.Tags);
    const subnets = await acceptedSubnets(neighbours, input);
    if (!subnets) throw invalid("At least one Availability Zone or VPC Subnet is required.");
    const source = await acceptedLaunchSource(neighbours, input, subnets[0]?.id, call.caller);
    if (!source) {
      throw invalid(
        "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.",
      );
    }
    const groups = await requestedGroups(neighbours, input);
    const now = kernel.clock.now();
    // Others may have taken the name during the look-ups.
    this.#refuseExisting(name);
    const group: GroupDocument = {
      name,
      arn: kernel.arn("autoscaling", `autoScalingGroup:${kernel.random.uuid()}:autoScalingGroupName/${name}`),
      ...settings,
      ...source,
      subnets,
      trafficSources: groups.map((arn) => ({ arn, state: "Adding" })),
      tags,
      suspended: [],
      createdAtMs: now,
      deleting: false,
      launchFailures: 0,
      launchAfterMs: 0,
      cause: `At ${instant(now)} a user request created an AutoScalingGroup changing the desired capacity from 0 to ${settings.desired}.`,
      evaluatedAtMs: now,
    };
    const waiting = (input.LifecycleHookSpecificationList ?? []).map((hook) => hooks.accepted(name, hook));
    state.groups.put(name, group);
    for (const hook of waiting) state.putHook(hook);
    poke(name);
    return {};
  }

  #refuseExisting(name: string): void {
    if (!this.#ports.state.groups.get(name)) return;
    const message = `AutoScalingGroup by this name already exists - A group with the name ${name} already exists`;
    throw new AwsError("AlreadyExists", message);
  }

  async #update(input: UpdateAutoScalingGroupCommandInput, call: Call): Promise<Record<string, never>> {
    const { kernel, state, neighbours, poke } = this.#ports;
    const before = state.group(input.AutoScalingGroupName);
    refuseDeleting(before);
    acceptedSettings(input, before);
    const subnets = await acceptedSubnets(neighbours, input);
    const source = await acceptedLaunchSource(neighbours, input, (subnets ?? before.subnets)[0]?.id, call.caller);
    state.change(before.name, (group) => {
      const settings = acceptedSettings(input, group);
      const now = instant(kernel.clock.now());
      const sizes = `min: ${settings.minSize}, max: ${settings.maxSize}, desired: ${settings.desired}`;
      const cause = `At ${now} a user request update of AutoScalingGroup constraints to ${sizes} changing the desired capacity from ${group.desired} to ${settings.desired}.`;
      return {
        ...settings,
        ...(subnets ? { subnets } : {}),
        // A new template gets a fresh start: its launches do not wait for the old one's failures.
        ...(source ? { ...source, launchFailures: 0, launchAfterMs: 0 } : {}),
        ...(settings.desired === group.desired ? {} : { cause }),
      };
    });
    poke(before.name);
    return {};
  }

  #describe(input: DescribeAutoScalingGroupsCommandInput): Omit<DescribeAutoScalingGroupsCommandOutput, "$metadata"> {
    const { state } = this.#ports;
    const names = input.AutoScalingGroupNames;
    // Names that do not exist are left out without an error, as AWS does.
    const found = state.groups
      .list()
      .filter(({ name }) => !names?.length || names.includes(name))
      .filter(({ tags }) => meetsTagFilters(tags, input.Filters));
    const { items, NextToken } = page(found, input);
    const includeInstances = input.IncludeInstances ?? true;
    return {
      AutoScalingGroups: items.map((group) => groupAsApi(group, includeInstances ? state.instancesOf(group.name) : [])),
      NextToken,
    };
  }

  #delete(input: DeleteAutoScalingGroupCommandInput): Record<string, never> {
    const { state, poke } = this.#ports;
    const group = state.group(input.AutoScalingGroupName);
    const force = input.ForceDelete ?? false;
    if (
      group.deletionProtection === "prevent-all-deletion" ||
      (force && group.deletionProtection === "prevent-force-deletion")
    ) {
      throw new AwsError(
        "ResourceInUse",
        `Deletion protection '${group.deletionProtection}' is enabled for ${group.name}`,
      );
    }
    const instances = state.instancesOf(group.name);
    const launching = state
      .activitiesOf(group.name)
      .some(({ kind, endMs, instanceId }) => kind === "launch" && endMs === undefined && instanceId === undefined);
    if (!force && instances.some((instance) => !isTerminating(instance))) {
      const message =
        "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.";
      throw new AwsError("ResourceInUse", message);
    }
    if (!force && (launching || instances.length > 0)) {
      const message =
        "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.";
      throw new AwsError("ScalingActivityInProgress", message);
    }
    if (instances.length === 0 && !launching) {
      state.forget(group.name);
      return {};
    }
    state.change(group.name, () => ({ deleting: true, minSize: 0, desired: 0 }));
    for (const hook of state.hooksOf(group.name)) state.deleteHook(group.name, hook.name);
    for (const { id } of instances) state.changeInstance(id, { forced: true, waits: [] });
    poke(group.name);
    return {};
  }

  #setDesired(input: SetDesiredCapacityCommandInput): Record<string, never> {
    const { kernel, state, poke } = this.#ports;
    const group = state.group(input.AutoScalingGroupName);
    refuseDeleting(group);
    if (input.HonorCooldown) throw unsupported("cooldowns (HonorCooldown)");
    const desired = input.DesiredCapacity ?? 0;
    if (desired > group.maxSize) {
      throw invalid(
        `New SetDesiredCapacity value ${desired} is above max value ${group.maxSize} for the AutoScalingGroup.`,
      );
    }
    if (desired < group.minSize) {
      throw invalid(
        `New SetDesiredCapacity value ${desired} is below min value ${group.minSize} for the AutoScalingGroup.`,
      );
    }
    const now = instant(kernel.clock.now());
    const cause = `At ${now} a user request explicitly set group desired capacity changing the desired capacity from ${group.desired} to ${desired}.`;
    state.change(group.name, () => ({ desired, cause }));
    poke(group.name);
    return {};
  }
}

/** @throws {AwsError} ValidationError for a group that is being deleted. */
export function refuseDeleting(group: Readonly<GroupDocument>): void {
  if (group.deleting) throw invalid(`AutoScalingGroup ${group.name} is pending delete`);
}
