import type { VersionDocument } from "../../local/s3/documents.ts";
import type { MemoryObjectFiles } from "../../local/s3/object-files.ts";
import { collect } from "../../local/wire/body.ts";
import type { HandlerCall } from "../simulate/faults.ts";
import type { Effect } from "../simulate/promises/effect.ts";
import type { SimulatedStage } from "../simulate/simulated-stage.ts";
import { readable } from "./call-text.ts";
import { changesIn } from "./changes.ts";
import { StableText } from "./stable-text.ts";

const reads = /^(Get|Describe|List|Head)/;

/** One invocation of a handler that has not answered yet. */
interface OpenInvocation {
  handler: string;
  execution: string;
  reads: Map<string, number>;
  /** Changing calls, some of them still to be told with the document that they wrote. */
  changes: (() => Promise<string>)[];
}

/**
 * Everything that handlers do in a run, as lines of text: each invocation with its answer, the calls that change something with
 * their inputs, and the others by their number. Then how each execution went.
 */
export class RunRecord {
  readonly lines: string[] = [];
  readonly #stage: SimulatedStage;
  readonly #text: StableText;
  readonly #files: MemoryObjectFiles;
  readonly #open: OpenInvocation[] = [];
  readonly #told: (line: string, index: number) => void;
  readonly #beganMs: number;
  #isOver = false;
  /** The last document of each kind: the next one is told by what is other in it. */
  readonly #documents = new Map<string, unknown>();

  /** @param told Hears of each line when it is added. */
  constructor(stage: SimulatedStage, told: (line: string, index: number) => void = () => {}) {
    this.#stage = stage;
    this.#told = told;
    this.#beganMs = stage.cloud.clock.now();
    this.#text = new StableText(this.#beganMs);
    this.#files = stage.cloud.snapshot().objects;
  }

  /** Follows a stage from now on, beside whoever watches its calls already. */
  static async follow(stage: SimulatedStage, told?: (line: string, index: number) => void): Promise<RunRecord> {
    const record = new RunRecord(stage, told);
    await record.#readLedger();
    const { faults, functions } = stage.cloud;
    const { watch } = faults;
    faults.watch = {
      problems: [],
      before: (effect) => watch?.before?.(effect),
      after: (effect) => {
        watch?.after?.(effect);
        record.#changed(effect);
      },
    };
    faults.heard = (call, came) => record.#heard(call, came);
    for (const [name, answer] of Object.entries(functions)) {
      const handler = name.replace(/^kiln-[a-z]+-/, "");
      functions[name] = (event, context) => record.#invoked(handler, event, () => answer(event, context));
    }
    return record;
  }

  /** Adds how each execution of the run went, in the order in which they began; nothing is added after that. */
  end(): void {
    for (const { arn, status, error, cause, startMs } of this.#stage.executions("")) {
      if (startMs < this.#beganMs) continue;
      const result = error === undefined ? status : `${status} ${error}: ${cause ?? ""}`;
      this.#add(`${arn} ${result}`, this.#stage.path(arn).join(" "));
    }
    this.#isOver = true;
  }

  async #invoked(handler: string, event: unknown, run: () => unknown): Promise<unknown> {
    const { execution } = (event ?? {}) as { execution?: string };
    const invocation: OpenInvocation = { handler, execution: execution ?? "", reads: new Map(), changes: [] };
    this.#open.push(invocation);
    try {
      const output = await run();
      await this.#close(invocation, JSON.stringify(output) ?? "nothing");
      return output;
    } catch (error) {
      const { name, message } = error as Error;
      await this.#close(invocation, `${name}: ${message}`);
      throw error;
    }
  }

  async #close(invocation: OpenInvocation, answer: string): Promise<void> {
    this.#open.splice(this.#open.indexOf(invocation), 1);
    const { handler, execution, reads: read, changes } = invocation;
    const lines: string[] = [];
    for (const change of changes) lines.push(await change());
    const counts = [...read].sort().map(([service, times]) => `${service} ${times}`);
    if (counts.length > 0) lines.push(`read ${counts.join(", ")}`);
    this.#add(`${execution} ${handler} ${answer}`.trimStart(), ...lines);
  }

  #add(head: string, ...lines: readonly string[]): void {
    if (this.#isOver) return;
    for (const line of [head, ...lines.map((one) => `  ${one}`)]) {
      const stable = this.#text.of(line);
      this.lines.push(stable);
      this.#told(stable, this.lines.length - 1);
    }
  }

  #heard({ handler, execution, service, operation }: HandlerCall, came: string): void {
    const invocation = this.#of(handler, execution);
    if (!invocation) return;
    const call = `${service}:${operation}`;
    if (reads.test(operation) && came === "ok") invocation.reads.set(service, (invocation.reads.get(service) ?? 0) + 1);
    else if (came !== "ok") invocation.changes.push(async () => `${call} ${came}`);
  }

  #changed(effect: Effect): void {
    const { handler, execution, api, operation, input } = effect;
    if (reads.test(operation)) return;
    const call = `${api}:${operation}`;
    const line = `${call} ${JSON.stringify(readable(input))}`;
    const written = operation === "PutObject" ? this.#written(input, effect.document) : undefined;
    this.#of(handler, execution)?.changes.push(async () => (written ? `${call} ${await written()}` : line));
  }

  #of(handler: string, execution: string): OpenInvocation | undefined {
    return this.#open.find((one) => one.handler === handler && one.execution === execution);
  }

  /** What an object is now that was just written. */
  #written({ Bucket, Key, Tagging }: Effect["input"], document: unknown): () => Promise<string> {
    const key = String(Key);
    const version = this.#stage.cloud.kernel.store.collection<VersionDocument>(`s3.current.${String(Bucket)}`).get(key);
    const tagged = Tagging === undefined ? "" : ` tagged ${String(Tagging)}`;
    return async () => {
      const now = document ?? (version && (await this.#read(version)));
      const kind = kindOf(key);
      const changes = changesIn(this.#documents.get(kind), now);
      this.#documents.set(kind, now);
      return `${key}${tagged} ${JSON.stringify(readable(changes))}`;
    };
  }

  async #read({ pieces, key }: VersionDocument): Promise<unknown> {
    const parts: Uint8Array[] = [];
    for (const { file, bytes } of pieces) parts.push(await collect(this.#files.read(file, 0, bytes)));
    const text = Buffer.concat(parts).toString("utf8");
    return key.endsWith(".json") ? JSON.parse(text) : `${text.length} characters`;
  }

  /** The documents that there are when the run begins. */
  async #readLedger(): Promise<void> {
    const bucket = this.#stage.outputs["LedgerBucket"] ?? "";
    const versions = this.#stage.cloud.kernel.store.collection<VersionDocument>(`s3.current.${bucket}`).list();
    for (const version of versions.sort((a, b) => a.sequence - b.sequence)) {
      if (!version.deleteMarker && version.key.endsWith(".json")) {
        this.#documents.set(kindOf(version.key), await this.#read(version));
      }
    }
  }
}

/** Documents of one kind differ in what they are numbered by; those of a history are each of their own. */
function kindOf(key: string): string {
  return key.includes("/history/") ? key : key.replace(/[0-9]{6}/g, "N").replace(/[^/]{20,}/g, "N");
}
