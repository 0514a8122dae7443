import type { RequestLimits } from "../core/request-limits.ts";

/** Elastic Load Balancing v2's limits: the actions of a category share one bucket. */
export const loadBalancingRequestLimits: RequestLimits = {
  refusal: ["ThrottlingException", 400, "Rate exceeded"],
  source: "Elastic Load Balancing user guide, Request throttling for the Elastic Load Balancing API",
  buckets: {
    "resource-intensive": { capacity: 10, refillPerSecond: 0.2 },
    registration: { capacity: 20, refillPerSecond: 4 },
    "non-mutating": { capacity: 40, refillPerSecond: 10 },
    mutating: { capacity: 20, refillPerSecond: 3 },
  },
  draws: (operation) => [{ bucket: category(operation) }],
};

function category(operation: string): string {
  if (operation === "CreateLoadBalancer" || operation === "SetSubnets") return "resource-intensive";
  if (operation === "RegisterTargets" || operation === "DeregisterTargets") return "registration";
  return operation.startsWith("Describe") ? "non-mutating" : "mutating";
}
