import { describe, expect, it } from "vitest";
import { type CommandRun, judgeRuns, runText, scriptFor, verdictOfRun } from "../../../shared/domain/command-check.ts";
import { releaseWith, specWith } from "../../cli/support/releases.ts";

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
      reason: "exit status 0 on 2 instances",
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

describe("one run", () => {
  it("is judged by its exit status alone: without one it says nothing", () => {
    const verdict = (status: string, exitCode: number) => verdictOfRun({ status, exitCode });
    expect(verdict("Success", 0)).toBe("pass");
    expect(verdict("Failed", 0)).toBe("fail");
    expect(verdict("Failed", -1)).toBe("inconclusive");
    expect(verdict("TimedOut", 137)).toBe("inconclusive");
  });

  it("is told by its exit status, or by how it ended without one, and by the end of its last line", () => {
    expect(runText(run("i-1", "Success", 0))).toBe("exit status 0 on i-1");
    expect(runText(run("i-1", "Failed", 3, "first\nlast \n\n"))).toBe("exit status 3 on i-1: last");
    expect(runText(run("i-1", "TimedOut", -1, "waiting"))).toBe("it ended as TimedOut on i-1: waiting");
    expect(runText(run("i-1", "Failed", 3, "x".repeat(201)))).toBe(`exit status 3 on i-1: ${"x".repeat(200)}`);
  });
});

describe("a command for the agent's shell", () => {
  it("knows stage, service, generation and port, and finds the programs of every layer", () => {
    const release = releaseWith({
      generation: "web-000007",
      spec: specWith({ port: 9000 }),
      layers: ["node-24", "tools"].map((name) => ({ ...releaseWith().artifact, name })),
    });
    const lines = scriptFor(release, "prod", "./smoke.sh\nexit 3").split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "for layer in node-24 tools; do",
        "PATH=$path$PATH PORT=9000",
        "KILN_STAGE=prod KILN_SERVICE=web KILN_GENERATION=web-000007",
      ]),
    );
    expect(lines.slice(-3)).toEqual(["./smoke.sh", "exit 3", ""]);
  });
});
