import { describe, expect, it } from "vitest";
import { maxUnderWay, PutPace } from "../../../shared/domain/put-pace.ts";

/** Sends so many blocks and answers all of them alike. */
function round(pace: PutPace, blocks: number, attempts: number): void {
  const numbers = Array.from({ length: blocks }, () => pace.send());
  for (const number of numbers) pace.answered(number, attempts);
}

describe("the pace of block writes", () => {
  it("begins with sixteen blocks under way and adds about one for each round of answers", () => {
    const pace = new PutPace();
    expect(pace.underWay).toBe(16);
    round(pace, 17, 1);
    expect(pace.underWay).toBe(17);
  });

  it("never has more under way than its memory allows", () => {
    const pace = new PutPace();
    round(pace, 10_000, 1);
    expect(pace.underWay).toBe(maxUnderWay);
  });

  it("halves once for a burst of refusals, not once for each of them", () => {
    const pace = new PutPace();
    round(pace, 16, 2);
    expect(pace.underWay).toBe(8);
    round(pace, 8, 3);
    expect(pace.underWay).toBe(4);
  });

  it("halves by a single refusal, of the first block after the last halving too", () => {
    const pace = new PutPace();
    round(pace, 1, 2);
    expect(pace.underWay).toBe(8);
    round(pace, 1, 2);
    expect(pace.underWay).toBe(4);
  });

  it("heeds no refusal of a block that was sent before the last halving", () => {
    const pace = new PutPace();
    const [first, second] = [pace.send(), pace.send()];
    pace.answered(second, 2);
    pace.answered(first, 5);
    expect(pace.underWay).toBe(8);
  });

  it("goes on with one block when AWS refuses again and again, and recovers", () => {
    const pace = new PutPace();
    for (let time = 0; time < 20; time++) round(pace, pace.underWay, 2);
    expect(pace.underWay).toBe(1);
    round(pace, 30, 1);
    expect(pace.underWay).toBeGreaterThan(4);
  });
});
