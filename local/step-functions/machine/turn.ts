import type { Kernel } from "../../core/kernel.ts";
import type { Definition } from "../language/definition.ts";
import { byteLength, type Json } from "../language/json.ts";
import { StateFailure } from "../language/state-error.ts";
import type {
  CursorDocument,
  EventDocument,
  ExecutionDocument,
  ExecutionStatus,
  ExecutionStore,
  FrameDocument,
} from "./documents.ts";

/** Events of one execution; the last of them is its failure. Source: Step Functions guide, "Service quotas". */
export const historyEventsMax = 25_000;
/** Largest input, output or result of a state. Unit: bytes of UTF-8. Source: the same page. */
export const payloadBytesMax = 262_144;

/** Thrown when an event no longer fits; what was recorded before it stays. */
export class HistoryFullError extends Error {
  override readonly name = "HistoryFullError";
}

interface PlannedJob {
  kind: string;
  atMs: number;
  payload: unknown;
  key: string;
}

/**
 * One decision about one execution: it reads frames, records events and plans jobs in memory, and `commit` writes all of
 * it at once, so that no crash can leave half a decision behind.
 */
export class Turn {
  readonly kernel: Kernel;
  readonly definition: Definition;
  execution: ExecutionDocument;
  readonly nowMs: number;
  readonly #store: ExecutionStore;
  readonly #cursor: CursorDocument;
  readonly #frames = new Map<string, FrameDocument>();
  readonly #bases = new Map<string, number>();
  readonly #removed = new Set<string>();
  readonly #events: EventDocument[] = [];
  readonly #planned = new Map<string, PlannedJob | undefined>();
  readonly #afterwards: (() => void)[] = [];
  readonly #framesBefore: readonly string[];
  #input: { value: Json } | undefined;

  constructor(kernel: Kernel, store: ExecutionStore, execution: Readonly<ExecutionDocument>, definition: Definition) {
    this.kernel = kernel;
    this.definition = definition;
    this.execution = { ...execution };
    this.nowMs = kernel.clock.now();
    this.#store = store;
    const cursor = store.cursors.get(execution.arn) ?? { lastEventId: 0, counter: 0, frameIds: [] };
    this.#cursor = { ...cursor, frameIds: [...cursor.frameIds] };
    this.#framesBefore = cursor.frameIds;
  }

  /** The execution's input as data. */
  get executionInput(): Json {
    this.#input ??= { value: JSON.parse(this.execution.input) as Json };
    return this.#input.value;
  }

  get events(): readonly EventDocument[] {
    return this.#events;
  }

  /** A frame to read and change; undefined when it has ended. */
  frame(id: string): FrameDocument | undefined {
    if (this.#removed.has(id)) return undefined;
    let frame = this.#frames.get(id);
    if (!frame) {
      const stored = this.#store.frame(this.execution.arn, id);
      if (!stored) return undefined;
      frame = copyOf(stored);
      this.#frames.set(id, frame);
      this.#bases.set(id, frame.previousEventId);
    }
    return frame;
  }

  /** Starts a line of control at a container's first state, after `previousEventId`. */
  addFrame(
    frame: Omit<FrameDocument, "id" | "phase" | "entered" | "retries" | "retryCount" | "variables">,
  ): FrameDocument {
    const id = String(this.nextNumber());
    const added: FrameDocument = {
      ...frame,
      id,
      phase: "enter",
      entered: { eventId: 0, atMs: 0 },
      retries: [],
      retryCount: 0,
      variables: {},
    };
    this.#frames.set(id, added);
    this.#bases.set(id, added.previousEventId);
    this.#cursor.frameIds.push(id);
    return added;
  }

  removeFrame(id: string): void {
    this.#removed.add(id);
    this.#cursor.frameIds = this.#cursor.frameIds.filter((other) => other !== id);
    this.#unplanFrame(id);
  }

  #unplanFrame(id: string): void {
    for (const kind of ["step", "invoke", "timeout", "heartbeat"]) this.unplan(kind, id);
  }

  /** A number used once in this execution. */
  nextNumber(): number {
    this.#cursor.counter += 1;
    return this.#cursor.counter;
  }

  /** The event this frame's line stood at when the turn began; a failed evaluation is recorded as following that one. */
  base(frame: FrameDocument): number {
    return this.#bases.get(frame.id) ?? frame.previousEventId;
  }

  /** From here on the turn counts as begun: an answer from outside was recorded and a new decision starts. */
  rebase(frame: FrameDocument): void {
    this.#bases.set(frame.id, frame.previousEventId);
  }

  /**
   * Records an event after `previousEventId` and returns its number.
   * @throws {HistoryFullError} When only the execution's own failure still fits.
   */
  record(type: string, previousEventId: number, details?: Record<string, unknown>, detailsName?: string): number {
    const id = this.#cursor.lastEventId + 1;
    if (id >= historyEventsMax && !type.startsWith("Execution")) throw new HistoryFullError();
    this.#cursor.lastEventId = id;
    const event: EventDocument = { id, previousEventId, type, atMs: this.nowMs };
    if (details !== undefined) {
      event.details = details;
      event.detailsName = detailsName ?? `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
    }
    this.#events.push(event);
    return id;
  }

  /** Records an event of a frame's line and moves the line on to it. */
  follow(frame: FrameDocument, type: string, details?: Record<string, unknown>, detailsName?: string): number {
    frame.previousEventId = this.record(type, frame.previousEventId, details, detailsName);
    return frame.previousEventId;
  }

  /** Plans a job of this execution's frame; one of the same kind planned before is replaced. */
  plan(kind: string, frameId: string, atMs: number, payload: Record<string, unknown> = {}): void {
    const key = jobKey(this.execution.arn, kind, frameId);
    const full = { executionArn: this.execution.arn, frameId, ...payload };
    this.#planned.set(key, { kind: `states.${kind}`, atMs, payload: full, key });
  }

  /** Forgets the job of this kind planned for a frame. */
  unplan(kind: string, frameId: string): void {
    this.#planned.set(jobKey(this.execution.arn, kind, frameId), undefined);
  }

  /** Runs once the turn is written: calls to other services, messages to other executions. */
  afterwards(run: () => void): void {
    this.#afterwards.push(run);
  }

  /**
   * Ends the execution and everything that still runs in it. After anything but success the frames stay in the store as
   * they were before this decision: there a redrive begins.
   */
  finish(
    status: Exclude<ExecutionStatus, "RUNNING">,
    result: { output?: string; error?: string; cause?: string },
  ): void {
    Object.assign(this.execution, { status, stopMs: this.nowMs }, withoutUndefined(result));
    for (const id of [...this.#cursor.frameIds]) this.removeFrame(id);
    this.unplan("deadline", "");
    if (status === "SUCCEEDED") return;
    for (const id of this.#framesBefore) this.#unplanFrame(id);
    this.#cursor.frameIds = [...this.#framesBefore];
    this.#frames.clear();
    this.#removed.clear();
  }

  /** Makes an ended execution run again, as a decision of its own. */
  redrive(redrives: NonNullable<ExecutionDocument["redrives"]>): void {
    const { stopMs: _stop, output: _output, error: _error, cause: _cause, ...rest } = this.execution;
    this.execution = {
      ...rest,
      status: "RUNNING",
      redriveCount: (rest.redriveCount ?? 0) + 1,
      redrivenMs: this.nowMs,
      redrives,
    };
  }

  get lastEventId(): number {
    return this.#cursor.lastEventId;
  }

  frameIds(): readonly string[] {
    return this.#cursor.frameIds;
  }

  /** Writes the whole decision. */
  commit(): void {
    const { arn } = this.execution;
    for (const event of this.#events) this.#store.putEvent(arn, event);
    for (const [id, frame] of this.#frames) if (!this.#removed.has(id)) this.#store.putFrame(arn, frame);
    for (const id of this.#removed) this.#store.deleteFrame(arn, id);
    this.#store.cursors.put(arn, this.#cursor);
    this.#store.executions.put(arn, this.execution);
    for (const [key, job] of this.#planned) {
      if (job) this.kernel.jobs.schedule(job.kind, job.atMs, job.payload, job.key);
      else this.kernel.jobs.cancel(key);
    }
    for (const run of this.#afterwards) run();
  }
}

export function jobKey(executionArn: string, kind: string, frameId: string): string {
  return `states.${kind}#${executionArn}#${frameId}`;
}

/**
 * A value as history and API carry it.
 * @param holder The state's name, or the kind of task, as AWS names it in the complaint.
 * @throws {StateFailure} States.DataLimitExceeded
 */
export function payloadText(value: Json, holder: string): string {
  const text = JSON.stringify(value);
  if (byteLength(text) > payloadBytesMax) {
    throw new StateFailure(
      "States.DataLimitExceeded",
      `The state/task '${holder}' returned a result with a size exceeding the maximum number of bytes service limit.`,
    );
  }
  return text;
}

export function withoutUndefined<T extends Record<string, unknown>>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<T>;
}

/** A frame that can be changed without changing the stored one. JSON values are never changed in place and are shared. */
function copyOf(frame: Readonly<FrameDocument>): FrameDocument {
  const { task, children } = frame;
  return {
    ...frame,
    variables: { ...frame.variables },
    entered: { ...frame.entered },
    retries: [...frame.retries],
    ...(task && { task: { ...task } }),
    ...(children && { children: { ...children, running: [...children.running], results: [...children.results] } }),
  };
}
