import { perSecond, type RequestLimits } from "../core/request-limits.ts";

const reads = new Set(["GetParameter", "GetParameters", "GetParametersByPath"]);

/** Parameter Store's limit with its default throughput; AWS publishes no other of Systems Manager that this cloud has. */
export const ssmRequestLimits: RequestLimits = {
  refusal: ["ThrottlingException", 400, "Rate exceeded"],
  source: "AWS General Reference, Systems Manager endpoints and quotas, Parameter Store",
  buckets: { "reads of parameters": perSecond(40) },
  draws: (operation) => (reads.has(operation) ? [{ bucket: "reads of parameters" }] : []),
};
