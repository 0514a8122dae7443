import type { Check } from "./check.ts";
import { imageChecks } from "./image-checks.ts";
import { serviceChecks } from "./service-checks.ts";
import { snapshotChecks } from "./snapshot-checks.ts";
import { trafficChecks } from "./traffic-checks.ts";

/** Everything that is asked of AWS. The two recordings of Step Functions and EventBridge come on top. */
export const checks: readonly Check[] = [...snapshotChecks, ...imageChecks, ...serviceChecks, ...trafficChecks];

/** What nobody has made a check of, and why: for whoever has an account and a day. */
export const leftToPeople: readonly { question: string; why: string }[] = [
  {
    question:
      "Does `dns_failover` set to `off` keep a Route 53 alias with EvaluateTargetHealth in place when a candidate is unhealthy?",
    why: "It needs a hosted zone of one's own, and the embedded cloud has no Route 53.",
  },
  {
    question: "How many blocks a second does a Lambda function write with PutSnapshotBlock?",
    why: "It has to be measured from inside AWS: deploy a stage and read the log of `kiln-<stage>-bake`.",
  },
  {
    question: "How much longer does an instance with two volumes take to launch than one with one?",
    why: "It takes many launches to see a difference: deploy a stage and compare the phases that `kiln why` prints.",
  },
  {
    question: "Does Auto Scaling's LaunchInstances change the desired capacity?",
    why: "Kiln does not use it, and the embedded cloud does not have it.",
  },
  {
    question: "How long after ModifyRule does a load-balancer node still follow the old rule?",
    why: "It has to be asked through the load balancer from inside its VPC.",
  },
];
