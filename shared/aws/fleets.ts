import {
  type AutoScalingClient,
  type AutoScalingGroup,
  CreateAutoScalingGroupCommand,
  DeleteAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
  DetachInstancesCommand,
  SetInstanceHealthCommand,
  UpdateAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import type { FleetMembers, GroupFacts } from "../domain/drift.ts";
import { isNamed, TransientError } from "../errors.ts";
import { deleteUnlessGone } from "./deleting.ts";

/**
 * A replacement is launched before what it replaces goes. The upper bound is as wide as AWS takes it, so that a fleet of one
 * has room for two. Source: Auto Scaling user guide, "Instance maintenance policies"; API_InstanceMaintenancePolicy.
 */
const launchFirst = { MinHealthyPercentage: 100, MaxHealthyPercentage: 200 } as const;

/** What one fleet looks like now. */
export interface Fleet {
  name: string;
  inService: number;
  desired: number;
  min: number;
  max: number;
  instanceIds: string[];
  deleting: boolean;
  /** ISO time. */
  createdAt: string | undefined;
}

/** Fleets: the Auto Scaling group of each release. */
export class Fleets {
  readonly #scaling: AutoScalingClient;

  constructor(scaling: AutoScalingClient) {
    this.#scaling = scaling;
  }

  async read(name: string): Promise<Fleet | undefined> {
    return (await this.readEach([name]))[0];
  }

  /** Fleets in the order of their names, from one answer. Unit: at most 50 names (DescribeAutoScalingGroups). */
  async readEach(names: string[]): Promise<(Fleet | undefined)[]> {
    const found = await this.#scaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: names }));
    const fleets = (found.AutoScalingGroups ?? []).map(fleetOf);
    return names.map((name) => fleets.find((fleet) => fleet.name === name));
  }

  /** The instances of a fleet as its group sees them; undefined when there is no such group. */
  async members(name: string): Promise<FleetMembers | undefined> {
    const group = await this.#describe(name);
    if (!group) return undefined;
    const members = (group.Instances ?? []).map(({ InstanceId = "", LifecycleState, HealthStatus }) => ({
      id: InstanceId,
      inService: LifecycleState === "InService",
      healthy: HealthStatus === "Healthy",
    }));
    return { desired: group.DesiredCapacity ?? 0, members };
  }

  /** What a fleet's group is set to; undefined when there is no such group. */
  async facts(name: string): Promise<GroupFacts | undefined> {
    const group = await this.#describe(name);
    if (!group) return undefined;
    return {
      max: group.MaxSize ?? 0,
      templateName: group.LaunchTemplate?.LaunchTemplateName,
      targetGroupArns: group.TargetGroupARNs ?? [],
      suspended: (group.SuspendedProcesses ?? []).map(({ ProcessName = "" }) => ProcessName),
      maxAgeSeconds: group.MaxInstanceLifetime ?? 0,
    };
  }

  /**
   * Has a group replace one instance: launch another first, then drain and end this one. The group's maintenance policy is
   * made sure of, because without it the instance would go first.
   */
  async replace(name: string, instanceId: string): Promise<void> {
    const group = await this.#describe(name);
    if (group?.InstanceMaintenancePolicy?.MinHealthyPercentage !== launchFirst.MinHealthyPercentage) {
      await this.#scaling.send(
        new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: name, InstanceMaintenancePolicy: launchFirst }),
      );
    }
    await this.#scaling.send(
      new SetInstanceHealthCommand({
        InstanceId: instanceId,
        HealthStatus: "Unhealthy",
        // A young instance is as touched as an old one.
        ShouldRespectGracePeriod: false,
      }),
    );
  }

  async #describe(name: string): Promise<AutoScalingGroup | undefined> {
    const found = await this.#scaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }));
    return found.AutoScalingGroups?.find(({ AutoScalingGroupName }) => AutoScalingGroupName === name);
  }

  /** Creates the group of a release; one that exists under this name is this release's own. */
  async create(input: {
    name: string;
    template: { name: string; version: number };
    size: number;
    max: number;
    subnetIds: string[];
    targetGroupArn: string;
    tags: Record<string, string>;
  }): Promise<void> {
    try {
      await this.#scaling.send(
        new CreateAutoScalingGroupCommand({
          AutoScalingGroupName: input.name,
          LaunchTemplate: { LaunchTemplateName: input.template.name, Version: String(input.template.version) },
          MinSize: input.size,
          MaxSize: input.max,
          DesiredCapacity: input.size,
          VPCZoneIdentifier: input.subnetIds.join(","),
          TargetGroupARNs: [input.targetGroupArn],
          // EC2 until cutover: a candidate that fails must not be replaced while evidence is gathered.
          HealthCheckType: "EC2",
          Tags: Object.entries(input.tags).map(([Key, Value]) => ({ Key, Value, PropagateAtLaunch: true })),
        }),
      );
    } catch (error) {
      if (isNamed(error, "AlreadyExistsFault", "AlreadyExists")) return;
      // A template that was just made may not be found yet: EC2's API is eventually consistent.
      const reason = error instanceof Error ? error.message : "";
      if (isNamed(error, "ValidationError") && /launch template.*does not exist/is.test(reason)) {
        throw new TransientError(reason, "It is tried again.", { cause: error });
      }
      throw error;
    }
  }

  /** Takes an instance out of its group without ending it; the group wants one less. */
  async detach(name: string, instanceId: string): Promise<void> {
    await this.#scaling.send(
      new DetachInstancesCommand({
        AutoScalingGroupName: name,
        InstanceIds: [instanceId],
        ShouldDecrementDesiredCapacity: true,
      }),
    );
  }

  async resize(name: string, size: { min: number; max: number; desired?: number }): Promise<void> {
    await this.#scaling.send(
      new UpdateAutoScalingGroupCommand({
        AutoScalingGroupName: name,
        MinSize: size.min,
        MaxSize: size.max,
        ...(size.desired !== undefined && { DesiredCapacity: size.desired }),
      }),
    );
  }

  /**
   * The lasting settings of a fleet that serves: from now on a target that the load balancer calls unhealthy is replaced.
   * What is replaced, for its health, its age or because somebody touched it, goes when its replacement serves.
   * @param graceSeconds After launch, while a program may still be starting.
   * @param warmUpSeconds After launch, until an instance counts as a replacement.
   * @param maxAgeSeconds After which an instance is replaced; 0 for never.
   */
  async settle(
    name: string,
    lasting: { min: number; max: number; graceSeconds: number; warmUpSeconds: number; maxAgeSeconds: number },
  ): Promise<void> {
    await this.#scaling.send(
      new UpdateAutoScalingGroupCommand({
        AutoScalingGroupName: name,
        MinSize: lasting.min,
        MaxSize: lasting.max,
        HealthCheckType: "ELB",
        HealthCheckGracePeriod: lasting.graceSeconds,
        DefaultInstanceWarmup: lasting.warmUpSeconds,
        InstanceMaintenancePolicy: launchFirst,
        MaxInstanceLifetime: lasting.maxAgeSeconds,
      }),
    );
  }

  /** Asks for an empty group; harmless when it is gone. Draining and SIGTERM take their time. */
  async empty(name: string): Promise<void> {
    try {
      await this.resize(name, { min: 0, max: 0, desired: 0 });
    } catch (error) {
      if (!goneGroup(error)) throw error;
    }
  }

  /** Deletes an empty group. Returns false while it still has instances. */
  async delete(name: string): Promise<boolean> {
    try {
      await deleteUnlessGone(
        () => this.#scaling.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: name })),
        async () => (await this.read(name)) !== undefined,
      );
      return true;
    } catch (error) {
      if (
        isNamed(
          error,
          "ResourceInUseFault",
          "ResourceInUse",
          "ScalingActivityInProgressFault",
          "ScalingActivityInProgress",
        )
      ) {
        return false;
      }
      if (goneGroup(error)) return true;
      throw error;
    }
  }

  /** Why the last launches failed, newest first, in AWS's words. */
  async launchFailures(name: string): Promise<string[]> {
    const found = await this.#scaling.send(
      new DescribeScalingActivitiesCommand({ AutoScalingGroupName: name, MaxRecords: 10 }),
    );
    const failed = (found.Activities ?? []).filter(
      ({ StatusCode }) => StatusCode === "Failed" || StatusCode === "Cancelled",
    );
    return [...new Set(failed.map(({ StatusMessage, Description }) => StatusMessage ?? Description ?? ""))];
  }
}

function fleetOf(group: AutoScalingGroup): Fleet {
  const instances = group.Instances ?? [];
  const serving = instances.filter(
    ({ LifecycleState, HealthStatus }) => LifecycleState === "InService" && HealthStatus === "Healthy",
  );
  return {
    name: group.AutoScalingGroupName ?? "",
    inService: serving.length,
    desired: group.DesiredCapacity ?? 0,
    min: group.MinSize ?? 0,
    max: group.MaxSize ?? 0,
    instanceIds: instances.flatMap(({ InstanceId }) => (InstanceId ? [InstanceId] : [])),
    deleting: group.Status !== undefined,
    createdAt: group.CreatedTime?.toISOString(),
  };
}

/** Auto Scaling answers ValidationError "… not found" for a group that is gone. */
function goneGroup(error: unknown): boolean {
  return isNamed(error, "ValidationError") && /not found/i.test((error as Error).message);
}
