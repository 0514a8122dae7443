import { describe, expect, it } from "vitest";
import { compareIntents, type Intent, imageOwner } from "../../../shared/domain/release.ts";

const intent = (time: string, tieBreak = "m"): Intent => ({ kind: "upload", time, tieBreak });

describe("the order of intents", () => {
  it("is that of their times, however these are written", () => {
    const [older, newer] = [intent("2026-01-01T00:00:00.9Z", "z"), intent("2026-01-01T00:00:01Z", "a")];
    expect(compareIntents(older, newer)).toBeLessThan(0);
    expect(compareIntents(newer, older)).toBeGreaterThan(0);
  });

  it("is at equal times that of what breaks the tie", () => {
    const [first, second] = [intent("2026-01-01T00:00:00Z", "a"), intent("2026-01-01T00:00:00.000Z", "b")];
    expect(compareIntents(first, second)).toBe(-1);
    expect(compareIntents(second, first)).toBe(1);
    expect(compareIntents(first, { ...second, tieBreak: "a" })).toBe(0);
  });
});

describe("the image of a release", () => {
  it("is its service's own, or the experiment's that it was promoted from", () => {
    expect(imageOwner({ service: "web" })).toBe("web");
    const promotedFrom = { experiment: "web.blue", generation: "web.blue-000002" };
    expect(imageOwner({ service: "web", promotedFrom })).toBe("web.blue");
  });
});
