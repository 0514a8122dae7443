import { describe, expect, it } from "vitest";
import { keptOf } from "../../../shared/domain/keep.ts";

const nowMs = Date.UTC(2026, 0, 31);
const dayMs = 86_400_000;

/** Releases that served, a day apart, the last one made now. */
function served(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    generation: `web-${index + 1}`,
    createdAt: new Date(nowMs - (count - 1 - index) * dayMs).toISOString(),
  }));
}

describe("the releases that keep their image", () => {
  it("are the last five where the spec says nothing", () => {
    expect(keptOf(served(7), undefined, nowMs)).toEqual(["web-3", "web-4", "web-5", "web-6", "web-7"]);
    expect(keptOf(served(2), undefined, nowMs)).toEqual(["web-1", "web-2"]);
  });

  it("are as many as the spec says", () => {
    expect(keptOf(served(7), { releases: 2, days: 0 }, nowMs)).toEqual(["web-6", "web-7"]);
  });

  it("are more where more of them are young", () => {
    expect(keptOf(served(7), { releases: 2, days: 4 }, nowMs)).toEqual(["web-4", "web-5", "web-6", "web-7"]);
    expect(keptOf(served(7), { releases: 2, days: 1 }, nowMs)).toEqual(["web-6", "web-7"]);
  });

  it("are never more than fifty", () => {
    expect(keptOf(served(60), { releases: 2, days: 365 }, nowMs)).toHaveLength(50);
  });
});
