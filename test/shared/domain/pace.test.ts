import { describe, expect, it } from "vitest";
import { firstLookSeconds, nextObservationSeconds } from "../../../shared/domain/pace.ts";

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
