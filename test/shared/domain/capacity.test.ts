import { describe, expect, it } from "vitest";
import { capacityTarget, shrinks } from "../../../shared/domain/capacity.ts";

describe("the capacity target", () => {
  it.each([
    { name: "is the minimum in a first deployment", live: undefined, target: 2 },
    { name: "is what live has when that is more", live: { inService: 5, desired: 3 }, target: 5 },
    { name: "is what live wants when that is more", live: { inService: 3, desired: 6 }, target: 6 },
    { name: "stays within the maximum", live: { inService: 20, desired: 20 }, target: 8 },
    { name: "never falls below the minimum", live: { inService: 0, desired: 0 }, target: 2 },
  ])("$name", ({ live, target }) => {
    expect(capacityTarget({ min: 2, max: 8 }, live)).toBe(target);
  });

  it("is what gets the requests where that is more, live or not", () => {
    const capacity = { min: 2, max: 8 };
    expect(capacityTarget(capacity, { inService: 3, desired: 3 }, 5)).toBe(5);
    expect(capacityTarget(capacity, { inService: 3, desired: 3 }, 1)).toBe(3);
    expect(capacityTarget(capacity, undefined, 5)).toBe(5);
    expect(capacityTarget(capacity, undefined, 20)).toBe(8);
  });

  it("sees that a maximum below live would shrink the service", () => {
    expect(shrinks({ max: 4 }, { inService: 4, desired: 5 })).toBe(true);
    expect(shrinks({ max: 5 }, { inService: 4, desired: 5 })).toBe(false);
    expect(shrinks({ max: 1 }, undefined)).toBe(false);
  });
});
