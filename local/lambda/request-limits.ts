import { perSecond, type RequestLimits } from "../core/request-limits.ts";

/** Calls of the control plane that have a quota of their own. */
const own = new Set(["GetFunction", "GetPolicy"]);

/** Lambda's limits: everything but invocations and two reads shares one quota. */
export const lambdaRequestLimits: RequestLimits = {
  refusal: ["TooManyRequestsException", 429, "Rate exceeded"],
  source: "Lambda developer guide, Lambda quotas, API requests",
  buckets: {
    GetFunction: perSecond(100),
    GetPolicy: perSecond(15),
    "control plane": perSecond(15),
    // Ten times the concurrency of the account, which is 1,000.
    "Invoke of a function": perSecond(10_000),
  },
  draws(operation, { FunctionName }) {
    if (operation === "Invoke") return [{ bucket: "Invoke of a function", of: String(FunctionName) }];
    return [{ bucket: own.has(operation) ? operation : "control plane" }];
  },
};
