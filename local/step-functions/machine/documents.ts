import type { Collection, Store } from "../../core/store.ts";
import type { ContainerPath } from "../language/definition.ts";
import type { Json } from "../language/json.ts";

export type ExecutionStatus = "RUNNING" | "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED";

/** One execution as its API describes it. */
export interface ExecutionDocument {
  arn: string;
  name: string;
  stateMachineArn: string;
  stateMachineName: string;
  versionArn?: string;
  aliasArn?: string;
  /** The definition it started with; a later update of the machine does not change it. */
  revisionId: string;
  roleArn: string;
  input: string;
  traceHeader?: string;
  status: ExecutionStatus;
  startMs: number;
  stopMs?: number;
  output?: string;
  error?: string;
  cause?: string;
  /** How often it was redriven, and when last. */
  redriveCount?: number;
  redrivenMs?: number;
  /** The client tokens of its last redrives, the newest last. */
  redrives?: { clientToken: string; atMs: number }[];
  /** The task of another execution that waits for this one (`startExecution.sync:2`). */
  waiter?: { executionArn: string; frameId: string; attempt: number };
}

/** What changes with each step, kept apart from the execution so that a step writes little. */
export interface CursorDocument {
  lastEventId: number;
  /** Numbers given to frames and task attempts so far. */
  counter: number;
  /** After a failure, those that stood when it came: a redrive goes on with them. */
  frameIds: string[];
}

/** Where one line of control stands: the execution's own, a branch's or an iteration's. */
export interface FrameDocument {
  id: string;
  parent?: { frameId: string; index: number };
  container: ContainerPath;
  state: string;
  input: Json;
  /** Variables of this scope; outer ones are read through the parents. */
  variables: Record<string, Json>;
  /** Size of `variables` as JSON. Unit: bytes of UTF-8. */
  variableBytes?: number;
  /** The event the next one of this line follows. */
  previousEventId: number;
  phase: "enter" | "wait" | "task" | "retry" | "children";
  entered: { eventId: number; atMs: number };
  /** Attempts spent per retrier of the current state. */
  retries: number[];
  retryCount: number;
  /** `$states.context.Map.Item` of the iteration this frame is, or stands in. */
  mapItem?: { index: number; value: Json };
  task?: TaskDocument;
  children?: ChildrenDocument;
}

/** One attempt of a task. */
export interface TaskDocument {
  attempt: number;
  parameters: Json;
  started: boolean;
  /** The request was answered and the task waits for a token or a nested execution. */
  submitted: boolean;
  token?: string;
  /** The role its Credentials name, made in place of the machine's own. */
  credentials?: { roleArn?: string };
  /** The nested execution of a `.sync:2` task. */
  childArn?: string;
  timeoutSeconds?: number;
  heartbeatSeconds?: number;
}

/** The branches or iterations a frame waits for. */
export interface ChildrenDocument {
  /** Items of a Map still to be selected; for a Parallel one input per branch. */
  items: Json[];
  nextIndex: number;
  running: string[];
  results: { index: number; output: Json }[];
  failed: number;
  maxConcurrency: number;
  toleratedCount?: number;
  toleratedPercentage?: number;
}

/** One history event; `details` is the member of the API's HistoryEvent named `detailsName`. */
export interface EventDocument {
  id: number;
  previousEventId: number;
  type: string;
  atMs: number;
  detailsName?: string;
  details?: Record<string, unknown>;
}

/** Where a task token leads. */
export interface TokenDocument {
  executionArn: string;
  frameId: string;
  attempt: number;
}

/** AWS keeps a closed execution, and its name taken, this long. Source: StartExecution API reference. */
const retentionMs = 90 * 24 * 3600 * 1000;

/** The machine's memory. */
export class ExecutionStore {
  readonly executions: Collection<ExecutionDocument>;
  readonly cursors: Collection<CursorDocument>;
  readonly tokens: Collection<TokenDocument>;
  readonly #frames: Collection<FrameDocument>;
  readonly #events: Collection<EventDocument>;
  readonly #logged: Collection<number>;

  constructor(store: Store) {
    this.executions = store.collection("states.executions");
    this.cursors = store.collection("states.cursors");
    this.tokens = store.collection("states.tokens");
    this.#frames = store.collection("states.frames");
    this.#events = store.collection("states.events");
    this.#logged = store.collection("states.logged");
  }

  frame(executionArn: string, frameId: string): Readonly<FrameDocument> | undefined {
    return this.#frames.get(`${executionArn}#${frameId}`);
  }

  putFrame(executionArn: string, frame: FrameDocument): void {
    this.#frames.put(`${executionArn}#${frame.id}`, frame);
  }

  deleteFrame(executionArn: string, frameId: string): void {
    this.#frames.delete(`${executionArn}#${frameId}`);
  }

  event(executionArn: string, id: number): Readonly<EventDocument> | undefined {
    return this.#events.get(`${executionArn}#${id}`);
  }

  putEvent(executionArn: string, event: EventDocument): void {
    this.#events.put(`${executionArn}#${event.id}`, event);
  }

  /** Forgets executions that ended more than 90 days ago, as AWS does; their names are free again. */
  forgetOld(nowMs: number): void {
    for (const { arn, stopMs } of this.executions.list()) {
      if (stopMs !== undefined && nowMs - stopMs > retentionMs) this.#forget(arn);
    }
  }

  #forget(executionArn: string): void {
    const cursor = this.cursors.get(executionArn);
    for (let id = 1; id <= (cursor?.lastEventId ?? 0); id++) this.#events.delete(`${executionArn}#${id}`);
    for (const frameId of cursor?.frameIds ?? []) this.deleteFrame(executionArn, frameId);
    for (const token of this.tokens.keys()) {
      if (this.tokens.get(token)?.executionArn === executionArn) this.tokens.delete(token);
    }
    this.cursors.delete(executionArn);
    this.#logged.delete(executionArn);
    this.executions.delete(executionArn);
  }
}
