import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { baseNamed, commandsOf } from "./bases.ts";
import { ConsoleLog, tailOf } from "./console-log.ts";
import { askInit, connectThroughInit } from "./init-client.ts";
import { findDeathSignalCommand, findIsolation, findOwnRoot } from "./isolation.ts";
import { keepRoot, restoreRoot } from "./kept-files.ts";
import type { MachineHost, MachineSpec, ScriptLimits, ScriptResult } from "./machine-host.ts";
import { type Abilities, type MachineFiles, MachineProcess } from "./machine-process.ts";
import { killGroup, killRecordedGroups } from "./process-groups.ts";
import { processIdentity } from "./process-identity.ts";
import { makeRoot, missingCommands } from "./root-tree.ts";

/** Unix socket paths may be 104 bytes on macOS and 108 on Linux; a longer directory's sockets go elsewhere. */
const maxSocketPath = 100;

/** A boot counts as real work for so long. Unpacking gigabytes takes minutes. Unit: milliseconds. */
const bootLimitMs = 300_000;

/** Said of a host whose machines cannot see their own files at their places. */
const sharedRoot = "their programs see its files, and their own below $KILN_ROOT";

interface HostOptions {
  /** Holds one directory for each machine; made when missing. */
  directory: string;
  /** Where the bytes of a volume are. */
  volumeFile: (volumeId: string) => string;
  /** One line for whoever watches the cloud. */
  log: (line: string) => void;
  /** `none` runs machines without namespaces even where the host has them. */
  isolation?: "detect" | "none";
  /** Called when a machine begins to boot; what it returns, when that is over. Left out: nobody cares. */
  realWork?: () => () => void;
}

/** Machines as processes of this host: one init for each, in namespaces of its own where the host allows that. */
export class ProcessHost implements MachineHost {
  readonly #options: HostOptions;
  readonly #machines = new Map<string, MachineProcess>();
  readonly #listeners = new Set<(id: string, reason: string) => void>();
  readonly #reported = new Set<string>();
  #abilities: Promise<Abilities> | undefined;
  #sockets: string | undefined;
  #isStopped = false;

  constructor(options: HostOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true });
  }

  async start(spec: MachineSpec): Promise<void> {
    if (this.isUp(spec.id)) return;
    const over = this.#options.realWork?.();
    if (over === undefined) return this.#start(spec);
    // User data that never ends must not keep the whole cloud slow.
    const impatient = setTimeout(over, bootLimitMs);
    const settled = () => {
      clearTimeout(impatient);
      over();
    };
    try {
      await this.#start(spec);
      void this.#machines.get(spec.id)?.booted.then(settled);
    } catch (error) {
      settled();
      throw error;
    }
  }

  async #start(spec: MachineSpec): Promise<void> {
    this.#abilities ??= this.#findOut();
    const abilities = await this.#abilities;
    const files = this.#filesOf(spec.id);
    const base = baseNamed(spec.base);
    if (!base) {
      mkdirSync(files.directory, { recursive: true });
      new ConsoleLog(files.console).line("firmware", "No bootable device: the root volume holds no operating system.");
      throw new Error(`the root volume of ${spec.id} holds no operating system this cloud knows`);
    }
    const commands = commandsOf(base);
    this.#reportMissing(base.name, commands);
    const disks = spec.disks.map(({ name, volumeId }) => ({ name, file: this.#options.volumeFile(volumeId) }));
    if (spec.files !== undefined) await restoreRoot(this.#keptFiles(spec.files), files.root);
    const { hasOwnRoot } = abilities;
    await makeRoot({ root: files.root, commands, disks, socket: files.socket, hasOwnRoot });
    if (this.#isStopped) throw new Error("the cloud is stopping");
    const machine = new MachineProcess(files, spec, abilities);
    this.#machines.set(spec.id, machine);
    machine.onUnexpectedExit((reason) => {
      for (const listener of this.#listeners) listener(spec.id, reason);
    });
    await machine.boot();
  }

  async stop(id: string): Promise<void> {
    await this.#machines.get(id)?.shutDown();
    this.#machines.delete(id);
  }

  async reboot(spec: MachineSpec): Promise<void> {
    await this.stop(spec.id);
    await this.start(spec);
  }

  isUp(id: string): boolean {
    return this.#machines.get(id)?.isUp ?? false;
  }

  async keepFiles(id: string, name: string): Promise<void> {
    await keepRoot(this.#filesOf(id).root, this.#keptFiles(name));
  }

  async forgetFiles(name: string): Promise<void> {
    await rm(this.#keptFiles(name), { recursive: true, force: true });
  }

  async remove(id: string): Promise<void> {
    await this.stop(id);
    const files = this.#filesOf(id);
    await rm(files.directory, { recursive: true, force: true });
    await rm(files.socket, { force: true });
  }

  async connect(id: string, port: number): Promise<Duplex> {
    return await connectThroughInit(this.#requireUp(id).files.socket, port);
  }

  async console(id: string): Promise<string> {
    return tailOf(this.#filesOf(id).console);
  }

  async run(id: string, script: string, limits?: ScriptLimits): Promise<ScriptResult> {
    const request = { run: script, ...(limits ? { limitSeconds: limits.limitSeconds } : {}) };
    const answer = await askInit(this.#requireUp(id).files.socket, request, limits?.cancelled);
    if ("exitCode" in answer) return answer;
    throw new Error(`unexpected answer of the init of ${id}`);
  }

  onUnexpectedExit(listener: (id: string, reason: string) => void): void {
    this.#listeners.add(listener);
  }

  async endLeftovers(): Promise<void> {
    for (const id of readdirSync(this.#options.directory)) {
      if (this.#machines.has(id)) continue;
      const files = this.#filesOf(id);
      const record = readRecord(files.process);
      if (record && processIdentity(record.pid) === record.identity) killGroup(record.pid);
      killRecordedGroups(files.groups);
    }
  }

  async stopAll(): Promise<void> {
    this.#isStopped = true;
    for (const machine of this.#machines.values()) machine.kill();
    await Promise.all([...this.#machines.values()].map((machine) => machine.ended));
    this.#machines.clear();
    if (this.#sockets !== undefined) rmSync(this.#sockets, { recursive: true, force: true });
    this.#sockets = undefined;
  }

  async #findOut(): Promise<Abilities> {
    const isolation = this.#options.isolation === "none" ? undefined : findIsolation();
    if (isolation) {
      const hasOwnRoot = await findOwnRoot(isolation, this.#options.directory);
      if (!hasOwnRoot)
        this.#options.log(`instances have namespaces, but no root of their own on this host: ${sharedRoot}`);
      return { isolation, hasOwnRoot, deathSignalCommand: undefined };
    }
    this.#options.log(
      "instances run without namespaces on this host: they share its loopback, so each program gets another PORT and HOST=127.0.0.1",
    );
    return { isolation, hasOwnRoot: false, deathSignalCommand: findDeathSignalCommand() };
  }

  #requireUp(id: string): MachineProcess {
    const machine = this.#machines.get(id);
    if (machine?.isUp) return machine;
    throw Object.assign(new Error(`the machine ${id} is not up`), { code: "EHOSTUNREACH" });
  }

  #reportMissing(name: string, commands: readonly string[]): void {
    if (this.#reported.has(name)) return;
    this.#reported.add(name);
    const missing = missingCommands(commands);
    if (missing.length > 0) this.#options.log(`this host lacks commands that ${name} ships: ${missing.join(", ")}`);
  }

  /** Beside the machines, whose directories are named by instances' ids. */
  #keptFiles(name: string): string {
    return join(this.#options.directory, name);
  }

  #filesOf(id: string): MachineFiles {
    const directory = join(this.#options.directory, id);
    return {
      directory,
      root: join(directory, "root"),
      console: join(directory, "console.log"),
      groups: join(directory, "groups.json"),
      process: join(directory, "process.json"),
      config: join(directory, "machine.json"),
      userData: join(directory, "user-data"),
      socket: this.#socketOf(directory, id),
    };
  }

  #socketOf(directory: string, id: string): string {
    const near = join(directory, "init.sock");
    if (Buffer.byteLength(near) <= maxSocketPath) return near;
    this.#sockets ??= mkdtempSync(join(tmpdir(), "kiln-"));
    return join(this.#sockets, `${id}.sock`);
  }
}

function readRecord(file: string): { pid: number; identity: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as { pid: number; identity: string };
  } catch {
    return undefined;
  }
}
