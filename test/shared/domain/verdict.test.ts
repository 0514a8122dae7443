import { describe, expect, it } from "vitest";
import { judgeAlarms, redAlarms } from "../../../shared/domain/alarms.ts";
import { checkFunctionName, judgeAnswer } from "../../../shared/domain/function-check.ts";
import { type CheckReport, together, type Verdict } from "../../../shared/domain/verdict.ts";

const report = (check: string, verdict: Verdict): CheckReport => ({ check, verdict, reason: `it is ${verdict}` });

describe("all checks together", () => {
  it.each([
    [["pass", "pass"], "pass", "a: it is pass; b: it is pass"],
    [["pass", "inconclusive"], "inconclusive", "b: it is inconclusive"],
    [["fail", "inconclusive"], "fail", "a: it is fail"],
  ] as const)("of %j are a %s", ([first, second], verdict, reason) => {
    expect(together([report("a", first), report("b", second)])).toEqual({ verdict, reason });
  });

  it("pass when nothing was to be checked", () => {
    expect(together([])).toEqual({ verdict: "pass", reason: "nothing was to be checked" });
  });
});

describe("alarms", () => {
  it("fail by one that is red or gone, whatever the others say", () => {
    const states = [
      { name: "errors", state: "ALARM" as const },
      { name: "latency", state: undefined },
      { name: "load", state: "INSUFFICIENT_DATA" as const },
    ];
    expect(judgeAlarms(states)).toEqual({
      check: "alarms",
      verdict: "fail",
      reason: "errors is red, latency does not exist",
      evidence: { errors: "ALARM", latency: "gone", load: "INSUFFICIENT_DATA" },
    });
    expect(redAlarms(states.slice(2))).toBeUndefined();
  });

  it("say nothing without data, and pass when all are green", () => {
    const green = { name: "errors", state: "OK" as const };
    const silent = ["load", "disk"].map((name) => ({ name, state: "INSUFFICIENT_DATA" as const }));
    expect(judgeAlarms([green, ...silent])).toMatchObject({
      check: "alarms",
      verdict: "inconclusive",
      reason: expect.stringMatching(/^load, disk: no data/),
    });
    expect(judgeAlarms([green])).toEqual({
      check: "alarms",
      verdict: "pass",
      reason: "1 green",
      evidence: { errors: "OK" },
    });
  });
});

describe("a function's answer", () => {
  it("is a verdict only in so many words", () => {
    expect(judgeAnswer("smoke", { text: '{"verdict":"pass","reason":"fine"}' })).toMatchObject({
      check: "function smoke",
      verdict: "pass",
      reason: "fine",
    });
    expect(judgeAnswer("smoke", { text: '{"verdict":"fail"}' }).verdict).toBe("fail");
    for (const text of ["", "null", "true", '{"verdict":"PASS"}', '{"status":200}', "pass"]) {
      expect(judgeAnswer("smoke", { text }).verdict).toBe("inconclusive");
    }
    expect(judgeAnswer("smoke", { problem: "no answer within 5 s" })).toMatchObject({ verdict: "inconclusive" });
  });

  it("is told in its own words, as far as they are short, and asked again in ours", () => {
    const reason = (text: string) => judgeAnswer("smoke", { text }).reason;
    expect(judgeAnswer("smoke", { text: '{"verdict":"fail"}' })).toEqual({
      check: "function smoke",
      verdict: "fail",
      reason: "it said fail",
    });
    expect(reason(JSON.stringify({ verdict: "fail", reason: "x".repeat(1001) }))).toBe("x".repeat(1000));
    expect(reason("y".repeat(201))).toBe(
      `it answered ${"y".repeat(200)} instead of {"verdict":"pass"} or {"verdict":"fail"}`,
    );
    expect(judgeAnswer("smoke", { problem: "no answer within 5 s" }).reason).toBe("no answer within 5 s");
  });

  it("is asked only of functions that are called as Kiln may call them", () => {
    expect(checkFunctionName("prod", "smoke")).toBe("kiln-prod-check-smoke");
  });
});
