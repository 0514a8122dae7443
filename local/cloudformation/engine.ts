import { AwsError } from "../core/aws-error.ts";
import type { Kernel } from "../core/kernel.ts";
import { dependencyOrder } from "./dependencies.ts";
import { type DesiredResource, desiredResource, needsReplacement } from "./desired.ts";
import { ResourceContext } from "./resource-type.ts";
import { resourceTypes } from "./resource-types.ts";
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

  constructor(kernel: Kernel, stacks: Stacks) {
    this.#kernel = kernel;
    this.#stacks = stacks;
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
        const ready = await this.#bringAbout(stack, desired, progress[logicalId] === "waiting");
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

  /** Returns whether the resource can be used. Throws an AwsError when it failed, with its event noted. */
  async #bringAbout(stack: StackRecord, desired: DesiredResource, begun: boolean): Promise<boolean> {
    const { logicalId } = desired;
    const existing = this.#stacks.resource(stack.id, logicalId);
    let record = existing;
    try {
      if (!begun) record = await this.#change(stack, desired, existing);
      if (!record || record.status.endsWith("_COMPLETE")) return true;
      const type = resourceTypes[desired.type];
      const context = this.#context(stack, record, false);
      if (type?.isReady && !(await type.isReady(record.physicalId, context))) return false;
      const status = record.status === "CREATE_IN_PROGRESS" ? "CREATE_COMPLETE" : "UPDATE_COMPLETE";
      this.#note(stack, { ...record, status });
      return true;
    } catch (error) {
      const failed = this.#stacks.resource(stack.id, logicalId);
      const statusReason = describe(error);
      if (failed) {
        const status = failed.status.startsWith("UPDATE") ? "UPDATE_FAILED" : "CREATE_FAILED";
        this.#note(stack, { ...failed, status, statusReason });
      }
      const verb = failed?.status.startsWith("UPDATE") ? "update" : "create";
      throw new AwsError(
        "ResourceFailed",
        `The following resource(s) failed to ${verb}: [${logicalId}]. ${statusReason}`,
      );
    }
  }

  async #change(
    stack: StackRecord,
    desired: DesiredResource,
    existing: ResourceRecord | undefined,
  ): Promise<ResourceRecord> {
    const restored = stack.work?.kind === "update-rollback" ? this.#takeBack(stack, desired, existing) : undefined;
    if (restored) return restored;
    if (!existing || existing.physicalId === "") return this.#create(stack, desired, existing);
    if (existing.status === "CREATE_IN_PROGRESS") return this.#complete(stack, existing);
    if (needsReplacement(existing, desired)) return this.#replace(stack, desired, existing);
    const kept = { ...existing, ...policiesOf(desired), needs: desired.needs };
    const same =
      JSON.stringify(existing.properties) === JSON.stringify(desired.properties) &&
      JSON.stringify(existing.stackTags) === JSON.stringify(desired.stackTags) &&
      existing.status !== "UPDATE_FAILED" &&
      existing.status !== "UPDATE_IN_PROGRESS";
    if (same) {
      this.#stacks.putResource(kept);
      return kept;
    }
    return this.#update(stack, desired, kept);
  }

  async #update(stack: StackRecord, desired: DesiredResource, before: ResourceRecord): Promise<ResourceRecord> {
    const begun = this.#note(stack, {
      ...without(before, "statusReason"),
      status: "UPDATE_IN_PROGRESS",
      attempted: desired.properties,
    });
    const type = resourceTypes[desired.type];
    const from = before.attempted ?? before.properties;
    const context = this.#context(stack, begun, false);
    const changed = await type?.update(before.physicalId, desired.properties, from, context);
    const record: ResourceRecord = {
      ...without(begun, "attempted"),
      properties: desired.properties,
      stackTags: desired.stackTags,
      ...(changed && { attributes: changed.attributes ?? {} }),
    };
    this.#stacks.putResource(record);
    return record;
  }

  async #create(stack: StackRecord, desired: DesiredResource, before?: ResourceRecord): Promise<ResourceRecord> {
    const repeated = before?.status === "CREATE_IN_PROGRESS";
    const begun = this.#note(stack, {
      stackId: stack.id,
      logicalId: desired.logicalId,
      type: desired.type,
      status: "CREATE_IN_PROGRESS",
      updatedAtMs: 0,
      physicalId: "",
      attributes: {},
      properties: desired.properties,
      stackTags: desired.stackTags,
      suffix: repeated ? before.suffix : this.#kernel.random.code(12),
      ...policiesOf(desired),
      needs: desired.needs,
    });
    const type = resourceTypes[desired.type];
    if (!type) throw new AwsError("ValidationError", `no resource type ${desired.type}`);
    const made = await type.create(desired.properties, this.#context(stack, begun, repeated));
    const record = { ...begun, physicalId: made.id, attributes: made.attributes ?? {} };
    this.#stacks.putResource(record);
    return this.#complete(stack, record);
  }

  async #complete(stack: StackRecord, record: ResourceRecord): Promise<ResourceRecord> {
    const type = resourceTypes[record.type];
    await type?.complete(record.physicalId, record.properties, this.#context(stack, record, true));
    return record;
  }

  /** A new one is made first; the old one is removed when everything else is done. */
  async #replace(stack: StackRecord, desired: DesiredResource, old: ResourceRecord): Promise<ResourceRecord> {
    const name = resourceTypes[desired.type]?.nameProperty;
    const named = name === undefined ? undefined : desired.properties[name];
    if (desired.type === old.type && named !== undefined && named === old.properties[name ?? ""]) {
      this.#note(stack, { ...old, status: "UPDATE_FAILED" });
      throw new AwsError(
        "ValidationError",
        `CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename ${named} and update the stack again.`,
      );
    }
    this.#stacks.addLeftover(old);
    this.#stacks.deleteResource(stack.id, desired.logicalId);
    return this.#create(stack, desired);
  }

  /** Undoes a replacement by swapping back: the old resource still exists. */
  #takeBack(stack: StackRecord, desired: DesiredResource, current?: ResourceRecord): ResourceRecord | undefined {
    const leftover = this.#stacks
      .leftovers(stack.id)
      .find(({ resource }) => resource.logicalId === desired.logicalId && !needsReplacement(resource, desired));
    if (!leftover) return undefined;
    this.#stacks.deleteLeftover(leftover.key);
    // What the update made in its place was the update's own: it goes whatever the template says of replacing.
    if (current && current.physicalId !== "") this.#stacks.addLeftover({ ...current, updateReplacePolicy: "Delete" });
    return this.#note(stack, { ...leftover.resource, status: "UPDATE_COMPLETE" });
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
        await this.#delete(stack, resource).catch((error: unknown) => {
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
      this.#note(stack, { ...without(record, "statusReason"), status: "DELETE_IN_PROGRESS" });
      if (record.physicalId !== "") await this.#delete(stack, record);
      this.#stacks.resourceEvent(stack, { ...without(record, "statusReason"), status: "DELETE_COMPLETE" });
      this.#stacks.deleteResource(stack.id, record.logicalId);
      this.#kernel.store.flush();
      return true;
    } catch (error) {
      this.#note(stack, { ...record, status: "DELETE_FAILED", statusReason: describe(error) });
      return false;
    }
  }

  async #delete(stack: StackRecord, record: ResourceRecord): Promise<void> {
    const type = resourceTypes[record.type];
    await type?.remove(record.physicalId, record.properties, this.#context(stack, record, true));
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

  #note(stack: StackRecord, record: ResourceRecord): ResourceRecord {
    const noted = { ...record, updatedAtMs: this.#kernel.clock.now() };
    this.#stacks.putResource(noted);
    this.#stacks.resourceEvent(stack, noted);
    return noted;
  }

  #context(stack: StackRecord, record: ResourceRecord, repeated: boolean): ResourceContext {
    return new ResourceContext({
      kernel: this.#kernel,
      stackName: stack.name,
      logicalId: record.logicalId,
      suffix: record.suffix,
      caller: stack.caller,
      stackTags: record.stackTags,
      repeated,
    });
  }
}

function policiesOf(desired: DesiredResource) {
  return { deletionPolicy: desired.deletionPolicy, updateReplacePolicy: desired.updateReplacePolicy };
}

function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = value;
  return rest;
}

/** AWS adds which service answered; the code says what kind of refusal it was. */
function describe(error: unknown): string {
  if (error instanceof AwsError) return `${error.message} (${error.code}, Status Code: ${error.status})`;
  return error instanceof Error ? error.message : String(error);
}
