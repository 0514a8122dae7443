/** List prices of one region, without free tiers, discounts and taxes. */
export interface RegionPrices {
  /** Unit: US dollars an hour, Linux on demand, by instance type. */
  instanceHour: Readonly<Record<string, number>>;
  /** Unit: US dollars a GB-month of a gp3 volume. */
  volumeGbMonth: number;
  /** Unit: US dollars a GB-month of snapshots in the standard tier. */
  snapshotGbMonth: number;
  /** Unit: US dollars for a block of 512 KiB written through the EBS direct APIs. */
  blockWritten: number;
}

/** Where the prices below come from. They change: compare before you rely on them. */
export const priceSource = {
  asOf: "2026-11-23",
  pages: [
    "https://aws.amazon.com/ec2/pricing/on-demand/",
    "https://aws.amazon.com/ebs/pricing/",
    "https://docs.aws.amazon.com/ebs/latest/userguide/ebsapi-pricing.html",
  ],
} as const;

/** Sizes of a burstable family, each twice the one before. */
const burstable = ["nano", "micro", "small", "medium", "large", "xlarge", "2xlarge"] as const;
/** Sizes of a general-purpose family, each twice the one before. */
const general = ["large", "xlarge", "2xlarge", "4xlarge"] as const;

/** Within a family the price doubles with the size. */
function family(name: string, sizes: readonly string[], smallest: number): Record<string, number> {
  return Object.fromEntries(
    sizes.map((size, index) => [`${name}.${size}`, Number((smallest * 2 ** index).toFixed(6))]),
  );
}

const unitedStates: RegionPrices = {
  instanceHour: {
    ...family("t3", burstable, 0.0052),
    ...family("t4g", burstable, 0.0042),
    ...family("m7i", general, 0.1008),
    ...family("m7g", general, 0.0816),
  },
  volumeGbMonth: 0.08,
  snapshotGbMonth: 0.05,
  blockWritten: 0.006 / 1000,
};

const prices: Readonly<Record<string, RegionPrices>> = {
  "us-east-1": unitedStates,
  "us-east-2": unitedStates,
  "us-west-2": unitedStates,
  "eu-west-1": {
    instanceHour: { ...family("t3", burstable, 0.0057), ...family("t4g", burstable, 0.0046) },
    volumeGbMonth: 0.088,
    snapshotGbMonth: 0.05,
    blockWritten: 0.006 / 1000,
  },
  "eu-central-1": {
    instanceHour: { ...family("t3", burstable, 0.006), ...family("t4g", burstable, 0.0048) },
    volumeGbMonth: 0.0952,
    snapshotGbMonth: 0.054,
    blockWritten: 0.006 / 1000,
  },
};

/** The prices of a region, or undefined when they are not known here: a price of elsewhere would be a guess. */
export function pricesOf(region: string): RegionPrices | undefined {
  return Object.hasOwn(prices, region) ? prices[region] : undefined;
}
