import type { Duplex } from "node:stream";
import type { MachineHost, MachineSpec, ScriptResult } from "./machine-host.ts";

/** What a machine does in a simulation. */
export interface MachineScript {
  /** What it prints while it boots. */
  console: string;
  /** Answers a connection to a port; left out, every connection is refused. */
  connect?(port: number): Duplex;
  /** Answers a script that is run on it; left out, every script succeeds in silence. */
  run?(script: string): ScriptResult;
}

/**
 * Machines without processes: a function of the machine's specification says what each does. For tests of services and
 * for simulation.
 */
export class ScriptedHost implements MachineHost {
  readonly #behave: (spec: MachineSpec) => MachineScript | Promise<MachineScript>;
  readonly #machines = new Map<string, { script: MachineScript; up: boolean; console: string }>();
  readonly #listeners = new Set<(id: string, reason: string) => void>();
  /** What was asked of the host, in order, such as `start i-1`. */
  readonly log: string[] = [];

  constructor(behave: (spec: MachineSpec) => MachineScript | Promise<MachineScript> = () => ({ console: "" })) {
    this.#behave = behave;
  }

  async start(spec: MachineSpec): Promise<void> {
    this.log.push(`start ${spec.id}`);
    const script = await this.#behave(spec);
    const before = this.#machines.get(spec.id)?.console ?? "";
    this.#machines.set(spec.id, { script, up: true, console: before + script.console });
  }

  async stop(id: string): Promise<void> {
    this.log.push(`stop ${id}`);
    const machine = this.#machines.get(id);
    if (machine) machine.up = false;
  }

  async reboot(spec: MachineSpec): Promise<void> {
    await this.stop(spec.id);
    await this.start(spec);
  }

  isUp(id: string): boolean {
    return this.#machines.get(id)?.up ?? false;
  }

  async keepFiles(id: string, name: string): Promise<void> {
    this.log.push(`keepFiles ${id} ${name}`);
  }

  async forgetFiles(name: string): Promise<void> {
    this.log.push(`forgetFiles ${name}`);
  }

  async remove(id: string): Promise<void> {
    this.log.push(`remove ${id}`);
    this.#machines.delete(id);
  }

  async connect(id: string, port: number): Promise<Duplex> {
    const machine = this.#machines.get(id);
    if (!machine?.up) throw Object.assign(new Error(`${id} is not up`), { code: "EHOSTUNREACH" });
    if (!machine.script.connect) throw Object.assign(new Error(`${id} refuses port ${port}`), { code: "ECONNREFUSED" });
    return machine.script.connect(port);
  }

  async console(id: string): Promise<string> {
    return this.#machines.get(id)?.console ?? "";
  }

  async run(id: string, script: string): Promise<ScriptResult> {
    const machine = this.#machines.get(id);
    if (!machine?.up) throw Object.assign(new Error(`${id} is not up`), { code: "EHOSTUNREACH" });
    return machine.script.run?.(script) ?? { exitCode: 0, stdout: "", stderr: "" };
  }

  onUnexpectedExit(listener: (id: string, reason: string) => void): void {
    this.#listeners.add(listener);
  }

  /** Lets a machine die, as a kernel panic would. */
  crash(id: string, reason: string): void {
    const machine = this.#machines.get(id);
    if (!machine?.up) return;
    machine.up = false;
    machine.console += `${reason}\n`;
    for (const listener of this.#listeners) listener(id, reason);
  }

  async endLeftovers(): Promise<void> {
    this.log.push("endLeftovers");
  }

  async stopAll(): Promise<void> {
    for (const machine of this.#machines.values()) machine.up = false;
  }
}
