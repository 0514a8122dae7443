import { awsDelays } from "../../local/core/delays.ts";
import type { ServiceSpec } from "../../shared/domain/service-spec.ts";

/** What AWS itself takes in one phase, whoever asks. */
export interface AwsShare {
  /** Unit: seconds, by what is published. */
  seconds: number;
  why: string;
}

/** RunInstances' own answer, by the same measurement as the boot times of the cloud. Unit: seconds. */
const runInstancesSeconds = 4.8;

/**
 * The published or observed latencies of AWS on the way from an upload to the first request, by phase; the cloud's
 * delays hold each with its source. Where a range is known, its middle.
 */
export function awsShares({ healthCheck }: Pick<ServiceSpec, "healthCheck">): Record<string, AwsShare> {
  const d = awsDelays;
  const checksSeconds = healthCheck.healthyThreshold * healthCheck.intervalSeconds;
  return {
    Trigger: { seconds: d.eventDeliverySeconds, why: "S3's event reaches EventBridge in about a second" },
    BakeImage: {
      seconds: d.snapshotNotFoundSeconds + d.snapshotCompleteSeconds + d.imageAvailableSeconds,
      why: `a new snapshot takes blocks after ${d.snapshotNotFoundSeconds} s, is sealed in ${d.snapshotCompleteSeconds} s; its image is available in ${d.imageAvailableSeconds} s`,
    },
    // The wait after LaunchFleet lasts until the first look at health, by these same figures; what ValidateFleet takes after
    // it is Kiln's own.
    LaunchFleet: {
      seconds: runInstancesSeconds + d.instancePendingSeconds + d.instanceBootSeconds + checksSeconds,
      why: `RunInstances answers in ${runInstancesSeconds} s (at once in the embedded cloud, where the wait for it is no shorter), pending to running takes ${d.instancePendingSeconds} s (brevdev/ec2-coldboot-research, 2026), boot ${d.instanceBootSeconds} s, then ${healthCheck.healthyThreshold} health checks every ${healthCheck.intervalSeconds} s`,
    },
    CutOver: {
      seconds: (d.rulePropagationMinSeconds + d.rulePropagationMaxSeconds) / 2,
      why: `a rule reaches the load balancer's nodes in ${d.rulePropagationMinSeconds}–${d.rulePropagationMaxSeconds} s`,
    },
  };
}
