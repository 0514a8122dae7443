import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { endingOf } from "../scripts/child-ending.ts";
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
  const { code, stdout, stderr } = await endingOf(child).finally(release);
  if (code !== 0) throw new Error(`${fileURLToPath(file)} ended with code ${code}: ${stderr.trim().slice(-2000)}`);
  return JSON.parse(stdout) as T;
}
