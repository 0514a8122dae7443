import { describe, expect, it } from "vitest";
import { Random } from "../../../../local/core/random.ts";
import {
  type GroupCounts,
  type JudgeMemory,
  type JudgeSettings,
  judgeCanary,
  newJudge,
  observed,
  usualJudgeSettings,
} from "../../../../shared/domain/judge/canary-judge.ts";

/** The memory after so many equal minutes. */
function lasting(
  minutes: number,
  baseline: GroupCounts,
  candidate: GroupCounts,
  settings = usualJudgeSettings,
): JudgeMemory {
  let memory = newJudge;
  for (let minute = 0; minute < minutes; minute++) memory = observed(memory, { baseline, candidate }, settings);
  return memory;
}

const verdictOf = (memory: JudgeMemory, settings = usualJudgeSettings) => judgeCanary(memory, settings).verdict;
const withSlow: JudgeSettings = {
  ...usualJudgeSettings,
  slow: { toleratedOdds: 1, worstOdds: 2, harmlessRate: 0.01 },
};

describe("the canary judge", () => {
  it("decides nothing while nobody asks the candidate", () => {
    expect(judgeCanary(newJudge, usualJudgeSettings)).toMatchObject({ verdict: "inconclusive" });
    const silent = lasting(60, { requests: 1000, errors: 0 }, { requests: 0, errors: 0 });
    expect(verdictOf(silent)).toBe("inconclusive");
  });

  it("passes two groups without a single error, and says before how many requests that takes", () => {
    const start = judgeCanary(
      lasting(1, { requests: 900, errors: 0 }, { requests: 100, errors: 0 }),
      usualJudgeSettings,
    );
    expect(start.verdict).toBe("inconclusive");
    expect(start.requestsNeeded).toBeGreaterThan(1000);
    const minutes = Math.ceil((start.requestsNeeded ?? 0) / 100);
    expect(verdictOf(lasting(30, { requests: 900, errors: 0 }, { requests: 100, errors: 0 }))).toBe("inconclusive");
    expect(verdictOf(lasting(minutes, { requests: 900, errors: 0 }, { requests: 100, errors: 0 }))).toBe("pass");
  });

  it("fails a candidate after a few errors when the baseline has none", () => {
    const one = lasting(1, { requests: 900, errors: 0 }, { requests: 100, errors: 1 });
    expect(verdictOf(one)).toBe("inconclusive");
    expect(
      judgeCanary(lasting(1, { requests: 900, errors: 0 }, { requests: 100, errors: 4 }), usualJudgeSettings),
    ).toMatchObject({
      verdict: "fail",
      reason: "errors: 4 of 100 against 0 of 900",
    });
  });

  it("does not blame the candidate for a bad hour of both", () => {
    let memory = lasting(10, { requests: 900, errors: 0 }, { requests: 100, errors: 0 });
    for (let minute = 0; minute < 60; minute++) {
      const both = { baseline: { requests: 900, errors: 450 }, candidate: { requests: 100, errors: 50 } };
      memory = observed(memory, both, usualJudgeSettings);
    }
    expect(verdictOf(memory)).toBe("pass");
  });

  it("fails for slow answers alone, and passes only when both are fine", () => {
    const slow = lasting(30, { requests: 900, errors: 0, slow: 9 }, { requests: 100, errors: 0, slow: 10 }, withSlow);
    expect(judgeCanary(slow, withSlow)).toMatchObject({ verdict: "fail", reason: expect.stringMatching(/^slow: /) });
    const errorsOnly = lasting(60, { requests: 900, errors: 0 }, { requests: 100, errors: 0 });
    expect(verdictOf({ ...newJudge, errors: errorsOnly.errors }, withSlow)).toBe("inconclusive");
  });

  it("keeps a memory that survives a state machine's memo", () => {
    const memory = lasting(5, { requests: 900, errors: 3 }, { requests: 100, errors: 1 });
    expect(JSON.parse(JSON.stringify(memory))).toEqual(memory);
    expect(JSON.stringify(memory).length).toBeLessThan(1000);
  });

  it("keeps its false alarms and its misses below what it declares, though it is asked every minute", () => {
    const random = new Random(7);
    const draw = (requests: number, rate: number) => {
      let bad = 0;
      for (let request = 0; request < requests; request++) if (random.next() < rate) bad++;
      return { requests, errors: bad };
    };
    const ends = (rate: number, odds: number) => {
      const worse = (rate * odds) / (1 - rate + rate * odds);
      const counts = { pass: 0, fail: 0, inconclusive: 0 };
      for (let run = 0; run < 200; run++) {
        let memory = newJudge;
        let verdict: keyof typeof counts = "inconclusive";
        for (let minute = 0; minute < 40 && verdict === "inconclusive"; minute++) {
          memory = observed(memory, { baseline: draw(180, rate), candidate: draw(60, worse) }, usualJudgeSettings);
          ({ verdict } = judgeCanary(memory, usualJudgeSettings));
        }
        counts[verdict]++;
      }
      return counts;
    };
    expect(ends(0.03, 1).fail).toBeLessThanOrEqual(200 * usualJudgeSettings.falseAlarmRate + 3);
    const harmful = ends(0.03, 2);
    expect(harmful.pass).toBeLessThanOrEqual(200 * usualJudgeSettings.missRate + 5);
    expect(harmful.fail).toBeGreaterThan(100);
  });
});
