import type {
  DescribeAccountLimitsCommandInput,
  DescribeAccountLimitsCommandOutput,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Operation } from "../core/kernel.ts";
import { page } from "./paging.ts";

/** Names as DescribeAccountLimits gives them, with AWS's default values. Source: quotas for Application Load Balancers. */
const limits: Readonly<Record<string, number>> = {
  "application-load-balancers": 50,
  "condition-values-per-alb-rule": 5,
  "condition-wildcards-per-alb-rule": 5,
  "listeners-per-application-load-balancer": 50,
  "rules-per-application-load-balancer": 100,
  "target-groups": 3000,
  "target-groups-per-action-on-application-load-balancer": 5,
  "target-groups-per-application-load-balancer": 100,
  "targets-per-application-load-balancer": 1000,
  "targets-per-target-group": 1000,
};

export function limitOperations(): Record<string, Operation> {
  return {
    DescribeAccountLimits: {
      run: (input: DescribeAccountLimitsCommandInput): Omit<DescribeAccountLimitsCommandOutput, "$metadata"> => {
        const all = Object.entries(limits).map(([Name, max]) => ({ Name, Max: String(max) }));
        const { items, NextMarker } = page(all, input);
        return { Limits: items, NextMarker };
      },
    },
  };
}
