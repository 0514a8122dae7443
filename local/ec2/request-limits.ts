import type { BucketSize, Draw, RequestLimits } from "../core/request-limits.ts";

/** Actions with sizes of their own, of those this cloud has. Source: "Uncategorized actions" of the page named below. */
const uncategorized: Readonly<Record<string, BucketSize>> = {
  CopyImage: { capacity: 100, refillPerSecond: 1 },
  CreateLaunchTemplateVersion: { capacity: 100, refillPerSecond: 5 },
  CreateSnapshot: { capacity: 100, refillPerSecond: 5 },
  CreateTags: { capacity: 100, refillPerSecond: 10 },
  CreateVolume: { capacity: 100, refillPerSecond: 5 },
  DeleteSnapshot: { capacity: 100, refillPerSecond: 5 },
  DeleteTags: { capacity: 100, refillPerSecond: 10 },
  DeleteVolume: { capacity: 100, refillPerSecond: 5 },
  DeregisterImage: { capacity: 100, refillPerSecond: 5 },
  ModifyImageAttribute: { capacity: 100, refillPerSecond: 5 },
  ModifyInstanceMetadataOptions: { capacity: 100, refillPerSecond: 5 },
  ModifyLaunchTemplate: { capacity: 100, refillPerSecond: 5 },
  RunInstances: { capacity: 5, refillPerSecond: 2 },
  StartInstances: { capacity: 5, refillPerSecond: 2 },
  TerminateInstances: { capacity: 100, refillPerSecond: 5 },
};

/** Resource token buckets: a token for each instance a request is about. */
const instances: Readonly<Record<string, BucketSize>> = {
  "instances of RunInstances": { capacity: 1000, refillPerSecond: 2 },
  "instances of StartInstances": { capacity: 1000, refillPerSecond: 2 },
  "instances of StopInstances": { capacity: 1000, refillPerSecond: 20 },
  "instances of TerminateInstances": { capacity: 1000, refillPerSecond: 20 },
};

/** Reads that draw from a smaller bucket when they ask for everything. */
const smallWhenUnfiltered = new Set([
  "DescribeInstances",
  "DescribeInstanceStatus",
  "DescribeNetworkInterfaces",
  "DescribeSecurityGroups",
  "DescribeSnapshots",
  "DescribeVolumes",
]);

const resourceIntensive = new Set(["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"]);

/** EC2's limits: each action has its own bucket, of the size of its category. */
export const ec2RequestLimits: RequestLimits = {
  refusal: ["RequestLimitExceeded", 503, "Request limit exceeded."],
  source: "EC2 developer guide, Request throttling for the Amazon EC2 API",
  buckets: {
    "non-mutating": { capacity: 100, refillPerSecond: 20 },
    "unfiltered and unpaginated": { capacity: 50, refillPerSecond: 10 },
    mutating: { capacity: 50, refillPerSecond: 5 },
    "resource-intensive": { capacity: 50, refillPerSecond: 5 },
    ...uncategorized,
    ...instances,
  },
  draws: (operation, input) => [requestDraw(operation, input), ...instanceDraws(operation, input)],
};

function requestDraw(operation: string, input: Readonly<Record<string, unknown>>): Draw {
  if (operation in uncategorized) return { bucket: operation };
  const isRead = /^(Describe|List|Search|Get)/.test(operation);
  if (isRead && smallWhenUnfiltered.has(operation) && !isNarrowed(input)) {
    return { bucket: "unfiltered and unpaginated", of: operation };
  }
  const mutating = resourceIntensive.has(operation) ? "resource-intensive" : "mutating";
  return { bucket: isRead ? "non-mutating" : mutating, of: operation };
}

function isNarrowed({ Filters, MaxResults, NextToken }: Readonly<Record<string, unknown>>): boolean {
  return (Array.isArray(Filters) && Filters.length > 0) || MaxResults !== undefined || NextToken !== undefined;
}

function instanceDraws(operation: string, input: Readonly<Record<string, unknown>>): Draw[] {
  const bucket = `instances of ${operation}`;
  if (!(bucket in instances)) return [];
  const { MaxCount, InstanceIds } = input;
  const tokens = Array.isArray(InstanceIds) ? InstanceIds.length : typeof MaxCount === "number" ? MaxCount : 1;
  return [{ bucket, tokens }];
}
