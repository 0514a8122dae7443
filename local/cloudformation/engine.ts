import { AwsError } from "../core/aws-error.ts";
import type { Kernel } from "../core/kernel.ts";
import { dependencyOrder } from "./dependencies.ts";
import { desiredResource } from "./desired.ts";
import { describe, ResourceWork, without } from "./resource-work.ts";
import type { ResourceRecord, StackRecord, StackWork } from "./stack-record.ts";
import { finished, rollingBack, verbs } from "./stack-status.ts";
import type { Stacks } from "./stacks.ts";

const jobKind = "cloudformation.turn";

/** How often a resource that is not ready yet is looked at. */
const pollMs = 1000;

/**
 * Carries out stack operations in turns. Each turn is a job that does all it can, stores how far it got after every
 * resource, and plans the next one; after a kill the last resource is worked on again.
 */
export class StackEngine {
  readonly #kernel: Kernel;
  readonly #stacks: Stacks;
  readonly #resources: ResourceWork;

  constructor(kernel: Kernel, stacks: Stacks) {
    this.#kernel = kernel;
    this.#stacks = stacks;
    this.#resources = new ResourceWork(kernel, stacks);
    kernel.jobs.on<{ stackId: string }>(jobKind, ({ stackId }) => this.#turn(stackId));
  }

  /** Starts the work that the stack's record holds. */
  start(stack: StackRecord): void {
    this.#stacks.put(stack);
    this.#stacks.stackEvent(stack, stack.statusReason);
    this.#plan(stack.id, 0);
  }

  #plan(stackId: string, waitMs: number): void {
    this.#kernel.jobs.schedule(jobKind, this.#kernel.clock.now() + waitMs, { stackId }, `${jobKind}:${stackId}`);
  }

  async #turn(stackId: string): Promise<void> {
    const stack = this.#stacks.get(stackId);
    if (!stack?.work) return;
    if (stack.work.phase === "apply") await this.#apply(stack, stack.work);
    else await this.#removeRest(stack, stack.work);
  }

  /** Brings about what the target has, in an order in which everything comes after what it needs. */
  async #apply(stack: StackRecord, work: StackWork): Promise<void> {
    let waiting = false;
    try {
      const scope = this.#stacks.scope(stack);
      const order = dependencyOrder(scope.template, this.#stacks.included(scope));
      const progress = { ...work.progress };
      for (const [logicalId, needs] of order) {
        if (progress[logicalId] === "done") continue;
        if (needs.some((one) => progress[one] !== "done")) continue;
        const desired = desiredResource(scope, logicalId, needs, stack.target.tags);
        const ready = await this.#resources.bringAbout(stack, desired, progress[logicalId] === "waiting");
        progress[logicalId] = ready ? "done" : "waiting";
        if (!ready) waiting = true;
        this.#stacks.put({ ...stack, work: { ...work, progress } });
        this.#kernel.store.flush();
      }
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      this.#fail(stack.id, error.message);
      return;
    }
    if (waiting) this.#plan(stack.id, pollMs);
    else this.#applied(stack.id);
  }

  #applied(stackId: string): void {
    const stack = this.#stacks.get(stackId);
    if (!stack?.work) return;
    const outputs = this.#stacks.outputs(stack);
    const status = verbs[stack.work.kind].cleaning ?? stack.status;
    const next: StackRecord = { ...stack, outputs, status, work: { ...stack.work, phase: "remove" } };
    this.#stacks.put(next);
    if (status !== stack.status) this.#stacks.stackEvent(next);
    this.#plan(stackId, 0);
  }

  /** Removes what the target does not have: everything, when the stack itself goes. */
  async #removeRest(stack: StackRecord, work: StackWork): Promise<void> {
    const failures: string[] = [];
    for (const record of this.#superfluous(stack, work)) {
      if (!(await this.#remove(stack, record, work))) failures.push(record.logicalId);
    }
    for (const { key, resource } of this.#stacks.leftovers(stack.id)) {
      if (resource.updateReplacePolicy === "Delete") {
        await this.#resources.delete(stack, resource).catch((error: unknown) => {
          this.#stacks.resourceEvent(stack, { ...resource, status: "DELETE_FAILED", statusReason: describe(error) });
        });
      }
      this.#stacks.deleteLeftover(key);
    }
    const current = this.#stacks.get(stack.id);
    if (current) this.#finish(current, work, failures);
  }

  /** In an order in which everything goes before what it needs. */
  #superfluous(stack: StackRecord, work: StackWork): ResourceRecord[] {
    const all = this.#stacks.resources(stack.id);
    const kept =
      work.kind === "delete" || work.kind === "create-rollback"
        ? new Set<string>()
        : this.#stacks.included(this.#stacks.scope(stack));
    const left = new Map(all.filter((one) => !kept.has(one.logicalId)).map((one) => [one.logicalId, one]));
    const ordered: ResourceRecord[] = [];
    while (left.size > 0) {
      const free = [...left.values()].filter(
        (one) => ![...left.values()].some((other) => other !== one && other.needs.includes(one.logicalId)),
      );
      for (const one of free.length > 0 ? free : left.values()) {
        ordered.push(one);
        left.delete(one.logicalId);
      }
    }
    return ordered;
  }

  async #remove(stack: StackRecord, record: ResourceRecord, work: StackWork): Promise<boolean> {
    const rolledBack = work.kind === "create-rollback" || work.kind === "update-rollback";
    const policy = record.deletionPolicy;
    const retained = policy === "Retain" || (policy === "RetainExceptOnCreate" && !rolledBack);
    if (work.retain.includes(record.logicalId) || (retained && record.physicalId !== "")) {
      this.#stacks.resourceEvent(stack, { ...record, status: "DELETE_SKIPPED" });
      this.#stacks.deleteResource(stack.id, record.logicalId);
      return true;
    }
    try {
      this.#resources.note(stack, { ...without(record, "statusReason"), status: "DELETE_IN_PROGRESS" });
      if (record.physicalId !== "") await this.#resources.delete(stack, record);
      this.#stacks.resourceEvent(stack, { ...without(record, "statusReason"), status: "DELETE_COMPLETE" });
      this.#stacks.deleteResource(stack.id, record.logicalId);
      this.#kernel.store.flush();
      return true;
    } catch (error) {
      this.#resources.note(stack, { ...record, status: "DELETE_FAILED", statusReason: describe(error) });
      return false;
    }
  }

  #finish(stack: StackRecord, work: StackWork, failures: string[]): void {
    const { work: _, ...rest } = stack;
    const now = this.#kernel.clock.now();
    const status = finished(work.kind, failures);
    const reason =
      failures.length > 0 ? `The following resource(s) failed to delete: [${failures.join(", ")}].` : undefined;
    const next: StackRecord = {
      ...without(rest, "statusReason"),
      status,
      ...(reason !== undefined && { statusReason: reason }),
      ...(work.kind === "create-rollback" && { outputs: [] }),
      ...(status === "DELETE_COMPLETE" && { deletedAtMs: now }),
    };
    this.#stacks.put(next);
    this.#stacks.stackEvent(next, reason);
  }

  /** Turns a failed create or update round. */
  #fail(stackId: string, reason: string): void {
    const stack = this.#stacks.get(stackId);
    if (!stack?.work) return;
    const { work } = stack;
    if (work.disableRollback || work.kind === "update-rollback") {
      const { work: _, ...rest } = stack;
      const next = { ...rest, status: verbs[work.kind].failed, statusReason: reason };
      this.#stacks.put(next);
      this.#stacks.stackEvent(next, reason);
      return;
    }
    this.start(rollingBack(stack, work, reason));
  }
}
