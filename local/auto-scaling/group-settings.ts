import type {
  CreateAutoScalingGroupCommandInput,
  UpdateAutoScalingGroupCommandInput,
} from "@aws-sdk/client-auto-scaling";
import type { GroupDocument } from "./documents.ts";
import { invalid, unsupported } from "./errors.ts";
import type { Neighbours } from "./neighbours.ts";

type Settings = Pick<
  GroupDocument,
  | "minSize"
  | "maxSize"
  | "desired"
  | "defaultCooldownSeconds"
  | "healthCheckType"
  | "gracePeriodSeconds"
  | "terminationPolicies"
  | "protectNewInstances"
  | "capacityRebalance"
  | "defaultInstanceWarmupSeconds"
  | "maintenancePolicy"
  | "maxInstanceLifetimeSeconds"
  | "deletionProtection"
>;

type GroupInput = Omit<
  CreateAutoScalingGroupCommandInput & UpdateAutoScalingGroupCommandInput,
  "MinSize" | "MaxSize"
> & {
  MinSize?: number | undefined;
  MaxSize?: number | undefined;
};

/** Parameters that matter and that this cloud cannot act on. */
const refused: readonly (keyof GroupInput)[] = [
  "LaunchConfigurationName",
  "InstanceId",
  "AvailabilityZoneIds",
  "LoadBalancerNames",
  "PlacementGroup",
  "DesiredCapacityType",
  "AvailabilityZoneDistribution",
  "AvailabilityZoneImpairmentPolicy",
  "CapacityReservationSpecification",
  "InstanceLifecyclePolicy",
];

const terminationPolicies = [
  "Default",
  "AllocationStrategy",
  "ClosestToNextInstanceHour",
  "NewestInstance",
  "OldestInstance",
  "OldestLaunchConfiguration",
  "OldestLaunchTemplate",
];

/** AWS's defaults for a new group. Source: CreateAutoScalingGroup in the Auto Scaling model. */
const defaults: Settings = {
  minSize: 0,
  maxSize: 0,
  desired: 0,
  defaultCooldownSeconds: 300,
  healthCheckType: "EC2",
  gracePeriodSeconds: 0,
  terminationPolicies: ["Default"],
  protectNewInstances: false,
  capacityRebalance: false,
  defaultInstanceWarmupSeconds: undefined,
  maintenancePolicy: undefined,
  maxInstanceLifetimeSeconds: undefined,
  deletionProtection: "none",
};

/**
 * Settings of a group as they are after a create (without `current`) or an update.
 * @throws {AwsError} ValidationError for a value out of range; NotImplemented naming a parameter this cloud lacks.
 */
export function acceptedSettings(input: GroupInput, current: Readonly<Settings> | undefined): Settings {
  for (const name of refused) {
    const value = input[name];
    if (value !== undefined && !(Array.isArray(value) && value.length === 0))
      throw unsupported(`the parameter ${name}`);
  }
  const before = current ?? defaults;
  const minSize = whole("MinSize", input.MinSize ?? before.minSize);
  const maxSize = whole("MaxSize", input.MaxSize ?? before.maxSize);
  if (minSize > maxSize) throw invalid("Max bound must be greater than or equal to min bound");
  return {
    minSize,
    maxSize,
    desired: acceptedDesired(input.DesiredCapacity, minSize, maxSize, current?.desired),
    defaultCooldownSeconds: whole("DefaultCooldown", input.DefaultCooldown ?? before.defaultCooldownSeconds),
    healthCheckType: acceptedHealthCheckType(input.HealthCheckType ?? before.healthCheckType),
    gracePeriodSeconds: whole("HealthCheckGracePeriod", input.HealthCheckGracePeriod ?? before.gracePeriodSeconds),
    terminationPolicies: acceptedPolicies(input.TerminationPolicies ?? before.terminationPolicies),
    protectNewInstances: input.NewInstancesProtectedFromScaleIn ?? before.protectNewInstances,
    capacityRebalance: input.CapacityRebalance ?? before.capacityRebalance,
    defaultInstanceWarmupSeconds: acceptedWarmup(input.DefaultInstanceWarmup, before.defaultInstanceWarmupSeconds),
    maintenancePolicy: acceptedMaintenance(input.InstanceMaintenancePolicy, before.maintenancePolicy),
    maxInstanceLifetimeSeconds: acceptedLifetime(input.MaxInstanceLifetime, before.maxInstanceLifetimeSeconds),
    deletionProtection: input.DeletionProtection ?? before.deletionProtection,
  };
}

/** Without a value of its own an update moves the desired capacity just inside new bounds. */
function acceptedDesired(desired: number | undefined, min: number, max: number, before: number | undefined): number {
  if (desired === undefined) return Math.min(Math.max(before ?? min, min), max);
  whole("DesiredCapacity", desired);
  if (desired < min || desired > max) {
    throw invalid(`Desired capacity:${desired} must be between the specified min size:${min} and max size:${max}`);
  }
  return desired;
}

function whole(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 0) throw invalid(`${name} must be a whole number that is not negative`);
  return value;
}

function acceptedHealthCheckType(types: string): string {
  for (const type of types.split(",")) {
    if (type === "EBS" || type === "VPC_LATTICE") throw unsupported(`health checks of type ${type}`);
    if (type !== "EC2" && type !== "ELB") throw invalid(`The health check type ${type} is not valid`);
  }
  return types;
}

function acceptedPolicies(policies: readonly string[]): string[] {
  for (const policy of policies) {
    if (policy.startsWith("arn:")) throw unsupported("termination policies that are Lambda functions");
    if (!terminationPolicies.includes(policy)) throw invalid(`Invalid termination policy: ${policy}`);
  }
  return policies.length === 0 ? ["Default"] : [...policies];
}

/** -1 removes a value that was set. */
function acceptedWarmup(seconds: number | undefined, before: number | undefined): number | undefined {
  if (seconds === -1) return undefined;
  return seconds === undefined ? before : whole("DefaultInstanceWarmup", seconds);
}

function acceptedMaintenance(
  policy: CreateAutoScalingGroupCommandInput["InstanceMaintenancePolicy"],
  before: Settings["maintenancePolicy"],
): Settings["maintenancePolicy"] {
  if (policy === undefined) return before;
  const { MinHealthyPercentage: min, MaxHealthyPercentage: max } = policy;
  if (min === -1 && max === -1) return undefined;
  if (min === undefined || max === undefined)
    throw invalid("MinHealthyPercentage and MaxHealthyPercentage must both be specified");
  if (min < 0 || min > 100 || max < 100 || max > 200) {
    throw invalid("MinHealthyPercentage must be between 0 and 100, MaxHealthyPercentage between 100 and 200");
  }
  if (max - min > 100)
    throw invalid("The difference between MinHealthyPercentage and MaxHealthyPercentage cannot be greater than 100");
  return { MinHealthyPercentage: min, MaxHealthyPercentage: max };
}

/** 0 removes the limit. */
function acceptedLifetime(seconds: number | undefined, before: number | undefined): number | undefined {
  if (seconds === undefined) return before;
  if (seconds === 0) return undefined;
  if (seconds < 86_400) throw invalid("MaxInstanceLifetime must be 0 or at least 86400 seconds");
  return seconds;
}

/**
 * The subnets a group launches into: those named, or the default ones of the named zones.
 * @throws {AwsError} ValidationError when one does not exist or lies outside the named zones.
 */
export async function acceptedSubnets(
  neighbours: Neighbours,
  { VPCZoneIdentifier, AvailabilityZones }: Pick<GroupInput, "VPCZoneIdentifier" | "AvailabilityZones">,
): Promise<GroupDocument["subnets"] | undefined> {
  const zones = AvailabilityZones ?? [];
  const ids = (VPCZoneIdentifier ?? "")
    .split(",")
    .map((id) => id.trim())
    .filter((id) => id !== "");
  if (ids.length === 0 && zones.length === 0) return undefined;
  if (ids.length === 0) {
    const found = await neighbours.defaultSubnets(zones);
    const missing = zones.filter((zone) => !found.some(({ AvailabilityZone }) => AvailabilityZone === zone));
    if (missing.length > 0) throw invalid(`Invalid availability zones: [${missing.join(", ")}]`);
    return found.map(({ SubnetId = "", AvailabilityZone = "" }) => ({ id: SubnetId, zone: AvailabilityZone }));
  }
  const found = await neighbours.subnets(ids);
  return ids.map((id) => {
    const zone = found.find(({ SubnetId }) => SubnetId === id)?.AvailabilityZone;
    if (zone === undefined) throw invalid(`The subnet ID '${id}' does not exist`);
    if (zones.length > 0 && !zones.includes(zone)) {
      throw invalid("The availability zones of the specified subnets and the AutoScalingGroup do not match");
    }
    return { id, zone };
  });
}
