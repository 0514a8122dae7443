import type { Action, RuleCondition } from "@aws-sdk/client-elastic-load-balancing-v2";

/** An Application Load Balancer. */
export interface BalancerDocument {
  arn: string;
  name: string;
  scheme: "internet-facing" | "internal";
  vpcId: string;
  zones: { zone: string; subnetId: string }[];
  securityGroups: string[];
  createdAtMs: number;
  state: "provisioning" | "active";
  attributes: Record<string, string>;
  tags: Record<string, string>;
  /** Version of the newest configuration that was published to the nodes. */
  publishedVersion: number;
  /** The version each node works with at present, by node number. */
  nodeVersions: number[];
}

export interface ListenerDocument {
  arn: string;
  balancerArn: string;
  port: number;
  protocol: "HTTP";
  attributes: Record<string, string>;
  tags: Record<string, string>;
}

/** A rule as it was accepted: conditions and actions in the form that DescribeRules gives back. */
export interface RuleDocument {
  arn: string;
  listenerArn: string;
  /** 1–50000; undefined for the default rule, which comes last. */
  priority: number | undefined;
  conditions: RuleCondition[];
  actions: Action[];
  tags: Record<string, string>;
}

export interface HealthCheckSettings {
  protocol: "HTTP" | "HTTPS";
  /** `traffic-port` or a port number as text. */
  port: string;
  path: string;
  intervalSeconds: number;
  timeoutSeconds: number;
  healthyThreshold: number;
  unhealthyThreshold: number;
  /** HTTP codes that count as healthy, such as `200`, `200,202` or `200-299`. */
  matcher: string;
}

export interface GroupDocument {
  arn: string;
  name: string;
  protocol: "HTTP" | "HTTPS";
  protocolVersion: "HTTP1";
  port: number;
  vpcId: string;
  targetType: "instance" | "ip";
  health: HealthCheckSettings;
  attributes: Record<string, string>;
  tags: Record<string, string>;
}

export type TargetState = "initial" | "healthy" | "unhealthy" | "unused" | "draining";

export type TargetReason =
  | "Elb.RegistrationInProgress"
  | "Elb.InitialHealthChecking"
  | "Target.ResponseCodeMismatch"
  | "Target.Timeout"
  | "Target.FailedHealthChecks"
  | "Target.NotInUse"
  | "Target.InvalidState"
  | "Target.DeregistrationInProgress";

/** One registration of a target with a group. */
export interface TargetDocument {
  groupArn: string;
  /** Instance id or IP address, as it was registered. */
  id: string;
  port: number;
  /** The instance behind it: the id itself, or the owner of the IP address. */
  instanceId: string;
  state: TargetState;
  reason: TargetReason | undefined;
  description: string | undefined;
  /** Health checks passed or failed in a row, counted no further than the larger threshold. */
  passedInRow: number;
  failedInRow: number;
  registeredAtMs: number;
  /** While set and in the future, the target takes a growing share of the group's requests. */
  slowStartUntilMs: number | undefined;
}
