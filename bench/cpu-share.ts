import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";

/** Unit: milliseconds between two looks at what the process has used; the clock of /proc ticks every 10. */
const lookEveryMs = 10;

/** Linux counts processor time in hundredths of a second (`getconf CLK_TCK`). */
const ticksASecond = 100;

/**
 * Holds a process to a share of one processor, as Lambda holds a function to what its memory buys: it is stopped while
 * it has used more than its share of the time since its start.
 * @param share 0–1; 1 does nothing.
 * @returns Ends the holding.
 */
export function holdToShare(child: ChildProcess, share: number): () => void {
  if (share >= 1 || child.pid === undefined) return () => {};
  const { pid } = child;
  const beganMs = performance.now();
  let stopped = false;
  const timer = setInterval(() => {
    const usedMs = processorMs(pid);
    if (usedMs === undefined) return;
    const over = usedMs > share * (performance.now() - beganMs);
    if (over === stopped) return;
    child.kill(over ? "SIGSTOP" : "SIGCONT");
    stopped = over;
  }, lookEveryMs);
  return () => clearInterval(timer);
}

/** User and system time of a process; undefined once it is gone. Source: proc_pid_stat(5), fields 14 and 15. */
function processorMs(pid: number): number | undefined {
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return ((Number(afterName[11]) + Number(afterName[12])) * 1000) / ticksASecond;
  } catch {
    return undefined;
  }
}
