import { AwsError } from "../../local/core/aws-error.ts";
import { sleep } from "../../local/core/clock.ts";
import { denial } from "../../local/core/denial.ts";
import type { Caller, Kernel } from "../../local/core/kernel.ts";
import { administrator } from "../../local/iam/administrator.ts";
import type { CallableKernel } from "../../local/server/attach-to-client.ts";
import { collect, stream } from "../../local/wire/body.ts";
import type { Run } from "./activity.ts";
import { CallPlaces } from "./call-places.ts";
import { drawOf, type FaultKind, type FaultPlan, type HandlerCall } from "./faults.ts";
import { actorOf, type Effect, type EffectWatch, ledgerPlace } from "./promises/effect.ts";
import { StaleReads } from "./stale-reads.ts";

/** The process of a Lambda ended; the name is what Lambda calls it. */
export class CrashedError extends Error {
  override readonly name = "Runtime.ExitError";
}

/** How the SDK names an attempt that was given up. */
class TimedOutError extends Error {
  override readonly name = "TimeoutError";
}

/** One invocation of a handler, as far as faults are concerned. */
export interface Invocation {
  handler: string;
  /** What it was invoked with. */
  event: unknown;
  run: Run;
  /** Ends it as a crash does; nothing it still awaits is ever answered. */
  crash(): void;
  crashed: boolean;
}

/** How services ask for patience whose request limits the cloud does not model: S3 in its own way ("Error responses", API reference). */
const unmodelled = {
  s3: ["SlowDown", 503, "Please reduce your request rate."],
  others: ["ThrottlingException", 400, "Rate exceeded"],
} as const;

/** Unit: milliseconds of virtual time that one call takes, each way together. Typical of AWS inside a region. */
const latencyMs = { least: 5, most: 60 };

/** Unit: milliseconds that a slow call takes: less than the 8 s after which the SDK clients would give it up. */
const slowMs = { least: 2_000, most: 7_500 };

/** Unit: milliseconds until the SDK clients have given up all their attempts, with their pauses. */
const hungMs = { least: 24_000, most: 25_000 };

/** Counts and delays the calls of handlers, and lets those go wrong that the plan names. */
export class CallFaults {
  /** What was called since the faults were armed. */
  calls: HandlerCall[] = [];
  /** Faults that happened. */
  struck: { call: HandlerCall; kind: FaultKind }[] = [];
  /** Sees every call that reaches AWS. */
  watch: EffectWatch | undefined;
  /** Executions that wait for a slow call now. */
  readonly slowed = new Set<string>();
  /** Hears of every call when it is answered, or not: for people who read what happened. */
  heard: (call: HandlerCall, came: string) => void = () => {};
  /** Calls that no role may make at present. */
  takenAway: (call: HandlerCall) => boolean = () => false;
  /** Calls that AWS refuses at present, and how: a limit of the account is reached. */
  refused: (call: HandlerCall) => AwsError | undefined = () => undefined;
  readonly stale: StaleReads;
  #plan: FaultPlan = () => undefined;
  readonly #kernel: Kernel;
  readonly #seed: number;
  readonly #places = new CallPlaces();

  /** @param seed How long each call takes is drawn from it and the call's place. */
  constructor(kernel: Kernel, seed: number) {
    this.#kernel = kernel;
    this.#seed = seed;
    this.stale = new StaleReads(kernel);
  }

  /** Begins to count anew, under this plan. */
  arm(plan: FaultPlan): void {
    this.#plan = plan;
    this.calls = [];
    this.struck = [];
  }

  /** The kernel as one invocation's SDK clients see it. */
  kernelOf(invocation: Invocation): CallableKernel {
    const call = <O>(service: string, operation: string, input: unknown, caller: Caller) =>
      this.#call<O>(invocation, service, operation, input, caller);
    return { call, random: this.#kernel.random };
  }

  async #call<O>(
    invocation: Invocation,
    service: string,
    operation: string,
    input: unknown,
    caller: Caller,
  ): Promise<O> {
    const { handler, event } = invocation;
    const { execution } = actorOf(event);
    const place = this.#places.next(execution, `${handler} ${service}:${operation}`);
    const made = { index: this.calls.length, place, execution, handler, service, operation };
    this.calls.push(made);
    const struck = this.#plan(made);
    const fault = struck ?? (this.takenAway(made) ? "denied" : undefined);
    if (struck) this.struck.push({ call: made, kind: struck });
    invocation.run.waiting += 1;
    const random = drawOf(this.#seed, place);
    await sleep(this.#kernel.clock, Math.ceil(random.between(latencyMs.least, latencyMs.most)));
    if (fault === "slow") await this.#slowly(invocation, Math.ceil(random.between(slowMs.least, slowMs.most)));
    if (fault === "hung") await this.#slowly(invocation, Math.ceil(random.between(hungMs.least, hungMs.most)));
    if (fault === "stopped") await this.#stop(invocation);
    if (invocation.crashed) return never();
    invocation.run.waiting -= 1;
    if (fault === "crash") this.heard(made, fault);
    try {
      const refusal = fault ? undefined : this.refused(made);
      if (refusal) throw refusal;
      const output = await (!fault || fault === "slow" || fault === "stopped"
        ? this.#make<O>(invocation, service, operation, input, caller)
        : this.#faulty<O>(fault, invocation, service, operation, input, caller));
      this.heard(made, fault ?? "ok");
      return output;
    } catch (error) {
      this.heard(made, `${fault ? `${fault}: ` : ""}${error instanceof AwsError ? error.code : String(error)}`);
      throw error;
    }
  }

  async #stop({ event }: Invocation): Promise<void> {
    const { execution: executionArn } = actorOf(event);
    if (executionArn === "") return;
    await this.#kernel.call("states", "StopExecution", { executionArn }, administrator(this.#kernel.settings));
  }

  async #slowly({ event }: Invocation, ms: number): Promise<void> {
    const { execution } = actorOf(event);
    this.slowed.add(execution);
    await sleep(this.#kernel.clock, ms);
    this.slowed.delete(execution);
  }

  /** Lets a call reach AWS, under the eyes of whoever watches. */
  async #make<O>(invocation: Invocation, api: string, operation: string, input: unknown, caller: Caller): Promise<O> {
    const old = this.stale.answerTo({ service: api, operation, input, caller });
    if (old) return old.answer as O;
    await this.stale.beforeChange(api, operation);
    if (!this.watch) return this.#kernel.call<O>(api, operation, input, caller);
    const { document, asked } = await readable(operation, input as Record<string, unknown>);
    const effect: Effect = {
      ...actorOf(invocation.event),
      handler: invocation.handler,
      api,
      operation,
      input: asked,
      document,
    };
    this.watch.before?.(effect);
    const output = await this.#kernel.call<O>(api, operation, asked, caller);
    this.watch.after?.(effect);
    return output;
  }

  async #faulty<O>(
    fault: Exclude<FaultKind, "slow" | "stopped">,
    invocation: Invocation,
    service: string,
    operation: string,
    input: unknown,
    caller: Caller,
  ): Promise<O> {
    if (fault === "unavailable") throw new AwsError("ServiceUnavailable", "injected: AWS is not available", 503);
    if (fault === "hung") throw new TimedOutError("injected: no answer, nothing done");
    if (fault === "throttled") {
      const limits = this.#kernel.services().find(({ id }) => id === service)?.limits;
      const [code, status, message] = limits?.refusal ?? unmodelled[service === "s3" ? "s3" : "others"];
      throw new AwsError(code, message, status);
    }
    if (fault === "denied") {
      const requirement = { action: `${service}:${operation}`, resource: "*" };
      throw denial(service, caller, requirement, "because the simulation took the permission away");
    }
    const again = await repeatable(input);
    const first = await this.#make<O>(invocation, service, operation, again(), caller).catch((error: unknown) => {
      if (error instanceof AwsError) return undefined;
      throw error;
    });
    if (fault === "reply-lost") return this.#make<O>(invocation, service, operation, again(), caller);
    if (fault === "timed-out")
      throw new TimedOutError(`injected: no answer, ${first === undefined ? "refused" : "done"}`);
    invocation.crashed = true;
    invocation.crash();
    return never();
  }
}

/** The document that a call writes, where a watch wants to see it, and the input with its body still to be read. */
async function readable(
  operation: string,
  input: Record<string, unknown>,
): Promise<{ document: unknown; asked: Record<string, unknown> }> {
  const { Body: body } = input;
  if (operation !== "PutObject" || !ledgerPlace(input["Key"])) return { document: undefined, asked: input };
  const bytes = await collect(body as AsyncIterable<Uint8Array>);
  return { document: JSON.parse(Buffer.from(bytes).toString("utf8")), asked: { ...input, Body: stream(bytes) } };
}

/** Bodies can be read only once, and a client that sends a request again reads them again. */
async function repeatable(input: unknown): Promise<() => unknown> {
  const bodies = new Map<string, Uint8Array>();
  const members = { ...(input as Record<string, unknown>) };
  for (const [name, value] of Object.entries(members)) {
    if (value !== null && typeof value === "object" && Symbol.asyncIterator in value) {
      bodies.set(name, await collect(value as AsyncIterable<Uint8Array>));
    }
  }
  return () => ({ ...members, ...Object.fromEntries([...bodies].map(([name, bytes]) => [name, stream(bytes)])) });
}

function never<O>(): Promise<O> {
  return new Promise<O>(() => {});
}
