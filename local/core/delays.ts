/**
 * How long AWS takes, in modelled seconds, each with where the figure comes from. One table, so that nothing else in the
 * cloud invents a delay; a test that wants none of a kind overrides that entry.
 */
export interface Delays {
  /** RunInstances accepted → `running`. Measured 17.8 s for AL2023 (brevdev/ec2-coldboot-research, 2026). */
  instancePendingSeconds: number;
  /** `running` → the operating system starts the user data. Measured 3.2 s to SSH (same source). */
  instanceBootSeconds: number;
  /** `shutting-down` → `terminated`, for an instance that stops at once. Typical; no published figure. */
  instanceTerminateSeconds: number;
  /** How often EC2 checks an instance's status: "every minute" (EC2 user guide, status checks). */
  statusCheckSeconds: number;
  /** How long DescribeInstances still shows a terminated instance: "usually within the hour" (EC2 user guide, terminate). */
  terminatedVisibleSeconds: number;
  /** After a create, how long reads may still answer not found. EC2's query-API troubleshooting page says to expect it. */
  notFoundAfterCreateSeconds: number;
  /** StartSnapshot → blocks are accepted. Up to 2 minutes seen (awslabs/coldsnap issue 43), mostly at once. */
  snapshotNotFoundSeconds: number;
  /** CompleteSnapshot → `completed`. A few seconds (NixOS/amis pull 364: 4 GiB in 18 s in all). */
  snapshotCompleteSeconds: number;
  /** RegisterImage → `available`. A few seconds; no published figure. */
  imageAvailableSeconds: number;
  /** CopyImage → `available` for a small encrypted root. A minute or more; no published figure. */
  imageCopySeconds: number;
  /** ModifyRule and others → a load-balancer node uses it. "Do not take effect immediately"; seconds seen. Each node draws its own. */
  rulePropagationMinSeconds: number;
  rulePropagationMaxSeconds: number;
  /** CreateLoadBalancer → `active`. About two minutes on AWS; no published figure. */
  loadBalancerActiveSeconds: number;
  /** RegisterTargets → the first health check. Seconds seen; "Elb.RegistrationInProgress" until then. No published figure. */
  targetRegistrationSeconds: number;
  /** How often an Auto Scaling group compares what it has with what it wants. No published figure. */
  autoScalingTurnSeconds: number;
  /** S3 write → EventBridge delivery of `Object Created`. Typically about a second; at least once. */
  eventDeliverySeconds: number;
  /** EventBridge Scheduler calls a target within so long after its time. "60 second precision" in its user guide, "Schedule types". */
  schedulePrecisionSeconds: number;
  /** Describe/StopExecution lag of Step Functions: "eventually consistent" in its API reference. */
  executionReadSeconds: number;
  /** From one state to the next. Tens of milliseconds: a looping Choice reached 25,000 events in 48 s (floci-io/floci issue 2734). */
  transitionSeconds: number;
  /** CreateFunction → `Active`. A second or two for a package without a VPC; no published figure. */
  functionActiveSeconds: number;
  /** A change of code or configuration, or PublishVersion → `Successful`. About a second; no published figure. */
  functionUpdateSeconds: number;
  /** The operating system runs → its SSM Agent has registered. Some seconds seen; no published figure. */
  agentRegistrationSeconds: number;
  /** SendCommand → the agent begins. About a second; no published figure. */
  commandDeliverySeconds: number;
  /** PutParameter of type aws:ec2:image → its validation, which comes after the answer ("asynchronous" in its API reference). */
  parameterValidationSeconds: number;
}

export const awsDelays: Delays = {
  instancePendingSeconds: 18,
  instanceBootSeconds: 3,
  instanceTerminateSeconds: 20,
  statusCheckSeconds: 60,
  terminatedVisibleSeconds: 3600,
  notFoundAfterCreateSeconds: 1,
  snapshotNotFoundSeconds: 2,
  snapshotCompleteSeconds: 4,
  imageAvailableSeconds: 5,
  imageCopySeconds: 60,
  rulePropagationMinSeconds: 1,
  rulePropagationMaxSeconds: 8,
  loadBalancerActiveSeconds: 90,
  targetRegistrationSeconds: 2,
  autoScalingTurnSeconds: 5,
  eventDeliverySeconds: 1,
  schedulePrecisionSeconds: 60,
  executionReadSeconds: 0.5,
  transitionSeconds: 0.004,
  functionActiveSeconds: 2,
  functionUpdateSeconds: 1,
  agentRegistrationSeconds: 8,
  commandDeliverySeconds: 1,
  parameterValidationSeconds: 2,
};

/** No delay anywhere: for tests of logic that a delay would only slow down. */
export const noDelays: Delays = Object.fromEntries(
  Object.keys(awsDelays).map((name) => [name, 0]),
) as unknown as Delays;
