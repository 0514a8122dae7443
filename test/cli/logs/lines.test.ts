import { expect, test } from "vitest";
import { consoleLines, keptConsoleLines, probeLines } from "../../../cli/logs/evidence-lines.ts";
import { inOrder, lineText, NewLines } from "../../../cli/logs/line.ts";
import { machineLines } from "../../../cli/logs/machine-lines.ts";

const at = "2026-01-01T00:00:00.000Z";
const timestamp = new Date(at);
const execution = "arn:aws:states:us-east-1:123456789012:execution:kiln-dev-deploy:e1";

test("an execution's lines are its tasks, its failed attempts with their cause, and its end", () => {
  const cause = JSON.stringify({ errorMessage: "its probes did not pass", trace: ["x"] });
  const lines = machineLines(execution, [
    { id: 1, type: "ExecutionStarted", timestamp },
    { id: 2, type: "TaskStateEntered", timestamp, stateEnteredEventDetails: { name: "Validate" } },
    { id: 3, type: "ChoiceStateEntered", timestamp, stateEnteredEventDetails: { name: "IsReady" } },
    { id: 4, type: "TaskStateEntered", timestamp, stateEnteredEventDetails: { name: "Validate" } },
    {
      id: 5,
      type: "TaskFailed",
      timestamp,
      taskFailedEventDetails: { resourceType: "lambda", resource: "invoke", error: "ValidationFailedError", cause },
    },
    { id: 6, type: "ExecutionFailed", timestamp, executionFailedEventDetails: { error: "E", cause: "plain" } },
  ]);
  expect(lines.map(({ text }) => text)).toEqual([
    "started",
    "entered Validate",
    "task failed: ValidationFailedError: its probes did not pass",
    "failed: E: plain",
  ]);
  expect(lines[0]).toMatchObject({ at, source: "machine", from: "kiln-dev-deploy/e1" });
});

test("probes say their verdict and every answer", () => {
  const probes = {
    check: "probes",
    verdict: "fail",
    reason: "/: answered 500",
    evidence: [
      { path: "/", status: 500, latencyMs: 4, problem: "answered 500 instead of 200" },
      { path: "/", problem: "no answer within 5000 ms" },
    ],
  };
  const lines = probeLines([
    { event: "validation-failed", at, execution, reports: [probes] },
    { event: "live", at, execution },
  ]);
  expect(lines.map(({ from, text }) => `${from} ${text}`)).toEqual([
    "validation-failed probes fail: /: answered 500",
    "/ 500 after 4 ms: answered 500 instead of 200",
    "/ no answer: no answer within 5000 ms",
  ]);
});

test("consoles of instances that are gone come from the history", () => {
  const history = [{ event: "validation-failed", at, execution, console: { "i-1": "boot\n\nexit 1\n" } }];
  expect(keptConsoleLines(history)).toEqual(consoleLines("i-1", "boot\nexit 1"));
  expect(keptConsoleLines(history).map(({ text }) => text)).toEqual(["boot", "exit 1"]);
});

test("lines come in the order of their times, what has none last, and none is told twice", () => {
  const late = { at: "2026-01-02T00:00:00.000Z", source: "machine", from: "m", text: "late" } as const;
  const early = { at, source: "functions", from: "admit", text: "early" } as const;
  const timeless = { at: null, source: "instances", from: "i-1", text: "boot" } as const;
  expect(inOrder([timeless, late, early])).toEqual([early, late, timeless]);
  expect(lineText(early)).toBe(`${at}  functions  admit  early`);
  const fresh = new NewLines();
  expect(fresh.take([early])).toEqual([early]);
  expect(fresh.take([early, late])).toEqual([late]);
});
