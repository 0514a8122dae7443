import { describe, expect, it } from "vitest";
import { type CommandRun, judgeRuns } from "../../../shared/domain/command-check.ts";

const run = (instanceId: string, status: string, exitCode: number, output = ""): CommandRun => ({
  instanceId,
  status,
  exitCode,
  output,
});
const asked = ["i-1", "i-2"];

describe("a command on instances", () => {
  it("passes when it ended well on every one that was asked", () => {
    expect(judgeRuns("smoke", asked, [run("i-1", "Success", 0), run("i-2", "Success", 0)])).toMatchObject({
      check: "command smoke",
      verdict: "pass",
    });
  });

  it("fails by one exit status, whatever the others say, and quotes the last line", () => {
    const runs = [run("i-1", "TimedOut", -1), run("i-2", "Failed", 3, "looking\ntable orders is missing\n")];
    expect(judgeRuns("smoke", asked, runs)).toMatchObject({
      verdict: "fail",
      reason: "exit status 3 on i-2: table orders is missing",
      evidence: runs,
    });
  });

  it.each([
    ["was ended by its time-out", [run("i-1", "Success", 0), run("i-2", "TimedOut", -1)]],
    ["never began", [run("i-1", "Success", 0), run("i-2", "Failed", -1)]],
    ["is missing on one instance", [run("i-1", "Success", 0)]],
    ["is missing on all", []],
  ])("that %s says nothing", (_title, runs) => {
    expect(judgeRuns("smoke", asked, runs).verdict).toBe("inconclusive");
  });
});
