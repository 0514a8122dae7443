import { readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Unit: milliseconds between two tries. */
const retryMs = 200;
/** Unit: milliseconds. Packaging takes twenty seconds on two busy cores. */
const patienceMs = 300_000;

/**
 * Runs `work` while no other process on this machine runs its own under the same file. A lock whose process has died is
 * taken over.
 * @throws {Error} when another process holds it for five minutes.
 */
export async function whileLocked<T>(file: string, work: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + patienceMs;
  while (!(await take(file))) {
    if (performance.now() > giveUpAt)
      throw new Error(`${file} is held by process ${await holder(file)}; end it, or delete the file`);
    await delay(retryMs);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const pid = await holder(file);
  if (pid !== undefined && !isAlive(pid)) await rm(file, { force: true });
  return false;
}

/** The process that holds the lock; undefined while it is being written or was just given back. */
async function holder(file: string): Promise<number | undefined> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text === "" ? undefined : Number(text);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
