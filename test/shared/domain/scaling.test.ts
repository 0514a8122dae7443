import { describe, expect, it } from "vitest";
import { scalingTargets } from "../../../shared/domain/scaling.ts";

const listener =
  "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2";
const group = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/kiln-dev-web-1/73e2d6bc24d8a067";

describe("what the size of a fleet follows", () => {
  it("is nothing when the spec does not say", () => {
    expect(scalingTargets({ min: 1, max: 4 }, listener, group)).toEqual([]);
    expect(scalingTargets({ min: 1, max: 4, scaling: {} }, listener, group)).toEqual([]);
  });

  it("is how busy its servers are, and how many requests each answers as its own load balancer counts them", () => {
    const scaling = { cpuPercent: 60, requestsPerMinute: 900 };
    expect(scalingTargets({ min: 1, max: 4, scaling }, listener, group)).toEqual([
      { name: "cpu", metric: "ASGAverageCPUUtilization", target: 60 },
      {
        name: "requests",
        metric: "ALBRequestCountPerTarget",
        target: 900,
        resourceLabel: "app/shop/50dc6c495c0c9188/targetgroup/kiln-dev-web-1/73e2d6bc24d8a067",
      },
    ]);
  });
});
