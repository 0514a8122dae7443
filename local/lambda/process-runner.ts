import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { atRealPace, type Clock, PacedClock } from "../core/clock.ts";
import { type CpuControl, findCpuControl } from "./cpu-limit.ts";
import type { FunctionRunner, Invocation, InvocationOutcome } from "./runner.ts";
import { type Pace, Sandbox } from "./sandbox.ts";
import { unzip } from "./zip.ts";

export interface ProcessRunnerOptions {
  /** Unpacked code and scratch directories live under it. */
  directory: string;
  clock: Clock;
  /** One line for whoever watches the cloud. */
  log?: (line: string) => void;
  /** Processes at once; further invocations wait for one. AWS has no such limit, a laptop does. */
  maxProcesses?: number;
  /** An environment without work ends after this much real time. Lambda keeps them for minutes; no published figure. */
  idleSeconds?: number;
}

interface Slot {
  key: string;
  sandbox: Sandbox;
  busy: boolean;
  retired: boolean;
  idleTimer: NodeJS.Timeout | undefined;
}

/** Runs each function version in Node processes of its own, kept warm and multiplied by concurrency as on Lambda. */
export class ProcessRunner implements FunctionRunner {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #maxProcesses: number;
  readonly #idleMs: number;
  readonly #log: (line: string) => void;
  readonly #slots = new Set<Slot>();
  readonly #unpacked = new Map<string, Promise<string>>();
  readonly #waiting: (() => void)[] = [];
  #cleared: Promise<unknown> | undefined;
  #cpu: { control: CpuControl | undefined } | undefined;
  #starting = 0;
  #count = 0;
  #stopped = false;

  constructor(options: ProcessRunnerOptions) {
    this.#directory = options.directory;
    this.#clock = options.clock;
    this.#log = options.log ?? (() => {});
    this.#maxProcesses = options.maxProcesses ?? 24;
    this.#idleMs = (options.idleSeconds ?? 300) * 1000;
  }

  run(invocation: Invocation): Promise<InvocationOutcome> {
    return atRealPace(this.#clock, () => this.#run(invocation));
  }

  async #run(invocation: Invocation): Promise<InvocationOutcome> {
    const slot = await this.#acquire(invocation);
    try {
      return await slot.sandbox.run(invocation, () => this.#pace());
    } finally {
      this.#release(slot);
    }
  }

  retire(prefix: string): void {
    for (const slot of this.#slots) {
      if (!slot.key.startsWith(prefix)) continue;
      slot.retired = true;
      if (!slot.busy) this.#end(slot);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#slots].map((slot) => this.#end(slot)));
  }

  #pace(): Pace {
    return { nowMs: this.#clock.now(), factor: this.#clock instanceof PacedClock ? this.#clock.pace : 1 };
  }

  async #acquire(invocation: Invocation): Promise<Slot> {
    for (;;) {
      if (this.#stopped) throw new Error("the function runner has stopped");
      const idle = this.#idle(invocation);
      if (idle) {
        idle.busy = true;
        clearTimeout(idle.idleTimer);
        return idle;
      }
      if (this.#slots.size + this.#starting < this.#maxProcesses) return this.#open(invocation);
      const spare = [...this.#slots].find((slot) => !slot.busy);
      if (spare) await this.#end(spare);
      else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** An idle environment of this key whose credentials outlive the invocation; others of the key are ended. */
  #idle(invocation: Invocation): Slot | undefined {
    const pace = this.#pace();
    const latestEndMs = pace.nowMs + (invocation.timeoutSeconds + 10) * 1000 * pace.factor;
    for (const slot of this.#slots) {
      if (slot.busy || slot.retired || slot.key !== invocation.environmentKey) continue;
      if (slot.sandbox.usable && latestEndMs < slot.sandbox.environment.expiresAtMs) return slot;
      this.#end(slot);
    }
    return undefined;
  }

  async #open(invocation: Invocation): Promise<Slot> {
    this.#starting += 1;
    try {
      this.#cleared ??= this.#clear();
      await this.#cleared;
      const [codeDirectory, environment] = await Promise.all([this.#unpack(invocation), invocation.openEnvironment()]);
      const directory = join(this.#directory, "environments", String(++this.#count));
      const places = { codeDirectory, directory, cpu: this.#cpuControl() };
      const sandbox = await Sandbox.start(invocation, environment, places, this.#pace());
      const slot: Slot = {
        key: invocation.environmentKey,
        sandbox,
        busy: true,
        retired: false,
        idleTimer: undefined,
      };
      this.#slots.add(slot);
      return slot;
    } finally {
      this.#starting -= 1;
    }
  }

  #cpuControl(): CpuControl | undefined {
    if (!this.#cpu) {
      this.#cpu = { control: findCpuControl() };
      if (!this.#cpu.control) {
        this.#log("functions get all the processor they ask for on this host, whatever their memory");
      }
    }
    return this.#cpu.control;
  }

  #release(slot: Slot): void {
    slot.busy = false;
    if (slot.retired || this.#stopped || !slot.sandbox.usable) this.#end(slot);
    else {
      slot.idleTimer = setTimeout(() => this.#end(slot), this.#idleMs);
      slot.idleTimer.unref();
    }
    this.#waiting.shift()?.();
  }

  async #end(slot: Slot): Promise<void> {
    clearTimeout(slot.idleTimer);
    this.#slots.delete(slot);
    await slot.sandbox.end();
    this.#waiting.shift()?.();
  }

  /** Removes what a cloud that was killed left here; its processes ended when it did. */
  #clear(): Promise<unknown> {
    const places = ["environments", "unpacked"].map((name) => join(this.#directory, name));
    return Promise.all(places.map((place) => rm(place, { recursive: true, force: true })));
  }

  /** Unpacks each package once; every environment of it shares the files. */
  #unpack(invocation: Invocation): Promise<string> {
    const digest = invocation.codeDigest;
    let unpacked = this.#unpacked.get(digest);
    if (!unpacked) {
      unpacked = unpackInto(join(this.#directory, "unpacked", digest), invocation);
      unpacked.catch(() => this.#unpacked.delete(digest));
      this.#unpacked.set(digest, unpacked);
    }
    return unpacked;
  }
}

async function unpackInto(directory: string, invocation: Invocation): Promise<string> {
  const partial = `${directory}.partial`;
  for (const file of unzip(await invocation.readCode())) {
    const target = join(partial, file.path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, file.bytes);
  }
  await rename(partial, directory);
  return directory;
}
