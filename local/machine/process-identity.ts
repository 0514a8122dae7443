import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { platform } from "node:os";

/**
 * Something that tells a process from a later one with the same number: when it started.
 * Undefined when there is no such process.
 */
export function processIdentity(pid: number): string | undefined {
  return platform() === "linux" ? onLinux(pid) : elsewhere(pid);
}

/** Field 22 of /proc/<pid>/stat counts ticks since boot, so the boot belongs to it. Source: proc(5). */
function onLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the command in parentheses and may hold anything, spaces included.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${fields[19]}`;
  } catch {
    return undefined;
  }
}

function elsewhere(pid: number): string | undefined {
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined;
  }
}
