import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { runStep, type Step } from "../../scripts/run-step.ts";

let cache: string;
beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), "kiln-step-"));
  vi.spyOn(console, "log").mockImplementation(() => {});
  vi.spyOn(process.stdout, "write").mockImplementation(() => true);
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
});
afterAll(() => {
  vi.restoreAllMocks();
  rmSync(cache, { recursive: true });
});

async function result(script: string, change: Partial<Step> = {}) {
  const step: Step = { name: "step", command: process.execPath, args: ["-e", script], limitSeconds: 20, ...change };
  const { seconds, ...rest } = await runStep(step, cache);
  expect(seconds).toBeLessThan(20);
  return rest;
}

test("a step without counts is one result, by its exit code", async () => {
  expect(await result("")).toEqual({ name: "step", passed: 1, failed: 0 });
  expect(await result("process.exit(3)")).toEqual({ name: "step", passed: 0, failed: 1 });
});

test("takes the counts of the last line", async () => {
  const script = "console.log('7 passed, 9 failed'); console.log('4 passed, 2 failed'); process.exit(1)";
  expect(await result(script, { counts: "last line" })).toEqual({ name: "step", passed: 4, failed: 2 });
});

test("counts a bad end as a failure even when nothing was reported to fail", async () => {
  const script = "console.log('4 passed, 0 failed'); process.exit(9)";
  expect(await result(script, { counts: "last line" })).toEqual({
    name: "step",
    passed: 4,
    failed: 1,
    why: "exit code 9",
  });
});

test("does not call a step that checked nothing passed", async () => {
  expect(await result("console.log('0 passed, 0 failed')", { counts: "last line" })).toMatchObject({
    failed: 1,
    why: "it checked nothing",
  });
  expect(await result("", { counts: "last line" })).toMatchObject({ passed: 0, failed: 1 });
});

test("ends a step, and what it started, at its time limit", async () => {
  const script = "const c = require('node:child_process').spawn('sleep', ['30']); console.log(c.pid)";
  const ended = await result(script, { limitSeconds: 1 });
  expect(ended).toEqual({ name: "step", passed: 0, failed: 1, why: "not finished after 1 s" });
});

test("says why a step could not be started or prepared", async () => {
  expect(await result("", { command: "./no-such-program" })).toMatchObject({
    failed: 1,
    why: "spawn ./no-such-program ENOENT",
  });
  const prepare = () => {
    throw new Error("python3 is missing");
  };
  expect(await result("", { prepare })).toMatchObject({ failed: 1, why: "python3 is missing" });
});

test("names what a step says has failed, whichever way it says so", async () => {
  const script =
    "console.log('ok a boots\\nnot ok b serves\\n  expected 1'); " +
    "console.error('shared/a.ts(3,7): error TS2322: no'); process.exit(1)";
  expect(await result(script)).toEqual({
    name: "step",
    passed: 0,
    failed: 1,
    failures: ["not ok b serves", "shared/a.ts(3,7): error TS2322: no"],
  });
});

test("names each failed test of a vitest report, and files whose tests never ran", async () => {
  const report = {
    numPassedTests: 3,
    numFailedTests: 1,
    testResults: [
      { name: join(process.cwd(), "test/a.test.ts"), status: "passed", assertionResults: [] },
      {
        name: join(process.cwd(), "test/b.test.ts"),
        status: "failed",
        message: "",
        assertionResults: [
          { fullName: "b holds", status: "passed", failureMessages: [] },
          {
            fullName: "b breaks",
            status: "failed",
            failureMessages: ["AssertionError: 1 is not 2\n    at b.test.ts:3"],
          },
        ],
      },
      {
        name: join(process.cwd(), "test/c.test.ts"),
        status: "failed",
        message: "no cloud",
        assertionResults: [{ fullName: "c", status: "skipped", failureMessages: [] }],
      },
    ],
  };
  const script =
    "const file = process.argv.at(-1).split('=')[1]; " +
    `require('node:fs').writeFileSync(file, ${JSON.stringify(JSON.stringify(report))}); process.exit(1)`;
  expect(await result(script, { counts: "vitest", args: ["-e", script, "--"] })).toEqual({
    name: "step",
    passed: 3,
    failed: 2,
    failures: ["test/b.test.ts > b breaks: AssertionError: 1 is not 2", "test/c.test.ts: no cloud"],
  });
});
