import { expect, test } from "vitest";
import { costLine, costOf } from "../../../cli/explain/costs.ts";
import { releaseWith } from "../support/releases.ts";

const listenerArn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/main/1/1";
const network = { ...releaseWith().network, listenerArn };
const first = releaseWith({ generation: "web-000001", network, imageDigest: "one" });
const second = releaseWith({ generation: "web-000002", network, imageDigest: "one" });

test("each fleet by its role, kept images once for each image, and what a deploy adds", () => {
  const fleets = [
    { role: "live", generation: "web-000002", instances: 2, release: second },
    { role: "standby", generation: "web-000001", instances: 4, release: first },
    { role: "candidate", generation: "web-000003", instances: 0, release: undefined },
  ];
  const cost = costOf(fleets, [first, second]);
  const [live, standby, images] = cost?.perDay ?? [];
  expect(cost?.perDay.map(({ what }) => what)).toEqual(["live", "standby", "kept images"]);
  expect(standby?.dollarsPerDay).toBeCloseTo(2 * (live?.dollarsPerDay ?? Number.NaN), 6);
  expect(images?.dollarsPerDay).toBe(costOf(fleets, [second])?.perDay[2]?.dollarsPerDay);
  expect(cost?.deploy.dollars).toBeGreaterThan(0);
  expect(cost && costLine(cost)).toMatch(
    /^live \$1\.\d\d, standby \$2\.\d\d, 2 kept images less than \$0\.0001 a day; a deploy adds at least \$0\.\d+ {2}\(list prices of \d{4}-\d\d-\d\d\)$/,
  );
});

test("where nothing runs nothing is said", () => {
  expect(costOf([], [first])).toBeUndefined();
});

test("a type without a price leaves its fleet without an amount, and the others with theirs", () => {
  const odd = releaseWith({ network, spec: { ...second.spec, instanceType: "x8g.large" } });
  const cost = costOf(
    [
      { role: "live", generation: "web-000002", instances: 1, release: odd },
      { role: "standby", generation: "web-000001", instances: 1, release: first },
    ],
    [],
  );
  expect(cost?.perDay[0]).toMatchObject({ dollarsPerDay: null, unknown: expect.stringContaining("x8g.large") });
  expect(cost?.perDay[1]?.dollarsPerDay).toBeGreaterThan(0);
  expect(cost?.deploy).toMatchObject({ dollars: null, unknown: expect.stringContaining("x8g.large") });
});
