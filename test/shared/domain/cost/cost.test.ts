import { describe, expect, it } from "vitest";
import {
  costText,
  deployCost,
  fleetCostPerDay,
  imageCostPerDay,
  regionOf,
} from "../../../../shared/domain/cost/cost.ts";
import { pricesOf } from "../../../../shared/domain/cost/prices.ts";
import { releaseWith, specWith } from "../../../cli/support/releases.ts";

const gib = 1024 ** 3;

/** Of one GiB as it is baked, five once unpacked: a root volume of 14 GiB. */
function release(spec: Record<string, unknown> = {}, region = "us-east-1") {
  const { artifact, network } = releaseWith();
  const listenerArn = `arn:aws:elasticloadbalancing:${region}:123456789012:listener/app/main/1/1`;
  return releaseWith({
    spec: specWith(spec),
    layers: [],
    artifact: { ...artifact, bytes: gib, unpackedBytes: 5 * gib },
    network: { ...network, listenerArn },
  });
}

const dollars = (cost: ReturnType<typeof fleetCostPerDay>) => ("dollars" in cost ? cost.dollars : Number.NaN);

describe("a fleet", () => {
  it("costs its instances' hours and their root volumes", () => {
    // 2 × (24 h × $0.0208 + 14 GB × $0.08 / 30.4167)
    expect(dollars(fleetCostPerDay(release(), 2))).toBeCloseTo(1.072, 4);
    expect(dollars(fleetCostPerDay(release(), 0))).toBe(0);
  });

  it("costs what its region's table says", () => {
    // 24 h × $0.0240 + 14 GB × $0.0952 / 30.4167
    expect(dollars(fleetCostPerDay(release({}, "eu-central-1"), 1))).toBeCloseTo(0.6198, 4);
  });

  it("has no price where none is known, and says of what", () => {
    expect(fleetCostPerDay(release({}, "sa-east-1"), 1)).toEqual({
      unknown: "the prices of sa-east-1 are not in Kiln's table",
    });
    expect(fleetCostPerDay(release({ instanceType: "x8g.large" }), 1)).toEqual({
      unknown: "the price of x8g.large in us-east-1 is not in Kiln's table",
    });
  });
});

/** The release above with a layer of the same size beside its artifact. */
function layered() {
  const { artifact, ...rest } = release();
  return { ...rest, artifact, layers: [artifact] };
}

it("a layer costs what the artifact does: it is in the image, and unpacked on every server", () => {
  // 24 h × $0.0208 + 20 GB × $0.08 / 30.4167
  expect(dollars(fleetCostPerDay(layered(), 1))).toBeCloseTo(0.5518, 4);
  expect(dollars(imageCostPerDay(layered()))).toBeCloseTo(0.003288, 6);
});

it("a kept image costs the snapshot of its release volume", () => {
  // 1 GB × $0.05 / 30.4167
  expect(dollars(imageCostPerDay(release()))).toBeCloseTo(0.001644, 6);
  expect(imageCostPerDay(release({}, "sa-east-1"))).toEqual({
    unknown: "the prices of sa-east-1 are not in Kiln's table",
  });
});

it("the region is the fourth part of an ARN; without one nothing has a price", () => {
  expect(regionOf("arn:aws:s3:eu-west-1:1:x")).toBe("eu-west-1");
  expect(regionOf("x")).toBe("");
  expect(imageCostPerDay(release({}, ""))).toEqual({ unknown: "the prices of this region are not in Kiln's table" });
});

it("a deploy adds its image's blocks and a second fleet, from the first share of traffic to the end of the hot window", () => {
  // 2048 blocks × $0.000006 + (3600 + 30 s) of two instances at $1.0720 a day together
  expect(dollars(deployCost(release(), 2))).toBeCloseTo(0.0123 + (3630 / 86_400) * 1.072, 4);
  const canary = { deploy: { strategy: "canary", steps: [10, 50], intervalSeconds: 300 } };
  expect(dollars(deployCost(release(canary), 2))).toBeCloseTo(0.0123 + (4230 / 86_400) * 1.072, 4);
});

it.each([
  ["all at once", { strategy: "all-at-once" }, 0],
  ["a canary without steps", { strategy: "canary" }, 1],
  ["a canary of three steps", { strategy: "canary", steps: [1, 2, 3] }, 3],
  ["equal shares", { strategy: "linear" }, 4],
  ["shares that do not come out even", { strategy: "linear", stepPercent: 30 }, 3],
])("a deploy of %s is watched for as many intervals as it has steps before the last", (_title, deploy, intervals) => {
  const spec = { deploy: { ...deploy, intervalSeconds: 3600 }, observeSeconds: 0, hotSeconds: 3600 };
  expect(dollars(deployCost(release(spec), 24)) - 0.0123).toBeCloseTo((1 + intervals) * 0.536, 3);
});

it("an amount below a cent keeps two digits, and an unknown one says why", () => {
  expect(costText({ dollars: 1.0669 })).toBe("$1.07");
  expect(costText({ dollars: 0.001644 })).toBe("$0.0016");
  expect(costText({ dollars: 0.000_000_1 })).toBe("less than $0.0001");
  expect(costText({ dollars: 0.0001 })).toBe("$0.00010");
  expect(costText({ dollars: 0.009_99 })).toBe("$0.010");
  expect(costText({ dollars: 0.01 })).toBe("$0.01");
  expect(costText({ dollars: 0 })).toBe("$0.00");
  expect(costText({ unknown: "nobody knows" })).toBe("unknown (nobody knows)");
});

it("within a family the price doubles with the size", () => {
  expect(pricesOf("us-east-1")?.instanceHour).toMatchObject({
    "t3.nano": 0.0052,
    "t3.2xlarge": 0.3328,
    "t4g.medium": 0.0336,
    "m7i.4xlarge": 0.8064,
    "m7g.xlarge": 0.1632,
  });
  expect(pricesOf("eu-west-1")?.instanceHour["t3.large"]).toBe(0.0912);
  expect(pricesOf("__proto__")).toBeUndefined();
});
