import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import { readVitestReport } from "./vitest-report.ts";

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
  /** A line for each failure that the step named. */
  failures?: string[];
}

/** Unit: bytes. Enough for a last line, however much a step prints. */
const tailBytes = 4096;

/** Failures kept of one step; who prints more has shown them above. */
const keptComplaints = 20;
/** How the checks' programs begin the line that names a failure: TAP, tsc, cfn-lint, Biome. */
const complaint = /^(not ok |\S+\(\d+,\d+\): error |E\d{4} |\S+:\d+:\d+ \w+\/)/;

type Counts = Pick<StepResult, "passed" | "failed" | "failures">;

/** Runs one step, passing its output through. Never throws: whatever goes wrong is a failed result. */
export async function runStep(step: Step, cacheDirectory: string): Promise<StepResult> {
  console.log(`\n== ${step.name}: ${step.command} ${step.args.join(" ")}`);
  const startedMs = performance.now();
  const finish = (counts: Counts & { why?: string }): StepResult => ({
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
    const { code, tail, complaints, timedOut } = await run(step, args, first);
    const named = complaints.length > 0 && { failures: complaints };
    if (timedOut) return finish({ passed: 0, failed: 1, why: `not finished after ${step.limitSeconds} s`, ...named });
    const judged = judge(code, countResults(step, tail, reportFile));
    return finish(judged.failed > 0 ? { ...named, ...judged } : judged);
  } catch (error) {
    return finish({ passed: 0, failed: 1, why: error instanceof Error ? error.message : String(error) });
  }
}

/** The exit code has the last word: a run that counts no failure and still ends badly has failed. */
function judge(code: number, counted: Counts | undefined): Counts & { why?: string } {
  const counts = counted ?? { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
  if (code !== 0 && counts.failed === 0) return { ...counts, failed: 1, why: `exit code ${code}` };
  if (counts.passed + counts.failed === 0) return { ...counts, failed: 1, why: "it checked nothing" };
  return counts;
}

function countResults(step: Step, tail: string, reportFile: string): Counts | undefined {
  if (step.counts === "vitest") {
    const { failures, ...counts } = readVitestReport(reportFile);
    return failures.length > 0 ? { ...counts, failures } : counts;
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
): Promise<{ code: number; tail: string; complaints: string[]; timedOut: boolean }> {
  const path = [firstOnPath, process.env["PATH"]].filter((part) => part !== undefined).join(delimiter);
  // A group of its own, so that the time limit ends everything the step started.
  const child = spawn(step.command, args, {
    stdio: ["ignore", "pipe", "pipe"],
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
    const complaints: string[] = [];
    let timedOut = false;
    child.stdout.on("data", (chunk: Buffer) => {
      process.stdout.write(chunk);
      tail = (tail + chunk.toString("utf8")).slice(-tailBytes);
    });
    child.stderr.on("data", (chunk: Buffer) => process.stderr.write(chunk));
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on("line", (raw) => {
        const line = stripVTControlCharacters(raw);
        if (complaint.test(line) && complaints.length < keptComplaints) complaints.push(line);
      });
    }
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
      resolve({ code: code ?? 1, tail, complaints, timedOut });
    });
  });
}
