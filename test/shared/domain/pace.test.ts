import { describe, expect, it } from "vitest";
import { firstLookSeconds, nextObservationSeconds, rarerLookSeconds } from "../../../shared/domain/pace.ts";

describe("the first look at a new fleet", () => {
  it("comes when instances have started, booted and answered the health checks that the load balancer wants", () => {
    expect(firstLookSeconds({ healthyThreshold: 2, intervalSeconds: 5 })).toBe(36);
    expect(firstLookSeconds({ healthyThreshold: 3, intervalSeconds: 30 })).toBe(116);
  });
});

describe("looks at a fleet that serves", () => {
  it("are one for a short window, and never further apart than half a minute", () => {
    expect(nextObservationSeconds(20_000)).toBe(20);
    expect(nextObservationSeconds(29_001)).toBe(30);
    expect(nextObservationSeconds(600_000)).toBe(30);
  });

  it("come at once when the window is over", () => {
    expect(nextObservationSeconds(0)).toBe(0);
    expect(nextObservationSeconds(-5000)).toBe(0);
  });
});

describe("looks at what goes", () => {
  it("are not held back at first, then a twentieth of the time so far apart, and a minute at most", () => {
    expect(rarerLookSeconds(0)).toBe(0);
    expect(rarerLookSeconds(19_999)).toBe(0);
    expect(rarerLookSeconds(100_000)).toBe(5);
    expect(rarerLookSeconds(1_200_000)).toBe(60);
    expect(rarerLookSeconds(5_400_000)).toBe(60);
  });
});
