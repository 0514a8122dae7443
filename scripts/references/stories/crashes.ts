import type { FaultKind } from "../../simulate/faults.ts";
import { type Scenario, scenarios } from "../../simulate/scenarios.ts";
import type { Reference } from "../reference.ts";

/** A reference scenario in which calls go wrong at these places, such as `settle s3:PutObject 1` of the actor `deploy 1`. */
function struck(of: string, name: string, actor: string, kind: FaultKind, calls: readonly string[]): Reference {
  const scenario = scenarios.find((one) => one.name === of) as Scenario;
  return { ...scenario, name: `${of}-${name}`, faults: calls.map((call) => ({ at: `${actor} ${call}`, kind })) };
}

const deployed = "deploy 1";
const back = "rollback 1";

/** Handlers that are ended right after they changed something, and asked again: a state tries twice more. */
export const crashStories: readonly Reference[] = [
  struck("first-deploy", "crashing", deployed, "crash", [
    "admit s3:PutObject 1",
    "admit s3:PutObject 3",
    "bake ebs:StartSnapshot 1",
    "bake ebs:CompleteSnapshot 1",
    "launch elasticloadbalancing:CreateTargetGroup 1",
    "launch elasticloadbalancing:CreateRule 1",
    "validate s3:PutObject 1",
    "cutover s3:PutObject 1",
    "cutover elasticloadbalancing:CreateRule 1",
    "settle s3:PutObject 1",
    "settle autoscaling:UpdateAutoScalingGroup 1",
  ]),
  struck("first-deploy", "crashing-later", deployed, "crash", [
    "admit s3:PutObject 5",
    "bake ec2:RegisterImage 1",
    "bake s3:PutObject 1",
    "launch ec2:CreateLaunchTemplate 1",
    "launch autoscaling:CreateAutoScalingGroup 2",
    "cutover s3:PutObject 2",
    "settle s3:PutObject 2",
    "settle s3:PutObject 3",
  ]),
  struck("first-deploy", "crashing-at-the-end", deployed, "crash", [
    "launch s3:PutObject 1",
    "settle monitoring:PutMetricData 1",
    "settle s3:PutObject 4",
  ]),
  struck("deploy", "crashing", deployed, "crash", [
    "cutover elasticloadbalancing:ModifyRule 1",
    "settle s3:PutObject 3",
    "settle monitoring:PutMetricData 1",
    "reap autoscaling:DeleteAutoScalingGroup 1",
  ]),
  struck("deploy", "crashing-at-the-end", deployed, "crash", [
    "reap s3:PutObject 1",
    "settle s3:PutObject 5",
    "settle s3:PutObject 6",
  ]),
  struck("failing-deploy", "crashing", deployed, "crash", [
    "validate s3:PutObject 1",
    "reap elasticloadbalancing:DeleteRule 1",
    "reap ec2:DeregisterImage 1",
    "settle s3:PutObject 1",
    "settle s3:PutObject 2",
  ]),
  struck("failing-deploy", "crashing-at-the-end", deployed, "crash", [
    "settle monitoring:PutMetricData 1",
    "settle s3:PutObject 3",
  ]),
  struck("hot-rollback", "crashing", back, "crash", [
    "admit s3:PutObject 1",
    "admit s3:PutObject 3",
    "cutover s3:PutObject 1",
    "cutover elasticloadbalancing:ModifyRule 1",
    "settle s3:PutObject 1",
    "settle s3:PutObject 4",
  ]),
  struck("hot-rollback", "crashing-at-the-end", back, "crash", [
    "cutover s3:PutObject 2",
    "settle monitoring:PutMetricData 1",
    "settle s3:PutObject 7",
  ]),
  struck("cold-rollback", "crashing", back, "crash", [
    "launch autoscaling:CreateAutoScalingGroup 1",
    "settle elasticloadbalancing:DeleteRule 1",
    "settle s3:PutObject 6",
  ]),
  struck("drill", "crashing", back, "crash", [
    "cutover elasticloadbalancing:ModifyRule 1",
    "cutover elasticloadbalancing:ModifyRule 2",
    "settle s3:PutObject 1",
    "settle s3:PutObject 3",
  ]),
  struck("interrupted-deploy", "crashing", "sweep 1", "crash", [
    "admit s3:PutObject 1",
    "cutover elasticloadbalancing:ModifyRule 1",
    "reap autoscaling:DeleteAutoScalingGroup 1",
    "settle s3:PutObject 1",
    "settle s3:PutObject 3",
  ]),
  // What AWS shows no more, or does not take, at the worst moment.
  struck("first-deploy", "denied-its-metrics", deployed, "denied", ["settle monitoring:PutMetricData 1"]),
  struck("deploy", "denied-its-rule", deployed, "denied", ["cutover elasticloadbalancing:ModifyRule 1"]),
  struck("hot-rollback", "denied-its-rule", back, "denied", ["cutover elasticloadbalancing:ModifyRule 1"]),
  struck("failing-deploy", "denied-its-reaping", deployed, "denied", ["reap elasticloadbalancing:DeleteTargetGroup 1"]),
  struck("deploy", "stopped-while-it-settles", deployed, "stopped", ["settle s3:PutObject 2"]),
  // The sweep finds a deploy that has no release.
  struck("deploy", "denied-its-release", deployed, "denied", ["admit s3:PutObject 4"]),
  // It is live by the ledger's word, and its deploy gives up before it is settled.
  {
    ...struck("deploy", "giving-up-while-it-settles", deployed, "crash", [
      "settle s3:PutObject 1",
      "settle s3:PutObject 2",
      "settle s3:PutObject 3",
      "settle s3:PutObject 4",
    ]),
    end: undefined,
  },
];
