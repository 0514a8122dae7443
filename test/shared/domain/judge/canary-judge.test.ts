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

  it("tells both metrics in its reasons, and asks for as many requests as the one that needs more", () => {
    const good = lasting(60, { requests: 900, errors: 0, slow: 0 }, { requests: 100, errors: 0, slow: 0 }, withSlow);
    expect(judgeCanary(good, withSlow)).toMatchObject({
      verdict: "pass",
      reason: "errors: 0 of 6000 against 0 of 54000; slow: 0 of 6000 against 0 of 54000",
      requestsNeeded: 0,
      metrics: [
        { metric: "errors", verdict: "pass", failsAt: 200, passesAt: 20 },
        { metric: "slow", verdict: "pass", failsAt: 200, passesAt: 20 },
      ],
    });
    // To see that one in a thousand does not fail takes more requests than that one in a hundred is not slow.
    const begun = lasting(1, { requests: 900, errors: 0, slow: 0 }, { requests: 100, errors: 0, slow: 0 }, withSlow);
    const both = judgeCanary(begun, withSlow);
    const errorsAlone = judgeCanary(begun, usualJudgeSettings);
    expect(both.requestsNeeded).toBe(errorsAlone.requestsNeeded);
    expect(both.metrics.map(({ verdict }) => verdict)).toEqual(["inconclusive", "inconclusive"]);
    expect(both.reason).toBe(
      `errors: 0 of 100 against 0 of 900; slow: 0 of 100 against 0 of 900; about ${both.requestsNeeded} more requests to the candidate would tell`,
    );
    const lenient = { ...withSlow, errors: { ...withSlow.errors, harmlessRate: 0.5 } };
    const settled = lasting(1, { requests: 900, errors: 0, slow: 0 }, { requests: 100, errors: 0, slow: 0 }, lenient);
    expect(judgeCanary(settled, lenient).reason).toMatch(/^slow: 0 of 100 against 0 of 900; about/);
  });

  it("says when no number of requests would tell, though it would for the other metric", () => {
    const alone = lasting(1, { requests: 0, errors: 0, slow: 0 }, { requests: 100, errors: 50, slow: 0 }, withSlow);
    const verdict = judgeCanary(alone, withSlow);
    expect(verdict).toMatchObject({ verdict: "inconclusive", requestsNeeded: null });
    expect(verdict.reason).toMatch(/; no number of requests would tell$/);
    expect(
      judgeCanary(alone, { ...withSlow, errors: { ...withSlow.errors, harmlessRate: 0.9 } }).requestsNeeded,
    ).toEqual(expect.any(Number));
  });

  it("fails by either metric, and needs no more requests then", () => {
    const failing = lasting(1, { requests: 900, errors: 0, slow: 0 }, { requests: 100, errors: 9, slow: 0 }, withSlow);
    expect(judgeCanary(failing, withSlow)).toMatchObject({
      verdict: "fail",
      reason: "errors: 9 of 100 against 0 of 900",
      requestsNeeded: 0,
      metrics: [
        {
          metric: "errors",
          verdict: "fail",
          baseline: { requests: 900, bad: 0 },
          candidate: { requests: 100, bad: 9 },
        },
        { metric: "slow", verdict: "inconclusive" },
      ],
    });
  });

  it("decides when a limit is reached, and not only beyond it", () => {
    // Nothing seen is an e-value of 1 for both questions.
    expect(verdictOf(newJudge, { ...usualJudgeSettings, falseAlarmRate: 1 })).toBe("fail");
    expect(verdictOf(newJudge, { ...usualJudgeSettings, missRate: 1 })).toBe("pass");
    expect(judgeCanary(newJudge, usualJudgeSettings).metrics).toMatchObject([{ worse: 1, fine: 1 }]);
  });

  it("counts no more bad answers than there were answers, and no slow ones where nobody set a limit", () => {
    const odd = observed(
      newJudge,
      { baseline: { requests: 10, errors: 12, slow: 3 }, candidate: { requests: 5, errors: 5 } },
      usualJudgeSettings,
    );
    expect(odd.errors).toMatchObject({ baseline: { requests: 10, bad: 10 }, candidate: { requests: 5, bad: 5 } });
    expect(odd.slow).toBe(newJudge.slow);
    const slow = observed(
      newJudge,
      { baseline: { requests: 10, errors: 0, slow: 3 }, candidate: { requests: 5, errors: 1 } },
      withSlow,
    );
    expect(slow.slow).toMatchObject({ baseline: { requests: 10, bad: 3 }, candidate: { requests: 5, bad: 0 } });
    expect(slow.errors).toMatchObject({ baseline: { requests: 10, bad: 0 }, candidate: { requests: 5, bad: 1 } });
  });
});
