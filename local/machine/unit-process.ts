import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { environmentLines, expandVariables } from "./command-words.ts";
import { LineSplitter } from "./console-log.ts";
import { type MachineContext, pathOfHost, placedCommand } from "./machine-context.ts";
import type { Unit } from "./unit-file.ts";

export type UnitState = "inactive" | "activating" | "active" | "deactivating" | "failed";

/** Signals that count as a clean end. Source: systemd.service(5), SuccessExitStatus=. */
const cleanSignals = new Set(["SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"]);

/** One service of the machine: its process, and what happens when that ends. Words of messages are systemd's. */
export class UnitProcess {
  readonly unit: Unit;
  readonly #machine: MachineContext;
  #state: UnitState = "inactive";
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #restartTimer: NodeJS.Timeout | undefined;
  #starts: number[] = [];
  #restarts = 0;

  constructor(unit: Unit, machine: MachineContext) {
    this.unit = unit;
    this.#machine = machine;
  }

  get state(): UnitState {
    return this.#state;
  }

  get mainPid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the service; nothing happens when it runs already. */
  async start(): Promise<void> {
    if (this.#state === "active" || this.#state === "activating") return;
    this.#starts = [];
    this.#restarts = 0;
    await this.#launch();
  }

  /** Ends the service: its signal first, SIGKILL to all that is left after its time-out. */
  async stop(): Promise<void> {
    clearTimeout(this.#restartTimer);
    const child = this.#child;
    if (!child?.pid || this.#state === "inactive" || this.#state === "failed") {
      if (this.#state !== "failed") this.#state = "inactive";
      return;
    }
    this.#state = "deactivating";
    const group = this.unit.killMode === "control-group" ? -child.pid : child.pid;
    signal(group, this.unit.killSignal);
    const limit = Number.isFinite(this.unit.stopMs)
      ? setTimeout(() => {
          this.#say("State 'stop-sigterm' timed out. Killing.");
          signal(-(child.pid ?? 0), "SIGKILL");
        }, this.unit.stopMs)
      : undefined;
    await this.#ended;
    clearTimeout(limit);
    this.#state = "inactive";
    this.#machine.console.line("systemd[1]", `Stopped ${this.unit.name} - ${this.unit.description}.`);
  }

  async #launch(): Promise<void> {
    if (this.#overStartLimit()) {
      this.#say("Start request repeated too quickly.");
      this.#fail("start-limit-hit");
      return;
    }
    this.#state = "activating";
    try {
      const environment = this.#environment();
      for (const command of this.unit.startPre) await this.#runBefore(command, environment);
      this.#spawn(environment);
    } catch (error) {
      this.#say(`Failed to start: ${error instanceof Error ? error.message : String(error)}`);
      this.#afterEnd("resources", false);
    }
  }

  #spawn(environment: Record<string, string>): void {
    const [file = "", ...args] = this.#command(this.unit.start, environment);
    const child = this.#run(file, args, environment);
    this.#child = child;
    this.#state = "active";
    this.#machine.console.line("systemd[1]", `Started ${this.unit.name} - ${this.unit.description}.`);
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => {
        this.#say(`Failed at step EXEC spawning ${file}: ${error.message}`);
        this.#afterEnd("exit-code", false);
        resolve();
      });
      child.once("exit", (code, by) => {
        // Whatever the main process left behind ends with it, as its control group does.
        if (child.pid !== undefined) {
          signal(-child.pid, "SIGKILL");
          this.#machine.groups.forget(child.pid);
        }
        this.#report(code, by);
        void lastWords(child).then(resolve);
      });
    });
  }

  #run(file: string, args: string[], environment: Record<string, string>): ChildProcess {
    const { deathSignalCommand, seenRoot } = this.#machine;
    const wrapped =
      deathSignalCommand === undefined ? [file, ...args] : [deathSignalCommand, "--pdeathsig", "KILL", file, ...args];
    const directory = this.unit.workingDirectory?.replace(/^-/, "") ?? (seenRoot === "" ? "/" : seenRoot);
    const [first = "", ...rest] = placedCommand(this.#machine, directory, wrapped);
    const child = spawn(first, rest, {
      cwd: pathOfHost(this.#machine, directory),
      env: environment,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (child.pid !== undefined) this.#machine.groups.add(child.pid);
    const source = `${this.unit.identifier ?? this.unit.name.replace(/\.service$/, "")}[${child.pid ?? 0}]`;
    for (const stream of [child.stdout, child.stderr]) {
      const lines = new LineSplitter((line) => {
        if (this.unit.toConsole) this.#machine.console.line(source, line);
      });
      stream?.on("data", (chunk: Buffer) => lines.write(chunk));
      stream?.on("end", () => lines.end());
    }
    return child;
  }

  async #runBefore(command: string[], environment: Record<string, string>): Promise<void> {
    const [file = "", ...args] = this.#command(command, environment);
    const child = this.#run(file, args, environment);
    const code = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (status) => resolve(status ?? 1));
    });
    if (child.pid !== undefined) this.#machine.groups.forget(child.pid);
    if (code !== 0 && !command[0]?.includes("-")) throw new Error(`ExecStartPre= ended with status ${code}`);
  }

  /** A command's words with variables put in; a name without a directory is looked up as systemd does. */
  #command(given: readonly string[], environment: Record<string, string>): string[] {
    const [first = "", ...rest] = given;
    const file = first.replace(/^[@\-:+!|]+/, "");
    if (file === "") throw new Error("the unit has no ExecStart=");
    return [
      isAbsolute(file) ? file : `${this.#machine.seenRoot}/usr/bin/${file}`,
      ...expandVariables(rest, environment),
    ];
  }

  #environment(): Record<string, string> {
    const { seenRoot: root } = this.#machine;
    const environment: Record<string, string> = {
      PATH: `${root}/usr/local/bin:${root}/usr/bin:${root}/bin`,
      LANG: "C.UTF-8",
      // The machine's own /tmp: its file system is a directory, and the host's /tmp is not its state.
      TMPDIR: `${root}/tmp`,
      INVOCATION_ID: randomBytes(16).toString("hex"),
      ...this.#directories("STATE_DIRECTORY", "var/lib", this.unit.stateDirectories),
      ...this.#directories("RUNTIME_DIRECTORY", "run", this.unit.runtimeDirectories),
      ...this.unit.environment,
    };
    for (const path of this.unit.environmentFiles) Object.assign(environment, readEnvironment(this.#machine, path));
    return this.#machine.placed(environment);
  }

  #directories(variable: string, parent: string, names: readonly string[]): Record<string, string> {
    if (names.length === 0) return {};
    const paths = names.map((name) => `${this.#machine.seenRoot}/${parent}/${name}`);
    for (const path of paths) mkdirSync(pathOfHost(this.#machine, path), { recursive: true });
    return { [variable]: paths.join(":") };
  }

  #report(code: number | null, by: NodeJS.Signals | null): void {
    const clean = code === 0 || (by !== null && cleanSignals.has(by));
    const how =
      by === null ? `code=exited, status=${code}/${code === 0 ? "SUCCESS" : "FAILURE"}` : `code=killed, signal=${by}`;
    if (!clean || this.#state !== "deactivating") this.#say(`Main process exited, ${how}`);
    this.#afterEnd(by === null ? "exit-code" : "signal", clean);
  }

  #afterEnd(result: string, clean: boolean): void {
    this.#child = undefined;
    if (this.#state === "deactivating") return;
    const { restart, restartMs } = this.unit;
    const again =
      restart === "always" ||
      (restart === "on-success" && clean) ||
      (restart === "on-failure" && !clean) ||
      ((restart === "on-abnormal" || restart === "on-abort") && !clean && result === "signal");
    if (!again) {
      if (clean) this.#state = "inactive";
      else this.#fail(result);
      return;
    }
    this.#state = "activating";
    this.#restartTimer = setTimeout(() => {
      this.#restarts += 1;
      this.#say(`Scheduled restart job, restart counter is at ${this.#restarts}.`);
      void this.#launch();
    }, restartMs);
  }

  /** More starts within the interval than the burst: then the service has failed. Source: systemd.unit(5). */
  #overStartLimit(): boolean {
    const { startLimitMs, startLimitBurst } = this.unit;
    if (startLimitMs === 0) return false;
    const now = performance.now();
    this.#starts = this.#starts.filter((at) => now - at < startLimitMs);
    if (this.#starts.length >= startLimitBurst) return true;
    this.#starts.push(now);
    return false;
  }

  #fail(result: string): void {
    this.#state = "failed";
    this.#say(`Failed with result '${result}'.`);
  }

  #say(text: string): void {
    this.#machine.console.line("systemd[1]", `${this.unit.name}: ${text}`);
  }
}

/** Unit: milliseconds. What left the process group may hold its output open for ever. */
const lastWordsMs = 1_000;

/** Reads what an ended process had still said; after that nothing of it is written any more. */
async function lastWords(child: ChildProcess): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    timer = setTimeout(resolve, lastWordsMs);
  });
  clearTimeout(timer);
  child.stdout?.destroy();
  child.stderr?.destroy();
}

function readEnvironment(machine: MachineContext, path: string): Record<string, string> {
  try {
    return environmentLines(readFileSync(pathOfHost(machine, path.replace(/^-/, "")), "utf8"));
  } catch (error) {
    if (path.startsWith("-")) return {};
    throw error;
  }
}

/** Signals a process, or with a negative number its group; it may be gone already. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
