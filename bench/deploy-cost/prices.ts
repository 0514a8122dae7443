/** One list price. */
export interface Price {
  item: string;
  /** Unit: US dollars for each. */
  dollars: number;
  per: string;
  source: string;
}

/**
 * List prices of US East (N. Virginia), without free tiers, as of 2026-11-23. What Kiln does not pay for is not here:
 * calls of EC2, Auto Scaling, Elastic Load Balancing, Step Functions and SSM's standard parameters cost nothing.
 */
export const prices = {
  transition: {
    item: "State transitions",
    dollars: 0.025 / 1_000,
    per: "transition, retries too",
    source: "https://aws.amazon.com/step-functions/pricing/",
  },
  invocation: {
    item: "Lambda requests",
    dollars: 0.2 / 1_000_000,
    per: "request",
    source: "https://aws.amazon.com/lambda/pricing/",
  },
  gigabyteSecond: {
    item: "Lambda duration, arm64",
    dollars: 0.000_013_333_4,
    per: "GB-second",
    source: "https://aws.amazon.com/lambda/pricing/",
  },
  blockWritten: {
    item: "PutSnapshotBlock",
    dollars: 0.006 / 1_000,
    per: "block of 512 KiB",
    source: "https://docs.aws.amazon.com/ebs/latest/userguide/ebsapi-pricing.html",
  },
  s3Write: {
    item: "S3 PUT and LIST",
    dollars: 0.005 / 1_000,
    per: "request",
    source: "https://aws.amazon.com/s3/pricing/",
  },
  s3Read: {
    item: "S3 GET and HEAD",
    dollars: 0.000_4 / 1_000,
    per: "request",
    source: "https://aws.amazon.com/s3/pricing/",
  },
  logGigabyte: {
    item: "CloudWatch Logs ingested",
    dollars: 0.5,
    per: "GB",
    source: "https://aws.amazon.com/cloudwatch/pricing/",
  },
} as const satisfies Record<string, Price>;
