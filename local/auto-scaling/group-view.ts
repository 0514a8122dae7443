import type {
  AutoScalingGroup,
  AutoScalingInstanceDetails,
  Instance,
  LaunchTemplateSpecification,
} from "@aws-sdk/client-auto-scaling";
import type { GroupDocument, InstanceDocument, TemplateReference } from "./documents.ts";
import { tagsAsApi } from "./group-tags.ts";

/** A group as DescribeAutoScalingGroups gives it. */
export function groupAsApi(
  group: Readonly<GroupDocument>,
  instances: readonly Readonly<InstanceDocument>[],
): AutoScalingGroup {
  const attached = group.trafficSources.filter(({ state }) => state !== "Removing").map(({ arn }) => arn);
  return {
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: group.arn,
    ...(group.mixedInstancesPolicy
      ? { MixedInstancesPolicy: group.mixedInstancesPolicy }
      : { LaunchTemplate: templateAsApi(group.template) }),
    MinSize: group.minSize,
    MaxSize: group.maxSize,
    DesiredCapacity: group.desired,
    DefaultCooldown: group.defaultCooldownSeconds,
    AvailabilityZones: [...new Set(group.subnets.map(({ zone }) => zone))],
    LoadBalancerNames: [],
    TargetGroupARNs: attached,
    TrafficSources: attached.map((arn) => ({ Identifier: arn, Type: "elbv2" })),
    HealthCheckType: group.healthCheckType,
    HealthCheckGracePeriod: group.gracePeriodSeconds,
    Instances: instances.map(instanceAsApi),
    CreatedTime: new Date(group.createdAtMs),
    SuspendedProcesses: group.suspended.map(({ name, reason }) => ({ ProcessName: name, SuspensionReason: reason })),
    VPCZoneIdentifier: group.subnets.map(({ id }) => id).join(","),
    EnabledMetrics: [],
    ...(group.deleting ? { Status: "Delete in progress" } : {}),
    Tags: tagsAsApi(group),
    TerminationPolicies: group.terminationPolicies,
    NewInstancesProtectedFromScaleIn: group.protectNewInstances,
    MaxInstanceLifetime: group.maxInstanceLifetimeSeconds,
    CapacityRebalance: group.capacityRebalance,
    DefaultInstanceWarmup: group.defaultInstanceWarmupSeconds,
    InstanceMaintenancePolicy: group.maintenancePolicy,
    DeletionProtection: group.deletionProtection,
  };
}

export function instanceAsApi(instance: Readonly<InstanceDocument>): Instance {
  return {
    InstanceId: instance.id,
    InstanceType: instance.instanceType,
    AvailabilityZone: instance.zone,
    LifecycleState: instance.state,
    HealthStatus: instance.health,
    LaunchTemplate: templateAsApi(instance.template),
    ProtectedFromScaleIn: instance.protectedFromScaleIn,
  };
}

/** An instance as DescribeAutoScalingInstances gives it, which spells health in capitals. */
export function instanceDetails(instance: Readonly<InstanceDocument>): AutoScalingInstanceDetails {
  return {
    ...instanceAsApi(instance),
    InstanceId: instance.id,
    AvailabilityZone: instance.zone,
    LifecycleState: instance.state,
    ProtectedFromScaleIn: instance.protectedFromScaleIn,
    AutoScalingGroupName: instance.group,
    HealthStatus: instance.health.toUpperCase(),
  };
}

function templateAsApi({ id, name, version }: TemplateReference): LaunchTemplateSpecification {
  return { LaunchTemplateId: id, LaunchTemplateName: name, Version: version };
}
