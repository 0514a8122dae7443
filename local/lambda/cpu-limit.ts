import { readFileSync } from "node:fs";
import { platform } from "node:os";
import { findDeathSignalCommand } from "../machine/isolation.ts";
import { CpuBudget, cpuShareOf } from "./cpu-budget.ts";

/** How often a running invocation is looked at. The kernel's own bandwidth control has periods of this order. */
const periodMs = 20;

/** `/proc` counts processor time in hundredths of a second on every Linux platform. Source: proc(5), sysconf(_SC_CLK_TCK). */
const tickMs = 10;

/** The words before the command of a program whose processor time can be limited. */
export interface CpuControl {
  command: readonly string[];
}

/**
 * How programs are limited on this host: they are stopped and continued from outside. A stopped program cannot notice that
 * the cloud is gone, so it must die with it, which `setpriv` arranges. Undefined where that or `/proc` is missing.
 */
export function findCpuControl(): CpuControl | undefined {
  if (platform() !== "linux" || processorTimeMs(process.pid) === undefined) return undefined;
  const command = findDeathSignalCommand();
  return command === undefined ? undefined : { command: [command, "--pdeathsig", "KILL"] };
}

/**
 * Holds a process to the processor time that a function of this size has, until the returned function is called.
 * A function of one vCPU or more is left alone: it runs one handler, and that handler one thread of JavaScript.
 */
export function limitCpu(pid: number, memoryMiB: number): () => void {
  const share = cpuShareOf(memoryMiB);
  if (share >= 1) return () => {};
  const budget = new CpuBudget(share, periodMs);
  let last = { atMs: performance.now(), usedMs: processorTimeMs(pid) ?? 0 };
  let isStopped = false;
  const set = (stop: boolean) => {
    if (stop !== isStopped && signal(pid, stop ? "SIGSTOP" : "SIGCONT")) isStopped = stop;
  };
  const look = () => {
    const now = { atMs: performance.now(), usedMs: processorTimeMs(pid) ?? last.usedMs };
    set(!budget.mayRun(now.atMs - last.atMs, now.usedMs - last.usedMs));
    last = now;
  };
  const timer = setInterval(look, periodMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    set(false);
  };
}

/** Processor time of all threads of a process, in user and kernel mode; undefined when it is gone. Source: proc(5). */
function processorTimeMs(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  } catch {
    return undefined;
  }
}

function signal(pid: number, name: "SIGSTOP" | "SIGCONT"): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    // It has just ended.
    return false;
  }
}
