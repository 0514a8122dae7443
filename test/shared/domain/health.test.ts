import { describe, expect, it } from "vitest";
import { judgeHealth, judgeServing } from "../../../shared/domain/health.ts";

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
    expect(judged.reason).toBe("2 of 3 targets healthy, 2 needed (i-3 unhealthy Target.Timeout)");
  });

  it("counts the targets, and names each one that is unwell", () => {
    expect(judgeHealth({ ...candidate, health: good }).reason).toBe("2 of 2 targets healthy, 2 needed");
    const twoBad = { healthy: 0, total: 2, reasons: ["i-1 initial", "i-2 initial"] };
    expect(judgeHealth({ ...candidate, health: twoBad }).reason).toBe(
      "0 of 2 targets healthy, 2 needed (i-1 initial; i-2 initial)",
    );
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
