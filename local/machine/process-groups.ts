import { readFileSync, writeFileSync } from "node:fs";
import { processIdentity } from "./process-identity.ts";

type Recorded = Record<string, string>;

/** The process groups a machine's programs run in, in a file, so that they can be ended when init is gone. */
export class ProcessGroups {
  readonly #file: string;
  readonly #groups = new Map<number, string>();

  constructor(file: string) {
    this.#file = file;
    this.#write();
  }

  add(pid: number): void {
    this.#groups.set(pid, processIdentity(pid) ?? "");
    this.#write();
  }

  forget(pid: number): void {
    if (this.#groups.delete(pid)) this.#write();
  }

  killAll(): void {
    for (const pid of this.#groups.keys()) killGroup(pid);
  }

  #write(): void {
    writeFileSync(this.#file, JSON.stringify(Object.fromEntries(this.#groups)));
  }
}

/** Ends the groups in the file that are still the same processes. */
export function killRecordedGroups(file: string): void {
  let groups: Recorded;
  try {
    groups = JSON.parse(readFileSync(file, "utf8")) as Recorded;
  } catch {
    return;
  }
  for (const [pid, identity] of Object.entries(groups)) {
    if (processIdentity(Number(pid)) === identity) killGroup(Number(pid));
  }
}

/** Sends SIGKILL to a process and its group; both may be gone. */
export function killGroup(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
