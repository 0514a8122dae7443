import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { kilnDirectory } from "../kiln-directory.ts";

/** The note that a running embedded cloud leaves, by which other commands find it. */
export interface CloudNote {
  endpoint: string;
  pid: number;
  region: string;
}

function noteFile(): string {
  return join(kilnDirectory(), "local", "cloud.json");
}

export async function writeCloudNote(note: CloudNote): Promise<void> {
  const file = noteFile();
  await mkdir(dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}`;
  await writeFile(partial, `${JSON.stringify(note)}\n`);
  await rename(partial, file);
}

/** Takes the note away, unless another cloud has written its own since. */
export async function removeCloudNote(pid: number): Promise<void> {
  if ((await readNote())?.pid === pid) await rm(noteFile(), { force: true });
}

/** The embedded cloud that runs here; undefined when there is none, whatever a killed one left written. */
export async function findCloud(): Promise<CloudNote | undefined> {
  const note = await readNote();
  if (!note || !isRunning(note.pid)) return undefined;
  return (await answers(note.endpoint)) ? note : undefined;
}

async function readNote(): Promise<CloudNote | undefined> {
  try {
    const note = JSON.parse(await readFile(noteFile(), "utf8"));
    const whole = typeof note.endpoint === "string" && typeof note.pid === "number" && typeof note.region === "string";
    return whole ? note : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Another program may have the process id or the port by now, so the cloud itself is asked. */
async function answers(endpoint: string): Promise<boolean> {
  try {
    const answer = await fetch(`${endpoint}/_kiln/health`, { signal: AbortSignal.timeout(5_000) });
    return answer.ok && ((await answer.json()) as { status?: string }).status === "ok";
  } catch {
    return false;
  }
}
