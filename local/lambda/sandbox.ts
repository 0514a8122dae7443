import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type CpuControl, limitCpu } from "./cpu-limit.ts";
import type { ExecutionEnvironment, Invocation, InvocationOutcome } from "./runner.ts";
import { crashedPayload, timedOutPayload } from "./runner.ts";

/** The pace the program's clock keeps: modelled milliseconds now, and how many of them pass per real one. */
export interface Pace {
  nowMs: number;
  factor: number;
}

interface DoneMessage {
  type: "done";
  failed: boolean;
  payload: string;
  maxRssKiB: number;
  fatal: boolean;
}

type Message = { type: "ready" } | { type: "log"; text: string } | DoneMessage;

const bootstrap = fileURLToPath(new URL("./bootstrap.mjs", import.meta.url));

/** Loading may take this long before the invocation's own time-out begins. Source: "Lambda execution environment lifecycle", init phase. */
const initLimitMs = 10_000;

/** A process needs some memory of its own beside the heap that the function's size allows. */
const heapShare = 0.9;

/** One execution environment: one child process that holds one loaded version and runs one invocation at a time. */
export class Sandbox {
  readonly environment: ExecutionEnvironment;
  readonly #child: ChildProcess;
  readonly #isLimited: boolean;
  readonly #exited: Promise<string>;
  readonly #ready: Promise<void>;
  readonly #startedMs = performance.now();
  #initMs: number | undefined;
  #print: (message: string) => void = () => {};
  #done: (message: DoneMessage) => void = () => {};
  #usable = true;

  private constructor(
    child: ChildProcess,
    { directory, isLimited }: { directory: string; isLimited: boolean },
    environment: ExecutionEnvironment,
  ) {
    this.#child = child;
    this.#isLimited = isLimited;
    this.environment = environment;
    this.#exited = new Promise((resolve) => {
      child.once("error", (error) => resolve(`exit status 1 (${error.message})`));
      child.once("exit", (code, signal) =>
        resolve(signal === null ? `exit status ${code}` : `signal: ${signalWord(signal)}`),
      );
    });
    this.#exited.then(() => {
      this.#usable = false;
      return rm(directory, { recursive: true, force: true });
    });
    this.#ready = new Promise((resolve) => {
      child.on("message", (message: Message) => {
        if (message.type === "ready") resolve();
        else if (message.type === "log") this.#print(message.text);
        else this.#done(message);
      });
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        for (const line of chunk.toString().split("\n")) if (line !== "") this.#print(line);
      });
    }
  }

  /**
   * @param codeDirectory The unpacked package.
   * @param directory The environment's own scratch directory, made here and removed with the process.
   * @param cpu How its processor time is limited; undefined when it cannot be.
   */
  static async start(
    invocation: Invocation,
    environment: ExecutionEnvironment,
    { cpu, ...places }: { codeDirectory: string; directory: string; cpu: CpuControl | undefined },
    pace: Pace,
  ): Promise<Sandbox> {
    await mkdir(places.directory, { recursive: true });
    const heapMiB = Math.max(64, Math.floor(invocation.memoryMiB * heapShare));
    const node = [process.execPath, `--max-old-space-size=${heapMiB}`, bootstrap, JSON.stringify(pace)];
    const [file = "", ...args] = [...(cpu?.command ?? []), ...node];
    const child = spawn(file, args, {
      cwd: places.codeDirectory,
      env: variablesOf(environment, places),
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      // A terminal's Ctrl-C is for the cloud, which ends its functions itself.
      detached: true,
    });
    return new Sandbox(child, { directory: places.directory, isLimited: cpu !== undefined }, environment);
  }

  /** Whether it can take a further invocation. */
  get usable(): boolean {
    return this.#usable;
  }

  /** Runs one invocation; a time-out or a crash ends the process. */
  async run(invocation: Invocation, pace: () => Pace): Promise<InvocationOutcome> {
    const coldStart = this.#initMs === undefined;
    invocation.started(this.environment, coldStart);
    this.#print = (message) => invocation.printed(message);
    if (coldStart) await this.#initialise();
    const beganMs = performance.now();
    const letGo = this.#limit(invocation.memoryMiB);
    const end = await this.#answer(invocation, pace()).finally(letGo);
    this.#print = () => {};
    return {
      ...end,
      durationMs: performance.now() - beganMs,
      ...(coldStart && this.#initMs !== undefined && { initMs: this.#initMs }),
    };
  }

  /** Ends the process and waits until it is gone. */
  async end(): Promise<void> {
    this.#usable = false;
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  /** Loading has all the processor it can get. Seen by many who measured cold starts; no published figure. */
  #limit(memoryMiB: number): () => void {
    const { pid } = this.#child;
    return this.#isLimited && pid !== undefined ? limitCpu(pid, memoryMiB) : () => {};
  }

  async #initialise(): Promise<void> {
    await withLimit(Promise.race([this.#ready, this.#exited]), initLimitMs);
    this.#initMs = performance.now() - this.#startedMs;
  }

  async #answer(invocation: Invocation, pace: Pace): Promise<Omit<InvocationOutcome, "durationMs">> {
    const done = new Promise<DoneMessage>((resolve) => {
      this.#done = resolve;
    });
    const timeoutMs = invocation.timeoutSeconds * 1000;
    if (this.#child.connected) {
      this.#child.send({
        type: "invoke",
        requestId: invocation.requestId,
        traceId: invocation.traceId,
        payload: invocation.payload,
        clientContext: invocation.clientContext,
        arn: invocation.invokedFunctionArn,
        timeoutMs,
        clock: pace,
      });
    }
    // The limit is in real seconds: the cloud's time factor does not make a handler compute faster.
    const end = await withLimit(Promise.race([done, this.#exited]), timeoutMs);
    if (end === undefined) {
      await this.end();
      return {
        kind: "timed-out",
        payload: timedOutPayload(invocation.requestId, invocation.timeoutSeconds),
        maxMemoryMiB: 0,
      };
    }
    if (typeof end === "string") {
      return { kind: "crashed", payload: crashedPayload(invocation.requestId, end), maxMemoryMiB: 0 };
    }
    if (end.fatal) await this.end();
    return {
      kind: end.failed ? "failed" : "answered",
      payload: end.payload,
      maxMemoryMiB: Math.round(end.maxRssKiB / 1024),
    };
  }
}

/** Nothing of the host's environment gets in; home and settings files point where nothing is. */
function variablesOf(
  environment: ExecutionEnvironment,
  places: { codeDirectory: string; directory: string },
): NodeJS.ProcessEnv {
  return {
    ...environment.variables,
    LAMBDA_TASK_ROOT: places.codeDirectory,
    PATH: "/usr/local/bin:/usr/bin:/bin",
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    HOME: places.directory,
    TMPDIR: places.directory,
    AWS_CONFIG_FILE: `${places.directory}/no-config`,
    AWS_SHARED_CREDENTIALS_FILE: `${places.directory}/no-credentials`,
  };
}

/** Lambda writes `signal: killed`, not `SIGKILL`. */
function signalWord(signal: NodeJS.Signals): string {
  const words: Partial<Record<NodeJS.Signals, string>> = {
    SIGKILL: "killed",
    SIGABRT: "aborted",
    SIGSEGV: "segmentation fault",
    SIGTERM: "terminated",
  };
  return words[signal] ?? signal;
}

/** What `work` gives, or undefined when it takes longer than `limitMs` of real time. */
async function withLimit<T>(work: Promise<T>, limitMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
