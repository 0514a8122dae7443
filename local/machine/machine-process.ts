import { type ChildProcess, spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { ConsoleLog, LineSplitter } from "./console-log.ts";
import { askInit } from "./init-client.ts";
import type { InitConfig } from "./init-config.ts";
import { hostEnvironment, type Isolation } from "./isolation.ts";
import type { MachineSpec } from "./machine-host.ts";
import { killGroup, killRecordedGroups } from "./process-groups.ts";
import { processIdentity } from "./process-identity.ts";

/** Where a machine's files are on the host. */
export interface MachineFiles {
  directory: string;
  root: string;
  console: string;
  groups: string;
  process: string;
  config: string;
  userData: string;
  socket: string;
}

/** What this host can do for a machine. */
export interface Abilities {
  /** Undefined where machines share the host's network. */
  isolation: Isolation | undefined;
  hasOwnRoot: boolean;
  deathSignalCommand: string | undefined;
}

/** How long init may take until it serves its socket; a busy host is slow, but not this slow. */
const bootLimitMs = 60_000;
/**
 * How long a machine may take to shut down before its power is cut. EC2 waits "a few minutes" (EC2 user guide, "Stop and
 * start"); systemd gives each service 90 s unless its unit says otherwise.
 */
const shutDownLimitMs = 180_000;

const initScript = fileURLToPath(new URL("init.ts", import.meta.url));

/** The init process of one machine, from its start to its end. */
export class MachineProcess {
  readonly files: MachineFiles;
  readonly #spec: MachineSpec;
  readonly #abilities: Abilities;
  #child: ChildProcess | undefined;
  #up = false;
  #isEnding = false;
  #report: (reason: string) => void = () => {};
  /** Resolves when the process is gone. */
  ended: Promise<void> = Promise.resolve();
  readonly #booted = Promise.withResolvers<void>();

  constructor(files: MachineFiles, spec: MachineSpec, abilities: Abilities) {
    this.files = files;
    this.#spec = spec;
    this.#abilities = abilities;
  }

  get isUp(): boolean {
    return this.#up;
  }

  /** Resolves when the user data has run to its end, or the process is gone. */
  get booted(): Promise<void> {
    return this.#booted.promise;
  }

  onUnexpectedExit(listener: (reason: string) => void): void {
    this.#report = listener;
  }

  /** Starts init and returns when it serves its socket. @throws when it ends before. */
  async boot(): Promise<void> {
    this.#writeConfig();
    rmSync(this.files.socket, { force: true });
    const { isolation, hasOwnRoot } = this.#abilities;
    const { root, socket } = this.files;
    const ownRoot = hasOwnRoot ? { root, run: dirname(socket) } : undefined;
    const prefix = isolation?.command(this.#spec.privateIp, this.#spec.hostname, ownRoot) ?? [];
    const [file = "", ...args] = [...prefix, process.execPath, initScript, this.files.config];
    const child = spawn(file, args, {
      cwd: this.files.directory,
      env: hostEnvironment,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child = child;
    child.stdin?.on("error", () => {});
    this.#record(child);
    this.#watch(child);
    await this.#ready(child);
  }

  /** Shuts the machine down as its operating system would; cuts its power when that takes too long. */
  async shutDown(): Promise<void> {
    if (!this.#child) return;
    this.#isEnding = true;
    const limit = setTimeout(() => this.kill(), shutDownLimitMs);
    try {
      await askInit(this.files.socket, { shutDown: true });
    } catch {
      this.kill();
    }
    await this.ended;
    clearTimeout(limit);
  }

  /** Cuts the power. */
  kill(): void {
    this.#isEnding = true;
    if (this.#child?.pid !== undefined) killGroup(this.#child.pid);
    killRecordedGroups(this.files.groups);
  }

  #writeConfig(): void {
    const { userData } = this.#spec;
    const { isolation, hasOwnRoot, deathSignalCommand } = this.#abilities;
    if (userData !== undefined) writeFileSync(this.files.userData, userData, { mode: 0o600 });
    const config: InitConfig = {
      id: this.#spec.id,
      root: this.files.root,
      hasOwnRoot,
      socket: this.files.socket,
      consoleFile: this.files.console,
      groupsFile: this.files.groups,
      ...(userData === undefined ? {} : { userDataFile: this.files.userData }),
      ...(isolation ? { address: this.#spec.privateIp } : {}),
      ...(deathSignalCommand === undefined ? {} : { deathSignalCommand }),
    };
    writeFileSync(this.files.config, JSON.stringify(config));
  }

  #record({ pid }: ChildProcess): void {
    if (pid === undefined) return;
    writeFileSync(this.files.process, JSON.stringify({ pid, identity: processIdentity(pid) }));
  }

  #watch(child: ChildProcess): void {
    let complaint = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-4096);
    });
    this.ended = new Promise((resolve) => {
      child.once("error", (error) => {
        complaint += error.message;
        resolve();
      });
      child.once("exit", (code, signal) => {
        const wasUp = this.#up;
        this.#up = false;
        this.#child = undefined;
        if (wasUp && !this.#isEnding) {
          killRecordedGroups(this.files.groups);
          const reason = `Kernel panic: init ended with ${signal ?? code}. ${complaint}`.trim();
          new ConsoleLog(this.files.console).line("kernel", reason);
          this.#report(reason);
        }
        this.#booted.resolve();
        resolve();
      });
    });
  }

  #ready(child: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.kill();
        reject(new Error(`the init of ${this.#spec.id} did not come up within ${bootLimitMs / 1000} s`));
      }, bootLimitMs);
      const lines = new LineSplitter((line) => {
        if (line === "booted") this.#booted.resolve();
        if (line !== "ready") return;
        clearTimeout(limit);
        this.#up = true;
        resolve();
      });
      child.stdout?.on("data", (chunk: Buffer) => lines.write(chunk));
      child.once("error", (error) => {
        clearTimeout(limit);
        reject(error);
      });
      child.once("exit", (code, signal) => {
        clearTimeout(limit);
        reject(new Error(`the init of ${this.#spec.id} ended with ${signal ?? code} before it was up`));
      });
    });
  }
}
