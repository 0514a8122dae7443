import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LineSplitter } from "./console-log.ts";
import { type MachineContext, placedCommand } from "./machine-context.ts";

/** Environment of scripts run as root: the base's commands, and where this machine's "/" is when it is not theirs. */
export function scriptEnvironment({ seenRoot: root }: MachineContext): Record<string, string> {
  return {
    ...(root === "" ? {} : { KILN_ROOT: root }),
    PATH: `${root}/usr/local/bin:${root}/usr/bin:${root}/bin`,
    HOME: `${root}/root`,
    USER: "root",
    LANG: "C.UTF-8",
    TMPDIR: `${root}/tmp`,
  };
}

/**
 * Runs user data as cloud-init does: at the first boot only, as root, its output on the console. A boot that was cut short
 * because the cloud itself was killed is begun again: on AWS nothing would have happened to the instance.
 */
export class UserData {
  readonly #machine: MachineContext;
  #child: ChildProcess | undefined;
  #semaphore = "";

  constructor(machine: MachineContext) {
    this.#machine = machine;
  }

  /** @param file Holds the user data. Returns when it ended; a failure is told on the console, as cloud-init does. */
  async runOnce(file: string): Promise<void> {
    const { root } = this.#machine;
    const instance = join(root, "var/lib/cloud/instance");
    // A script that failed, or that a reboot ended, is not repeated either (cloud-init, frequency once-per-instance).
    this.#semaphore = join(instance, "sem/config_scripts_user");
    if (existsSync(this.#semaphore)) return;
    mkdirSync(join(instance, "sem"), { recursive: true });
    mkdirSync(join(instance, "scripts"), { recursive: true });
    const text = readFileSync(file, "utf8");
    if (!text.startsWith("#!")) {
      this.#say("Unhandled user data: the embedded cloud runs scripts only, those that start with '#!'");
      this.#markDone();
      return;
    }
    const name = "var/lib/cloud/instance/scripts/part-001";
    writeFileSync(join(root, name), text, { mode: 0o700 });
    const script = `${this.#machine.seenRoot}/${name}`;
    const status = await this.#run(interpreterOf(text), script);
    this.#markDone();
    if (status !== 0) this.#say(`Failed to run module scripts-user: ${script} ended with ${status}`);
  }

  /** Ends the script when it still runs, as a shutdown does. */
  kill(): void {
    if (this.#child?.pid === undefined) return;
    this.#markDone();
    process.kill(-this.#child.pid, "SIGKILL");
  }

  #markDone(): void {
    writeFileSync(this.#semaphore, "");
  }

  async #run(interpreter: string[], script: string): Promise<number | string> {
    const { root, groups } = this.#machine;
    const [file = "", ...args] = placedCommand(this.#machine, "/", [...interpreter, script]);
    const child = spawn(file, args, {
      cwd: root,
      env: scriptEnvironment(this.#machine),
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    if (child.pid !== undefined) groups.add(child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      const lines = new LineSplitter((line) => this.#say(line));
      stream.on("data", (chunk: Buffer) => lines.write(chunk));
      stream.on("end", () => lines.end());
    }
    const status = await new Promise<number | string>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("close", (code, by) => resolve(code ?? by ?? "no status"));
    });
    this.#child = undefined;
    if (child.pid !== undefined) groups.forget(child.pid);
    return status;
  }

  #say(text: string): void {
    this.#machine.console.line("cloud-init[1]", text);
  }
}

/** The words after `#!`: the interpreter, and at most one argument. Source: execve(2). */
function interpreterOf(text: string): string[] {
  const line = text.slice(2, text.indexOf("\n") < 0 ? undefined : text.indexOf("\n")).trim();
  const space = line.search(/\s/);
  return space < 0 ? [line] : [line.slice(0, space), line.slice(space).trim()];
}
