import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Unit: milliseconds between two tries. */
const retryMs = 200;
/** Unit: milliseconds. Packaging takes twenty seconds on two busy cores. */
const patienceMs = 300_000;
/** Unit: milliseconds. A takeover is two small file operations. */
const takeoverMs = 10_000;

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
  if (pid !== undefined && !isAlive(pid)) await removeOf(pid, file);
  return false;
}

/** Removes the lock of a process that died, one at a time: a second one would remove the lock of who took it meanwhile. */
async function removeOf(pid: number, file: string): Promise<void> {
  const guard = `${file}.takeover`;
  try {
    await writeFile(guard, "", { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    // Held for an instant, unless its process died in that instant.
    const made = await stat(guard).catch(() => undefined);
    if (made && Date.now() - made.mtimeMs > takeoverMs) await rm(guard, { force: true });
    return;
  }
  try {
    if ((await holder(file)) === pid) await rm(file, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
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
