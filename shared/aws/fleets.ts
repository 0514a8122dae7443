import {
  type AutoScalingClient,
  type AutoScalingGroup,
  CreateAutoScalingGroupCommand,
  DeleteAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
  DetachInstancesCommand,
  UpdateAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import { isNamed, TransientError } from "../errors.ts";
import { deleteUnlessGone } from "./deleting.ts";

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
   * @param graceSeconds After launch, while a program may still be starting.
   */
  async settle(name: string, lasting: { min: number; max: number; graceSeconds: number }): Promise<void> {
    await this.#scaling.send(
      new UpdateAutoScalingGroupCommand({
        AutoScalingGroupName: name,
        MinSize: lasting.min,
        MaxSize: lasting.max,
        HealthCheckType: "ELB",
        HealthCheckGracePeriod: lasting.graceSeconds,
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
