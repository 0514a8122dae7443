import type { Kernel } from "../../core/kernel.ts";
import type { Outcome } from "../integrations/outcome.ts";
import { isObject, type Json } from "../language/json.ts";
import type { DecisionQueue } from "./decision-queue.ts";
import type { ExecutionDocument, ExecutionStore, FrameDocument, TaskDocument } from "./documents.ts";
import type { ExecutionRoles } from "./execution-roles.ts";
import { resourceOf } from "./task.ts";
import type { Turn } from "./turn.ts";

type Waiter = NonNullable<ExecutionDocument["waiter"]>;

/** Settles the attempt of a task that waits, unless nothing waits for it any more. */
type Settle = (waiter: Waiter, outcomeFor: (turn: Turn, frame: FrameDocument) => Outcome) => Promise<unknown>;

/** Executions that a task started and waits for: what they end with is its result; they are stopped when it ends first. */
export class NestedExecutions {
  readonly #kernel: Kernel;
  readonly #store: ExecutionStore;
  readonly #queue: DecisionQueue;
  readonly #roles: ExecutionRoles;
  readonly #settle: Settle;

  constructor(kernel: Kernel, store: ExecutionStore, queue: DecisionQueue, roles: ExecutionRoles, settle: Settle) {
    this.#kernel = kernel;
    this.#store = store;
    this.#queue = queue;
    this.#roles = roles;
    this.#settle = settle;
    kernel.jobs.on<{ executionArn: string }>("states.ended", ({ executionArn }) => this.#tellWaiter(executionArn));
    kernel.jobs.on<{ childArn: string; executionArn: string }>("states.stop", (job) => this.#stop(job));
  }

  /** Ties a nested execution to the task that waits for it; it may have ended before this. */
  waitFor(turn: Turn, frame: FrameDocument, task: TaskDocument, outcome: Outcome): void {
    const resource = resourceOf(turn, frame);
    if (resource.kind !== "optimized" || resource.pattern !== "sync" || outcome.kind !== "succeeded") return;
    const childArn = isObject(outcome.output) ? String(outcome.output["ExecutionArn"]) : "";
    if (!this.#store.executions.get(childArn)) return;
    task.childArn = childArn;
    const waiter = { executionArn: turn.execution.arn, frameId: frame.id, attempt: task.attempt };
    turn.afterwards(() => void this.#attach(childArn, waiter));
  }

  #attach(childArn: string, waiter: Waiter): Promise<unknown> {
    return this.#queue.run(childArn, () => {
      const child = this.#store.executions.get(childArn);
      if (!child) return;
      this.#store.executions.put(childArn, { ...child, waiter });
      if (child.status === "RUNNING") return;
      const job = { executionArn: childArn, frameId: "" };
      this.#kernel.jobs.schedule("states.ended", this.#kernel.clock.now(), job, `states.ended#${childArn}`);
    });
  }

  async #tellWaiter(childArn: string): Promise<void> {
    const child = this.#store.executions.get(childArn);
    if (!child?.waiter) return;
    await this.#settle(child.waiter, (turn, frame) => {
      const resource = resourceOf(turn, frame);
      return nestedOutcome(child, resource.kind === "optimized" && resource.resource.endsWith(".sync"));
    });
  }

  async #stop({ childArn, executionArn }: { childArn: string; executionArn: string }): Promise<void> {
    const parent = this.#store.executions.get(executionArn);
    if (!parent) return;
    const caller = await this.#roles.callerOf(parent, undefined);
    const cause = `The parent execution ${executionArn} no longer waits for it.`;
    const input = { executionArn: childArn, cause };
    await this.#kernel.call("states", "StopExecution", input, caller, "states.amazonaws.com");
  }
}

/**
 * What `startExecution.sync` makes of the execution it waited for: its description, with input and output as text, or as
 * JSON with `.sync:2`. Source: Step Functions guide, "Start workflow executions from a task state in Step Functions".
 */
function nestedOutcome(child: Readonly<ExecutionDocument>, asText: boolean): Outcome {
  const value = (text: string): Json => (asText ? text : (JSON.parse(text) as Json));
  const described: Record<string, Json> = {
    ExecutionArn: child.arn,
    Input: value(child.input),
    InputDetails: { Included: true },
    Name: child.name,
    StartDate: child.startMs,
    StateMachineArn: child.stateMachineArn,
    Status: child.status,
    StopDate: child.stopMs ?? null,
  };
  if (child.status === "SUCCEEDED") {
    described["Output"] = value(child.output ?? "null");
    described["OutputDetails"] = { Included: true };
    return { kind: "succeeded", output: described };
  }
  if (child.error !== undefined) described["Error"] = child.error;
  if (child.cause !== undefined) described["Cause"] = child.cause;
  return { kind: "failed", error: "States.TaskFailed", cause: JSON.stringify(described) };
}
