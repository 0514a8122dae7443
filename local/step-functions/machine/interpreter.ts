import type { Caller, Kernel } from "../../core/kernel.ts";
import type { Outcome } from "../integrations/outcome.ts";
import { perform } from "../integrations/requests.ts";
import type { Definition } from "../language/definition.ts";
import { DecisionQueue } from "./decision-queue.ts";
import {
  type ExecutionDocument,
  ExecutionStore,
  type FrameDocument,
  type TaskDocument,
  type TokenDocument,
} from "./documents.ts";
import { ExecutionRoles } from "./execution-roles.ts";
import { NestedExecutions } from "./nested.ts";
import { notRedrivable, resumeFrames } from "./redrive.ts";
import { takeStep } from "./steps.ts";
import {
  abandonTask,
  planHeartbeat,
  recordStarted,
  requestAnswered,
  resourceOf,
  settleTask,
  taskTimedOut,
} from "./task.ts";
import { HistoryFullError, historyEventsMax, Turn, withoutUndefined } from "./turn.ts";

interface FrameJob {
  executionArn: string;
  frameId: string;
}
interface AttemptJob extends FrameJob {
  attempt: number;
}

/** What the interpreter needs to know of a state machine. */
export interface RevisionSource {
  /** The definition an execution was started with. */
  definition(revisionId: string): Definition;
}

/** Hears of every decision once it is written; `ended` tells that the execution has just begun or ended. */
export type TurnListener = (turn: Turn, changedStatus: boolean) => void;

/**
 * Runs executions as a machine of small steps. Where each line of control stands is in the store, every step is a job,
 * and each execution's decisions happen one after another; so a restart goes on where the last written step ended, and
 * the same clock and seed give the same history.
 */
export class Interpreter {
  readonly store: ExecutionStore;
  readonly #kernel: Kernel;
  readonly #revisions: RevisionSource;
  readonly #queue = new DecisionQueue();
  readonly #roles: ExecutionRoles;
  readonly #nested: NestedExecutions;
  readonly #listeners: TurnListener[] = [];
  #stopped = false;

  constructor(kernel: Kernel, revisions: RevisionSource) {
    this.#kernel = kernel;
    this.#revisions = revisions;
    this.store = new ExecutionStore(kernel.store);
    this.#roles = new ExecutionRoles(kernel);
    const { jobs } = kernel;
    jobs.on<FrameJob & { phase: string; after: number }>("states.step", (job) => this.#step(job));
    jobs.on<AttemptJob>("states.invoke", (job) => this.#invoke(job));
    jobs.on<AttemptJob>("states.timeout", (job) => this.#taskTimedOut(job, false));
    jobs.on<AttemptJob>("states.heartbeat", (job) => this.#taskTimedOut(job, true));
    jobs.on<FrameJob>("states.deadline", ({ executionArn }) => this.#timeOut(executionArn));
    this.#nested = new NestedExecutions(kernel, this.store, this.#queue, this.#roles, (waiter, outcomeFor) =>
      this.#onAttempt(waiter, (turn, frame) => settleTask(turn, frame, outcomeFor(turn, frame))),
    );
  }

  onTurn(listener: TurnListener): void {
    this.#listeners.push(listener);
  }

  /** After this, answers that still come in are dropped: the store is closing. */
  stop(): void {
    this.#stopped = true;
  }

  /** Starts an execution that does not exist yet; its first state is entered in a step of its own. */
  start(execution: ExecutionDocument): void {
    const definition = this.#revisions.definition(execution.revisionId);
    const turn = new Turn(this.#kernel, this.store, execution, definition);
    turn.record("ExecutionStarted", 0, {
      input: execution.input,
      inputDetails: { truncated: false },
      roleArn: execution.roleArn,
      ...withoutUndefined({
        stateMachineAliasArn: execution.aliasArn,
        stateMachineVersionArn: execution.versionArn,
      }),
    });
    const root = turn.addFrame({
      container: [],
      state: definition.StartAt,
      input: turn.executionInput,
      previousEventId: 0,
    });
    const firstMs = turn.nowMs + this.#kernel.settings.delays.transitionSeconds * 1000;
    turn.plan("step", root.id, firstMs, { phase: root.phase, after: root.previousEventId });
    this.#planDeadline(turn);
    this.#write(turn, true);
  }

  #planDeadline(turn: Turn): void {
    const seconds = turn.definition.TimeoutSeconds;
    if (seconds !== undefined) turn.plan("deadline", "", turn.nowMs + seconds * 1000);
  }

  /** Ends a running execution at once. What its tasks started goes on. Returns false when it had ended already. */
  async abort(executionArn: string, reason: { error?: string; cause?: string }): Promise<boolean> {
    let aborted = false;
    await this.#decide(executionArn, (turn) => {
      aborted = true;
      this.#abandonAll(turn);
      turn.record("ExecutionAborted", 0, reason);
      turn.finish("ABORTED", reason);
    });
    return aborted;
  }

  /**
   * Makes an execution that did not succeed go on where it stood. Returns why it cannot, or undefined when it does.
   * @param redrives The client tokens to remember from now on.
   */
  redrive(executionArn: string, redrives: NonNullable<ExecutionDocument["redrives"]>): Promise<string | undefined> {
    return this.#queue.run(executionArn, () => {
      const execution = this.store.executions.get(executionArn);
      if (!execution) return "It does not exist";
      const definition = this.#revisions.definition(execution.revisionId);
      const turn = new Turn(this.#kernel, this.store, execution, definition);
      const reason = notRedrivable(execution, turn.lastEventId, turn.nowMs);
      if (reason !== undefined) return reason;
      turn.redrive(redrives);
      const redriveCount = turn.execution.redriveCount ?? 0;
      resumeFrames(turn, turn.record("ExecutionRedriven", turn.lastEventId, { redriveCount }));
      this.#planDeadline(turn);
      this.#write(turn, true);
      return undefined;
    });
  }

  /** Hands a task the result its worker sent with a token. Returns false when nothing waits for it any more. */
  async settle(token: TokenDocument, outcome: Outcome): Promise<boolean> {
    return this.#onAttempt(token, (turn, frame) => settleTask(turn, frame, outcome));
  }

  /** A worker's sign of life. Returns false when nothing waits for it any more. */
  async beat(token: TokenDocument): Promise<boolean> {
    return this.#onAttempt(token, (turn, frame, task) => planHeartbeat(turn, frame, task));
  }

  async #step(job: FrameJob & { phase: string; after: number }): Promise<void> {
    await this.#decide(job.executionArn, async (turn) => {
      const frame = turn.frame(job.frameId);
      if (frame?.phase === job.phase && frame.previousEventId === job.after) await takeStep(turn, frame);
    });
  }

  /**
   * Makes a task's request. The job lasts as long as the request, so one that a kill interrupted is made again, and its
   * answer counts only while the task still waits for this attempt.
   */
  async #invoke(job: AttemptJob): Promise<void> {
    let request: (() => Promise<Outcome>) | undefined;
    await this.#onAttempt(job, (turn, frame, task) => {
      if (task.submitted) return;
      recordStarted(turn, frame, task);
      if (task.token !== undefined) {
        const { executionArn, frameId, attempt } = job;
        this.store.tokens.put(task.token, { executionArn, frameId, attempt });
      }
      request = () => this.#perform(turn, frame, task);
    });
    if (!request) return;
    this.#kernel.store.flush();
    const outcome = await request();
    if (this.#stopped) return;
    await this.#onAttempt(job, async (turn, frame, task) => {
      await requestAnswered(turn, frame, task, outcome);
      if (frame.task?.submitted) this.#nested.waitFor(turn, frame, frame.task, outcome);
    });
  }

  async #perform(turn: Turn, frame: FrameDocument, task: TaskDocument): Promise<Outcome> {
    const { execution } = turn;
    const resource = resourceOf(turn, frame);
    let caller: Caller;
    try {
      caller = await this.#roles.callerOf(execution, task.credentials?.roleArn);
    } catch (error) {
      return { kind: "failed", error: "States.Permissions", cause: (error as Error).message };
    }
    return perform(resource, {
      kernel: this.#kernel,
      caller,
      parameters: task.parameters,
      executionArn: execution.arn,
      stateMachineArn: execution.stateMachineArn,
    });
  }

  async #timeOut(executionArn: string): Promise<void> {
    await this.#decide(executionArn, (turn) => {
      this.#abandonAll(turn);
      turn.record("ExecutionTimedOut", 0, { error: "States.Timeout" });
      turn.finish("TIMED_OUT", {});
    });
  }

  async #taskTimedOut(job: AttemptJob, silent: boolean): Promise<void> {
    await this.#onAttempt(job, (turn, frame) => taskTimedOut(turn, frame, silent));
  }

  #abandonAll(turn: Turn): void {
    for (const id of turn.frameIds()) {
      const frame = turn.frame(id);
      if (frame) abandonTask(turn, frame);
    }
  }

  /** Decides something about one attempt of a task; false when it is no longer waited for. */
  async #onAttempt(
    { executionArn, frameId, attempt }: AttemptJob,
    decide: (turn: Turn, frame: FrameDocument, task: TaskDocument) => void | Promise<void>,
  ): Promise<boolean> {
    let current = false;
    await this.#decide(executionArn, async (turn) => {
      const frame = turn.frame(frameId);
      if (!frame?.task || frame.task.attempt !== attempt) return;
      current = true;
      await decide(turn, frame, frame.task);
    });
    return current;
  }

  /** Makes one decision about a running execution, after those asked for before. */
  #decide(executionArn: string, decide: (turn: Turn) => void | Promise<void>): Promise<unknown> {
    return this.#queue.run(executionArn, async () => {
      const execution = this.store.executions.get(executionArn);
      if (execution?.status !== "RUNNING" || this.#stopped) return;
      const definition = this.#revisions.definition(execution.revisionId);
      let turn = new Turn(this.#kernel, this.store, execution, definition);
      try {
        await decide(turn);
      } catch (error) {
        if (!(error instanceof HistoryFullError)) {
          this.#kernel.settings.log(`step functions: ${executionArn}: ${String((error as Error).stack ?? error)}`);
          turn = new Turn(this.#kernel, this.store, execution, definition);
        }
        this.#fail(turn, error);
      }
      this.#write(turn, turn.execution.status !== "RUNNING");
    });
  }

  /** Ends an execution whose history is full, or whose step met a defect of this cloud. */
  #fail(turn: Turn, error: unknown): void {
    const full = error instanceof HistoryFullError;
    const cause = full
      ? `The execution reached the maximum number of history events (${historyEventsMax}).`
      : `The embedded cloud could not take this step: ${String(error)}`;
    const failure = { error: "States.Runtime", cause };
    this.#abandonAll(turn);
    turn.record("ExecutionFailed", turn.lastEventId, failure);
    turn.finish("FAILED", failure);
  }

  #write(turn: Turn, changedStatus: boolean): void {
    const { execution } = turn;
    if (execution.status !== "RUNNING") {
      if (execution.waiter) turn.plan("ended", "", turn.nowMs);
      this.#roles.forget(execution.arn);
    }
    turn.commit();
    for (const listener of this.#listeners) listener(turn, changedStatus);
  }
}
