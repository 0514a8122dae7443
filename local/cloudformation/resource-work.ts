import { AwsError } from "../core/aws-error.ts";
import type { Kernel } from "../core/kernel.ts";
import { type DesiredResource, needsReplacement } from "./desired.ts";
import { ResourceContext } from "./resource-type.ts";
import { resourceTypes } from "./resource-types.ts";
import type { ResourceRecord, StackRecord } from "./stack-record.ts";
import type { Stacks } from "./stacks.ts";

/** Brings single resources from what they are to what a template wants. Every step may be repeated after a kill. */
export class ResourceWork {
  readonly #kernel: Kernel;
  readonly #stacks: Stacks;

  constructor(kernel: Kernel, stacks: Stacks) {
    this.#kernel = kernel;
    this.#stacks = stacks;
  }

  /** Returns whether the resource can be used. Throws an AwsError when it failed, with its event noted. */
  async bringAbout(stack: StackRecord, desired: DesiredResource, begun: boolean): Promise<boolean> {
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
      this.note(stack, { ...record, status });
      return true;
    } catch (error) {
      const failed = this.#stacks.resource(stack.id, logicalId);
      const statusReason = describe(error);
      if (failed) {
        const status = failed.status.startsWith("UPDATE") ? "UPDATE_FAILED" : "CREATE_FAILED";
        this.note(stack, { ...failed, status, statusReason });
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
    const begun = this.note(stack, {
      ...without(before, "statusReason"),
      status: "UPDATE_IN_PROGRESS",
      attempted: desired.properties,
    });
    const type = resourceTypes[desired.type];
    const from = before.attempted ?? before.properties;
    const context = this.#context(stack, begun, false, desired.stackTags);
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
    const begun = this.note(stack, {
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
      this.note(stack, { ...old, status: "UPDATE_FAILED" });
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
    return this.note(stack, { ...leftover.resource, status: "UPDATE_COMPLETE" });
  }

  async delete(stack: StackRecord, record: ResourceRecord): Promise<void> {
    const type = resourceTypes[record.type];
    await type?.remove(record.physicalId, record.properties, this.#context(stack, record, true));
  }

  /** Stores what a resource is and notes it as an event. */
  note(stack: StackRecord, record: ResourceRecord): ResourceRecord {
    const noted = { ...record, updatedAtMs: this.#kernel.clock.now() };
    this.#stacks.putResource(noted);
    this.#stacks.resourceEvent(stack, noted);
    return noted;
  }

  #context(
    stack: StackRecord,
    record: ResourceRecord,
    repeated: boolean,
    stackTags = record.stackTags,
  ): ResourceContext {
    return new ResourceContext({
      kernel: this.#kernel,
      stackName: stack.name,
      logicalId: record.logicalId,
      suffix: record.suffix,
      caller: stack.caller,
      stackTags,
      previousStackTags: record.stackTags,
      repeated,
    });
  }
}

function policiesOf(desired: DesiredResource) {
  return { deletionPolicy: desired.deletionPolicy, updateReplacePolicy: desired.updateReplacePolicy };
}

/** A copy that lacks one member. */
export function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = value;
  return rest;
}

/** AWS adds which service answered; the code says what kind of refusal it was. */
export function describe(error: unknown): string {
  if (error instanceof AwsError) return `${error.message} (${error.code}, Status Code: ${error.status})`;
  return error instanceof Error ? error.message : String(error);
}
