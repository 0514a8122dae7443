import { describe, expect, it } from "vitest";
import {
  type Evidence,
  logFine,
  noEvidence,
  requestsUntilFine,
  withInterval,
} from "../../../../shared/domain/judge/evidence.ts";

const limits = { toleratedOdds: 1.2, worstOdds: 3, harmlessRate: 0.01 };
const goal = Math.log(20);

/** The evidence after an interval in which both groups failed as often. */
function afterSeeing(evidence: Evidence, requests: number, rate: number, share = 0.5): Evidence {
  const counts = (all: number) => ({ requests: all, bad: all * rate });
  const candidate = counts(requests);
  return withInterval(evidence, { candidate, baseline: counts((requests * (1 - share)) / share) }, limits);
}

describe("how many more requests a verdict needs", () => {
  it.each([
    ["nothing fails", 0, 0.5],
    ["both fail now and then", 0.05, 0.5],
    ["both fail often", 0.2, 0.5],
    ["the candidate gets a small share", 0.05, 0.1],
  ])("is enough and not many times too much when %s", (_, rate, share) => {
    const begun = afterSeeing(noEvidence, 40, rate, share);
    const needed = requestsUntilFine(begun, goal, limits);
    expect(needed).toBeGreaterThan(0);
    expect(logFine(afterSeeing(begun, (needed ?? 0) * 1.3, rate, share))).toBeGreaterThanOrEqual(goal);
    expect(logFine(afterSeeing(begun, (needed ?? 0) * 0.4, rate, share))).toBeLessThan(goal);
  });

  it("is none once the verdict is there", () => {
    const fine = afterSeeing(noEvidence, 100_000, 0);
    expect(logFine(fine)).toBeGreaterThan(goal);
    expect(requestsUntilFine(fine, goal, limits)).toBe(0);
    expect(requestsUntilFine(fine, logFine(fine), limits)).toBe(0);
  });

  it("is more when less has been seen", () => {
    const [little, much] = [afterSeeing(noEvidence, 40, 0.05), afterSeeing(noEvidence, 200, 0.05)].map((evidence) =>
      requestsUntilFine(evidence, goal, limits),
    );
    expect(little ?? 0).toBeGreaterThan(much ?? 0);
  });

  it("is less when more has been seen without a single failure, by what has been seen", () => {
    const neededAfter = (requests: number) => requestsUntilFine(afterSeeing(noEvidence, requests, 0), goal, limits);
    expect((neededAfter(0) ?? 0) - (neededAfter(200) ?? 0)).toBe(200);
  });

  it("is the least that lets one hypothesis make up for its share, where less fails than is harmless", () => {
    const counts = { requests: 500, bad: 2 };
    const begun = withInterval(noEvidence, { candidate: counts, baseline: counts }, limits);
    const needed = requestsUntilFine(begun, goal, limits) ?? 0;
    // Half a failure in one more request is what is expected before anything was seen.
    const rate = 4.5 / 1001;
    const harmlessAfter = (requests: number) => {
      const more = { candidate: { requests, bad: requests * rate }, baseline: { requests: 0, bad: 0 } };
      return Math.max(...withInterval(begun, more, limits).harmless);
    };
    // Half of the weight is on hardly ever failing, and three rates share it.
    expect(harmlessAfter(needed)).toBeGreaterThanOrEqual(goal + Math.log(6));
    expect(harmlessAfter(needed - 1)).toBeLessThan(goal + Math.log(6));
  });

  it("expects after a single failure of few requests that it was bad luck in part", () => {
    const candidate = { requests: 1, bad: 0 };
    const begun = withInterval(noEvidence, { candidate, baseline: { requests: 1, bad: 1 } }, limits);
    const needed = requestsUntilFine(begun, goal, limits) ?? 0;
    // One and a half failures of three requests.
    const later = (requests: number) => logFine(afterSeeing(begun, Math.round(requests / 2) * 2, 0.5));
    expect(later(needed * 1.6)).toBeGreaterThanOrEqual(goal);
    expect(later(needed * 0.6)).toBeLessThan(goal);
  });

  it("is at least one", () => {
    const nearly = afterSeeing(noEvidence, 40, 0);
    expect(requestsUntilFine(nearly, logFine(nearly) + 1e-9, limits)).toBeGreaterThanOrEqual(1);
  });

  it("is without end where too much fails and only one group is asked", () => {
    const candidate = { requests: 100, bad: 50 };
    const alone = withInterval(noEvidence, { candidate, baseline: { requests: 0, bad: 0 } }, limits);
    expect(requestsUntilFine(alone, goal, limits)).toBeNull();
    const baseline = { requests: 100, bad: 50 };
    const unasked = withInterval(noEvidence, { candidate: { requests: 0, bad: 0 }, baseline }, limits);
    expect(requestsUntilFine(unasked, goal, limits)).toBeNull();
  });
});
