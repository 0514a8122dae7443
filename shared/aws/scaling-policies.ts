import { type AutoScalingClient, PutScalingPolicyCommand } from "@aws-sdk/client-auto-scaling";
import type { ScalingTarget } from "../domain/scaling.ts";

/** Target tracking of fleets. Policies go with their group. */
export class ScalingPolicies {
  readonly #scaling: AutoScalingClient;

  constructor(scaling: AutoScalingClient) {
    this.#scaling = scaling;
  }

  /**
   * Lets the size of a fleet follow its targets, within its minimum and maximum. Repeatable: a policy has one name.
   * @param warmupSeconds From the start of a server until what it does counts.
   */
  async ensure(fleet: string, targets: readonly ScalingTarget[], warmupSeconds: number): Promise<void> {
    for (const { name, metric, target, resourceLabel } of targets) {
      await this.#scaling.send(
        new PutScalingPolicyCommand({
          AutoScalingGroupName: fleet,
          PolicyName: name,
          PolicyType: "TargetTrackingScaling",
          EstimatedInstanceWarmup: warmupSeconds,
          TargetTrackingConfiguration: {
            PredefinedMetricSpecification: {
              PredefinedMetricType: metric,
              ...(resourceLabel !== undefined && { ResourceLabel: resourceLabel }),
            },
            TargetValue: target,
          },
        }),
      );
    }
  }
}
