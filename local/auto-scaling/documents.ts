import type {
  InstanceMaintenancePolicy,
  LifecycleState,
  MixedInstancesPolicy,
  TargetTrackingConfiguration,
} from "@aws-sdk/client-auto-scaling";

/** A launch template as a group names it: the version is a number, `$Latest` or `$Default`. */
export interface TemplateReference {
  id: string;
  name: string;
  version: string;
}

/** Target group attached to a group. `Removing` goes away once nothing drains any more. */
export interface TrafficSource {
  arn: string;
  state: "Adding" | "Added" | "InService" | "Removing";
}

export interface GroupTag {
  key: string;
  value: string;
  propagate: boolean;
}

export interface GroupDocument {
  name: string;
  arn: string;
  template: TemplateReference;
  /** Instance types to try in this order instead of the template's; empty without a mixed instances policy. */
  instanceTypes: string[];
  mixedInstancesPolicy: MixedInstancesPolicy | undefined;
  minSize: number;
  maxSize: number;
  desired: number;
  defaultCooldownSeconds: number;
  subnets: { id: string; zone: string }[];
  trafficSources: TrafficSource[];
  /** `EC2`, or with `ELB` in a comma-separated list. */
  healthCheckType: string;
  gracePeriodSeconds: number;
  terminationPolicies: string[];
  protectNewInstances: boolean;
  capacityRebalance: boolean;
  tags: GroupTag[];
  defaultInstanceWarmupSeconds: number | undefined;
  maintenancePolicy: InstanceMaintenancePolicy | undefined;
  maxInstanceLifetimeSeconds: number | undefined;
  deletionProtection: "none" | "prevent-force-deletion" | "prevent-all-deletion";
  suspended: { name: string; reason: string }[];
  createdAtMs: number;
  /** Set once deletion was asked for with instances still there. */
  deleting: boolean;
  /** Launches that failed in a row, and when the next one may be tried. */
  launchFailures: number;
  launchAfterMs: number;
  /** Why the desired capacity is what it is, for the next activities' causes. */
  cause: string;
  /** When scaling policies were last looked at. */
  evaluatedAtMs: number;
}

/** A lifecycle action that is being waited for. */
export interface HookWait {
  hook: string;
  token: string;
  deadlineMs: number;
  /** Heartbeats cannot extend the wait beyond this. */
  globalDeadlineMs: number;
}

export interface InstanceDocument {
  id: string;
  group: string;
  subnetId: string;
  zone: string;
  instanceType: string;
  template: TemplateReference;
  state: LifecycleState;
  health: "Healthy" | "Unhealthy";
  /** In the words of an activity's cause. */
  unhealthyBecause: string | undefined;
  protectedFromScaleIn: boolean;
  launchedAtMs: number;
  inServiceAtMs: number | undefined;
  /** The activity that launches, terminates or moves it at present. */
  activityId: string | undefined;
  waits: HookWait[];
  /** Set when it must go without draining or hooks: its group was deleted by force. */
  forced: boolean;
  /** Set once TerminateInstances was called. */
  terminateCalled: boolean;
}

export interface ActivityDocument {
  id: string;
  group: string;
  groupArn: string;
  kind: "launch" | "terminate" | "move";
  description: string;
  cause: string;
  startMs: number;
  endMs: number | undefined;
  status:
    | "WaitingForInstanceId"
    | "PreInService"
    | "MidLifecycleAction"
    | "WaitingForELBConnectionDraining"
    | "InProgress"
    | "Successful"
    | "Failed"
    | "Cancelled";
  message: string | undefined;
  progress: number;
  instanceId: string | undefined;
  subnetId: string | undefined;
  zone: string | undefined;
  /** For a launch: what is tried in this order, and how many of them failed. */
  attempts: { subnetId: string; zone: string; instanceType: string | undefined }[];
  failedAttempts: number;
  /** For a launch: EC2 was asked, so there may be an instance whose answer was lost. */
  asked: boolean;
}

export interface HookDocument {
  name: string;
  group: string;
  transition: "autoscaling:EC2_INSTANCE_LAUNCHING" | "autoscaling:EC2_INSTANCE_TERMINATING";
  heartbeatSeconds: number;
  defaultResult: "CONTINUE" | "ABANDON";
  metadata: string | undefined;
}

export interface PolicyDocument {
  name: string;
  arn: string;
  group: string;
  configuration: TargetTrackingConfiguration;
  warmupSeconds: number | undefined;
  enabled: boolean;
}

/** States in which an instance counts towards the desired capacity. */
export function counts({ state }: Pick<InstanceDocument, "state">): boolean {
  return state === "InService" || state.startsWith("Pending");
}

export function isTerminating({ state }: Pick<InstanceDocument, "state">): boolean {
  return state.startsWith("Terminating");
}

export function isSuspended(group: Pick<GroupDocument, "suspended">, process: string): boolean {
  return group.suspended.some(({ name }) => name === process);
}
