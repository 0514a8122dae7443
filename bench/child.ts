import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { holdToShare } from "./cpu-share.ts";

/** A child that takes longer hangs. Unit: milliseconds. */
const patienceMs = 900_000;

/** What a program may use, as a Lambda function may. */
export interface Allowance {
  heapMebibytes: number;
  /** Of one processor, 0–1. */
  cpuShare: number;
}

/**
 * Runs one of the benchmark's own programs in a process of its own, on this Node, and returns the JSON it prints.
 * @param allowance Left out, it may use what it can.
 * @throws {Error} with what it said on stderr, when it does not end well.
 */
export async function runChild<T>(
  file: URL,
  argument: unknown,
  environment: Record<string, string> = {},
  allowance?: Allowance,
): Promise<T> {
  const limits = allowance ? [`--max-old-space-size=${allowance.heapMebibytes}`] : [];
  const child = spawn(process.execPath, [...limits, fileURLToPath(file), JSON.stringify(argument)], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: patienceMs,
  });
  const release = holdToShare(child, allowance?.cpuShare ?? 1);
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(release);
  if (code !== 0) throw new Error(`${fileURLToPath(file)} ended with code ${code}: ${said.stderr.trim().slice(-2000)}`);
  return JSON.parse(said.stdout) as T;
}
