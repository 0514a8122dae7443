import { createHash } from "node:crypto";
import { type AssembledCloud, assembleCloud } from "../../local/assembly.ts";
import { VirtualClock } from "../../local/core/clock.ts";
import { type Caller, Kernel } from "../../local/core/kernel.ts";
import { Random } from "../../local/core/random.ts";
import { settingsWith } from "../../local/core/settings.ts";
import type { StoredDocument } from "../../local/core/store.ts";
import { MemoryBlockFiles } from "../../local/ebs/memory-block-files.ts";
import { administrator } from "../../local/iam/administrator.ts";
import { MemoryCodeFiles } from "../../local/lambda/code-files.ts";
import {
  type InProcessContext,
  type InProcessFunction,
  InProcessRunner,
} from "../../local/lambda/in-process-runner.ts";
import type { MachineSpec, ScriptResult } from "../../local/machine/machine-host.ts";
import { ScriptedHost } from "../../local/machine/scripted-host.ts";
import { MemoryObjectFiles } from "../../local/s3/object-files.ts";
import { attachToClient, type SdkClient } from "../../local/server/attach-to-client.ts";
import type { ProbeRequest } from "../../shared/domain/probe.ts";
import type { FrozenReleases } from "../../shared/step.ts";
import { Activity } from "./activity.ts";
import { CallFaults, CrashedError, type Invocation } from "./call-faults.ts";
import { ByHand } from "./edits/by-hand.ts";
import { handlers } from "./handlers.ts";
import type { Program } from "./programs.ts";
import { actorOf } from "./promises/effect.ts";
import { PublicTraffic } from "./public-traffic.ts";
import { scriptedTraffic } from "./scripted-traffic.ts";
import { HandlerVersions } from "./upgrade.ts";
import { Harmed } from "./victims.ts";
import { Visitors } from "./visitors.ts";

/** A cloud at one moment: any number of simulations can begin with it. */
export interface Snapshot {
  nowMs: number;
  documents: StoredDocument[];
  objects: MemoryObjectFiles;
  blocks: MemoryBlockFiles;
  code: MemoryCodeFiles;
}

/** Lines hashed at once; one by one they take ten times as long. */
const linesAtOnce = 512;

/** Keeps the seeds of the cloud, the calls' delays and the secrets apart. */
const seedStride = 0x51ed270b;

/**
 * The embedded cloud on a virtual clock in this process alone: the same service models, the packaged state machines and
 * the production handlers, with nothing of the real world in them. The same seed gives the same run.
 */
export class SimulatedCloud {
  readonly clock: VirtualClock;
  readonly kernel: Kernel;
  readonly faults: CallFaults;
  readonly visitors: Visitors;
  readonly publicTraffic: PublicTraffic;
  readonly administrator: Caller;
  /** Asked for the version that a generation runs, when one of its machines boots. */
  versionOf: (service: string, generation: string) => Promise<string> = async () => "healthy";
  /** What a script does that Systems Manager's agent runs on a machine; left as it is, every script succeeds in silence. */
  scripted: (instanceId: string, script: string) => ScriptResult = () => ({ exitCode: 0, stdout: "", stderr: "" });
  /** Instances whose programs answer nobody at present. */
  readonly mute = new Set<string>();
  readonly harmed = new Harmed(() => this.clock.now());
  readonly handlerVersions = new HandlerVersions();
  readonly byHand = new ByHand(() => this.clock.now());
  /** By how much the clock of a handler's Lambda is fast. Unit: milliseconds. */
  skewMs: (handler: string) => number = () => 0;
  /** Runs after everything that happened; throws what must not be. */
  afterEvent: () => void = () => {};
  readonly #activity = new Activity();
  readonly #programs = new Map<string, Program>();
  readonly #machines: ScriptedHost;
  readonly #cloud: AssembledCloud;
  readonly #files: Pick<Snapshot, "objects" | "blocks" | "code">;
  readonly #secrets: Random;
  /** What warm containers remember, of this cloud alone. */
  readonly #releases: FrozenReleases = new Map();
  /** What Lambda functions do, by their names; a scenario may add one of the user's own. */
  readonly functions: Record<string, InProcessFunction>;
  readonly #beganMs: number | undefined;
  readonly #log = createHash("sha256");
  /** Noted and not hashed yet. */
  #lines: string[] = [];

  constructor(seed: number, from?: Snapshot) {
    this.clock = new VirtualClock(from?.nowMs);
    this.#beganMs = from?.nowMs;
    this.kernel = new Kernel(settingsWith({ seed, ...(from && { documents: from.documents }) }), this.clock);
    this.#secrets = new Random(seed + seedStride);
    this.faults = new CallFaults(this.kernel, seed + 2 * seedStride);
    this.administrator = administrator(this.kernel.settings);
    this.functions = this.#productFunctions();
    this.#machines = new ScriptedHost((spec) => this.#boot(spec));
    this.#files = {
      objects: new MemoryObjectFiles(from?.objects),
      blocks: new MemoryBlockFiles(from?.blocks),
      code: from?.code ?? new MemoryCodeFiles(),
    };
    const now = () => this.clock.now();
    this.publicTraffic = new PublicTraffic(() => this.visitors, new Random(seed + 3 * seedStride), now);
    this.#cloud = assembleCloud(this.kernel, {
      ...this.#files,
      machines: this.#machines,
      runner: new InProcessRunner(this.clock, this.functions),
      traffic: () =>
        scriptedTraffic(
          (id) => this.programOn(id),
          now,
          () => this.publicTraffic.takeCounts(),
        ),
    });
    this.visitors = new Visitors(
      this.#cloud.loadBalancing,
      (id) => this.programOn(id),
      now,
      (groupArn, program) => this.publicTraffic.count(groupArn, program),
    );
    this.kernel.on("call.answered", ({ service, operation, caller, atMs, error }) => {
      this.note(`${atMs} ${caller.name} ${service}:${operation} ${error?.code ?? "ok"}`);
    });
  }

  async start(): Promise<void> {
    await this.kernel.start();
  }

  snapshot(): Snapshot {
    return { nowMs: this.clock.now(), documents: this.kernel.store.documents(), ...this.#files };
  }

  /** Adds a line to what the run's hash is made of. */
  note(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length >= linesAtOnce) this.#hashLines();
  }

  /** Of everything noted until now, hex. */
  hash(): string {
    this.#hashLines();
    return this.#log.copy().digest("hex");
  }

  #hashLines(): void {
    if (this.#lines.length > 0) this.#log.update(`${this.#lines.join("\n")}\n`);
    this.#lines = [];
  }

  /** The program on a machine that is up. */
  programOn(instanceId: string): Program | undefined {
    const answers = this.#machines.isUp(instanceId) && !this.mute.has(instanceId);
    return answers ? this.#programs.get(instanceId) : undefined;
  }

  /** Makes an API call as the account's administrator. */
  call<O>(service: string, operation: string, input: object): Promise<O> {
    return this.kernel.call<O>(service, operation, input, this.administrator);
  }

  /** Runs the cloud until the promise has settled. */
  async complete<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const end = () => {
      settled = true;
    };
    work.then(end, end);
    await this.until(() => settled, Number.POSITIVE_INFINITY);
    return work;
  }

  /**
   * Runs the cloud until `done`, or until so much virtual time has passed.
   * @returns Whether it was done.
   */
  async until(done: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.clock.now() + limitMs;
    // Time passes also when nothing is planned until then.
    const cancel = Number.isFinite(endMs) ? this.clock.at(endMs, () => {}) : () => {};
    for (;;) {
      await this.#activity.quiet();
      this.afterEvent();
      if (done()) break;
      if (!this.clock.step(endMs)) return false;
    }
    cancel();
    return true;
  }

  async #boot(spec: MachineSpec) {
    const told = (name: string) => new RegExp(`^KILN_${name}='([^']*)'$`, "m").exec(spec.userData ?? "")?.[1] ?? "";
    // Of an experiment it is the name that stands for it: the program itself is told its service's.
    const service = told("GENERATION").replace(/-\d+$/, "");
    const version = await this.versionOf(service, told("GENERATION"));
    // What boots in the first moment of a run was up when the snapshot was taken.
    const bootedMs = this.clock.now() === this.#beganMs ? Number.NEGATIVE_INFINITY : this.clock.now();
    this.#programs.set(spec.id, { service, version, bootedMs });
    const run = (script: string) => this.scripted(spec.id, script);
    return { console: `${told("GENERATION")} ${version} starts\n`, run };
  }

  #productFunctions(): Record<string, InProcessFunction> {
    const functions: Record<string, InProcessFunction> = {
      "kiln-dev-probe": (event) => this.visitors.probe(event as ProbeRequest),
    };
    for (const [name, handler] of Object.entries(handlers)) {
      functions[`kiln-dev-${name}`] = (event, context) => this.#invoke(name, handler, event, context);
    }
    return functions;
  }

  async #invoke(name: string, handler: (typeof handlers)[string], event: unknown, context: InProcessContext) {
    const run = this.#activity.begin();
    this.handlerVersions.called(actorOf(event).execution, name, context.functionVersion);
    let crash = () => {};
    const crashed = new Promise<never>((_, reject) => {
      crash = () => reject(new CrashedError("injected: the process ended"));
    });
    const invocation: Invocation = { handler: name, event, run, crashed: false, crash: () => crash() };
    // Lambda ends what outlives its time-out; until then it goes on, whatever became of its execution.
    const cancel = this.clock.at(this.clock.now() + context.getRemainingTimeInMillis(), () => {
      invocation.crashed = true;
      crash();
    });
    const clients = new Map<string, SdkClient>();
    const send = (serviceId: string, command: never): Promise<unknown> => {
      let client = clients.get(serviceId);
      if (!client) {
        client = attachToClient({ send: () => {} }, this.faults.kernelOf(invocation), serviceId, context.caller);
        clients.set(serviceId, client);
      }
      return Promise.resolve(client.send(command));
    };
    const scope = {
      send,
      now: () => this.clock.now() + this.skewMs(name),
      secret: () => this.#secrets.hex(32),
      releases: () => this.#releases,
    };
    try {
      return await Promise.race([Promise.resolve(handler(event, context.variables, scope)), crashed]);
    } finally {
      cancel();
      this.#activity.end(run);
    }
  }
}
