import { describe, expect, it } from "vitest";
import { judgeHealth, judgeServing } from "../../../shared/domain/health.ts";
import { judgeProbes } from "../../../shared/domain/probe.ts";

const candidate = { needed: 2, streak: 0, streakNeeded: 3, deadlinePassed: false };
const good = { healthy: 2, total: 2, reasons: [] };
const oneBad = { healthy: 2, total: 3, reasons: ["i-3 unhealthy Target.Timeout"] };

describe("the verdict on a candidate's health", () => {
  it("passes only after enough good looks in a row", () => {
    expect(judgeHealth({ ...candidate, health: good, streak: 1 })).toMatchObject({
      verdict: "inconclusive",
      streak: 2,
    });
    expect(judgeHealth({ ...candidate, health: good, streak: 2 })).toMatchObject({ verdict: "pass", streak: 3 });
  });

  it("starts counting again after one bad look", () => {
    expect(judgeHealth({ ...candidate, health: oneBad, streak: 2 })).toMatchObject({
      verdict: "inconclusive",
      streak: 0,
    });
  });

  it("does not pass while any target is unwell, even when enough are healthy", () => {
    expect(judgeHealth({ ...candidate, health: oneBad, streak: 5 }).verdict).not.toBe("pass");
  });

  it("never takes silence for health", () => {
    expect(judgeHealth({ ...candidate, health: { healthy: 0, total: 0, reasons: [] }, streak: 9 }).verdict).toBe(
      "inconclusive",
    );
  });

  it("fails at the deadline and says why", () => {
    const judged = judgeHealth({ ...candidate, health: oneBad, deadlinePassed: true });
    expect(judged.verdict).toBe("fail");
    expect(judged.reason).toContain("i-3 unhealthy Target.Timeout");
  });
});

describe("the verdict on a fleet that serves", () => {
  it("forgives one flap", () => {
    const bad = { healthy: 1, total: 2, reasons: [] };
    expect(judgeServing({ health: bad, needed: 2, badStreak: 0, badStreakLimit: 3 })).toEqual({
      verdict: "inconclusive",
      badStreak: 1,
    });
    expect(judgeServing({ health: good, needed: 2, badStreak: 2, badStreakLimit: 3 })).toEqual({
      verdict: "pass",
      badStreak: 0,
    });
  });

  it("fails after several bad looks in a row", () => {
    const bad = { healthy: 1, total: 2, reasons: [] };
    expect(judgeServing({ health: bad, needed: 2, badStreak: 2, badStreakLimit: 3 }).verdict).toBe("fail");
  });
});

describe("the verdict on probes", () => {
  const right = { path: "/", status: 200, latencyMs: 3 };

  it("passes when every probe was made and right", () => {
    expect(judgeProbes([right, right], 2).verdict).toBe("pass");
  });

  it("fails on one wrong answer and names it", () => {
    const report = judgeProbes([right, { path: "/x", status: 500, problem: "answered 500 instead of 200" }], 2);
    expect(report).toMatchObject({ verdict: "fail", reason: expect.stringContaining("/x: answered 500") });
  });

  it("is inconclusive when nobody answered, and when a probe was not made", () => {
    expect(judgeProbes([{ path: "/", problem: "connection refused" }], 1).verdict).toBe("inconclusive");
    expect(judgeProbes([right], 2).verdict).toBe("inconclusive");
    expect(judgeProbes([], 1).verdict).toBe("inconclusive");
  });
});
