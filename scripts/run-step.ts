import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";

/** One part of the checks: a program that exits with 0 when all is well. */
export interface Step {
  name: string;
  /** Found on PATH, where node_modules/.bin comes first. */
  command: string;
  args: readonly string[];
  /** Where single results are counted: vitest's own report, or a last line `N passed, M failed`. Left out: the step counts as one. */
  counts?: "vitest" | "last line";
  /** Installs what the step needs and returns a directory to put first on PATH. */
  prepare?: (cacheDirectory: string) => string;
  /** The step is ended and counts as failed after this. */
  limitSeconds: number;
}

export interface StepResult {
  name: string;
  passed: number;
  failed: number;
  seconds: number;
  /** Why it failed, where its counts do not say. */
  why?: string;
}

/** Unit: bytes. Enough for a last line, however much a step prints. */
const tailBytes = 4096;

/** Runs one step, passing its output through. Never throws: whatever goes wrong is a failed result. */
export async function runStep(step: Step, cacheDirectory: string): Promise<StepResult> {
  console.log(`\n== ${step.name}: ${step.command} ${step.args.join(" ")}`);
  const startedMs = performance.now();
  const finish = (counts: { passed: number; failed: number; why?: string }): StepResult => ({
    name: step.name,
    seconds: Math.round((performance.now() - startedMs) / 1000),
    ...counts,
  });
  const reportFile = join(cacheDirectory, `report-${step.name}.json`);
  rmSync(reportFile, { force: true });
  try {
    const first = step.prepare?.(cacheDirectory);
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
    const args = step.counts === "vitest" ? [...step.args, ...reporters] : step.args;
    const { code, tail, timedOut } = await run(step, args, first);
    if (timedOut) return finish({ passed: 0, failed: 1, why: `not finished after ${step.limitSeconds} s` });
    return finish(judge(code, countResults(step, tail, reportFile)));
  } catch (error) {
    return finish({ passed: 0, failed: 1, why: error instanceof Error ? error.message : String(error) });
  }
}

/** The exit code has the last word: a run that counts no failure and still ends badly has failed. */
function judge(code: number, counted: { passed: number; failed: number } | undefined) {
  const { passed, failed } = counted ?? { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
  if (code !== 0 && failed === 0) return { passed, failed: 1, why: `exit code ${code}` };
  if (passed + failed === 0) return { passed, failed: 1, why: "it checked nothing" };
  return { passed, failed };
}

function countResults(step: Step, tail: string, reportFile: string): { passed: number; failed: number } | undefined {
  if (step.counts === "vitest") {
    const report = JSON.parse(readFileSync(reportFile, "utf8"));
    const brokenFiles = report.testResults.filter(
      (file: { status: string; assertionResults: unknown[] }) =>
        file.status === "failed" && file.assertionResults.length === 0,
    ).length;
    return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles };
  }
  if (step.counts === "last line") {
    const match = /(\d+) passed, (\d+) failed\s*$/.exec(tail);
    if (!match) throw new Error("it ended without a line `N passed, M failed`");
    return { passed: Number(match[1]), failed: Number(match[2]) };
  }
  return undefined;
}

function run(
  step: Step,
  args: readonly string[],
  firstOnPath: string | undefined,
): Promise<{ code: number; tail: string; timedOut: boolean }> {
  const path = [firstOnPath, process.env["PATH"]].filter((part) => part !== undefined).join(delimiter);
  // A group of its own, so that the time limit ends everything the step started.
  const child = spawn(step.command, args, {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
    env: { ...process.env, PATH: path },
  });
  const endGroup = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // The group has already ended.
    }
  };
  const onSignal = (signal: NodeJS.Signals) => {
    endGroup(signal);
    process.exit(130);
  };
  return new Promise((resolve, reject) => {
    let tail = "";
    let timedOut = false;
    child.stdout.on("data", (chunk: Buffer) => {
      process.stdout.write(chunk);
      tail = (tail + chunk.toString("utf8")).slice(-tailBytes);
    });
    const timer = setTimeout(() => {
      timedOut = true;
      endGroup("SIGKILL");
    }, step.limitSeconds * 1000);
    process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
    const settle = () => {
      clearTimeout(timer);
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    };
    child.on("error", (error) => {
      settle();
      reject(error);
    });
    child.on("close", (code) => {
      settle();
      resolve({ code: code ?? 1, tail, timedOut });
    });
  });
}
