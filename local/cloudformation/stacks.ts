import { AwsError } from "../core/aws-error.ts";
import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import { evaluate, holds, type Scope } from "./intrinsics.ts";
import { parameterValues } from "./parameters.ts";
import type {
  LeftoverRecord,
  ResourceRecord,
  StackEventRecord,
  StackOutput,
  StackRecord,
  StackTarget,
} from "./stack-record.ts";
import { type Json, parseTemplate, type Template } from "./template.ts";

/** Events kept of one stack; AWS keeps 90 days. */
const maxEvents = 2000;

/** The stacks there are, their resources and events. */
export class Stacks {
  readonly kernel: Kernel;
  readonly #stacks: Collection<StackRecord>;
  readonly #resources: Collection<ResourceRecord>;
  readonly #leftovers: Collection<LeftoverRecord>;
  readonly #events: Collection<StackEventRecord>;
  readonly #templates = new Map<string, Template>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.#stacks = kernel.store.collection("cloudformation.stacks");
    this.#resources = kernel.store.collection("cloudformation.resources");
    this.#leftovers = kernel.store.collection("cloudformation.leftovers");
    this.#events = kernel.store.collection("cloudformation.events");
  }

  all(): Readonly<StackRecord>[] {
    return this.#stacks.list();
  }

  /** By name a stack that is not deleted, by ID any. @throws {AwsError} ValidationError. */
  find(nameOrId: string): Readonly<StackRecord> {
    const found = nameOrId.startsWith("arn:")
      ? this.#stacks.get(nameOrId)
      : this.all().find((stack) => stack.name === nameOrId && stack.status !== "DELETE_COMPLETE");
    if (!found) throw new AwsError("ValidationError", `Stack with id ${nameOrId} does not exist`);
    return found;
  }

  get(id: string): Readonly<StackRecord> | undefined {
    return this.#stacks.get(id);
  }

  put(stack: StackRecord): void {
    this.#stacks.put(stack.id, stack);
  }

  /** The template of a target, parsed once. */
  template(target: StackTarget): Template {
    let parsed = this.#templates.get(target.templateBody);
    if (!parsed) {
      parsed = parseTemplate(target.templateBody);
      this.#templates.clear();
      this.#templates.set(target.templateBody, parsed);
    }
    return parsed;
  }

  resources(stackId: string): Readonly<ResourceRecord>[] {
    return this.#resources.list(`${stackId}|`);
  }

  resource(stackId: string, logicalId: string): Readonly<ResourceRecord> | undefined {
    return this.#resources.get(`${stackId}|${logicalId}`);
  }

  putResource(record: ResourceRecord): void {
    this.#resources.put(`${record.stackId}|${record.logicalId}`, record);
  }

  deleteResource(stackId: string, logicalId: string): void {
    this.#resources.delete(`${stackId}|${logicalId}`);
  }

  leftovers(stackId: string): Readonly<LeftoverRecord>[] {
    return this.#leftovers.list(`${stackId}|`);
  }

  addLeftover(resource: ResourceRecord): void {
    const key = `${resource.stackId}|${resource.logicalId}|${this.kernel.random.hex(8)}`;
    this.#leftovers.put(key, { key, resource });
  }

  deleteLeftover(key: string): void {
    this.#leftovers.delete(key);
  }

  /** Newest first. */
  events(stackId: string): Readonly<StackEventRecord>[] {
    return this.#events.list(`${stackId}|`).reverse();
  }

  /** Notes what happened to the stack itself. */
  stackEvent(stack: StackRecord, reason?: string): void {
    const { id, name, status } = stack;
    const type = "AWS::CloudFormation::Stack";
    this.#note({ stack, logicalId: name, physicalId: id, type, status, reason });
  }

  resourceEvent(stack: StackRecord, record: ResourceRecord): void {
    const { logicalId, physicalId, type, status, statusReason: reason } = record;
    const properties = JSON.stringify(record.properties);
    this.#note({ stack, logicalId, physicalId, type, status, reason, properties });
  }

  #note(parts: {
    stack: StackRecord;
    logicalId: string;
    physicalId: string;
    type: string;
    status: string;
    reason: string | undefined;
    properties?: string;
  }): void {
    const { stack, reason, ...rest } = parts;
    const keys = this.#events.keys(`${stack.id}|`);
    const last = keys.at(-1);
    const number = last === undefined ? 0 : Number(last.slice(last.lastIndexOf("|") + 1)) + 1;
    const record: StackEventRecord = {
      id: this.kernel.random.uuid(),
      stackId: stack.id,
      stackName: stack.name,
      atMs: this.kernel.clock.now(),
      ...rest,
      ...(reason !== undefined && { reason }),
    };
    this.#events.put(`${stack.id}|${String(number).padStart(8, "0")}`, record);
    const [oldest] = keys;
    if (keys.length >= maxEvents && oldest !== undefined) this.#events.delete(oldest);
  }

  /** What functions in the stack's template see. */
  scope(stack: StackRecord, target: StackTarget = stack.target): Scope {
    const template = this.template(target);
    const { accountId, region } = this.kernel.settings;
    return {
      template,
      parameters: parameterValues(template, target.parameters),
      pseudo: {
        "AWS::AccountId": accountId,
        "AWS::NotificationARNs": [],
        "AWS::Partition": "aws",
        "AWS::Region": region,
        "AWS::StackId": stack.id,
        "AWS::StackName": stack.name,
        "AWS::URLSuffix": "amazonaws.com",
      },
      resource: (logicalId) => {
        const found = this.resource(stack.id, logicalId);
        return found && { ref: found.physicalId, attributes: found.attributes };
      },
    };
  }

  /** The resources of the target whose conditions hold, in the template's order. */
  included(scope: Scope): Set<string> {
    const entries = Object.entries(scope.template.Resources);
    return new Set(
      entries.filter(([, one]) => one.Condition === undefined || holds(one.Condition, scope)).map(([name]) => name),
    );
  }

  outputs(stack: StackRecord): StackOutput[] {
    const scope = this.scope(stack);
    const outputs: StackOutput[] = [];
    for (const [key, output] of Object.entries(scope.template.Outputs)) {
      if (output.Condition !== undefined && !holds(output.Condition, scope)) continue;
      const exportName = output.Export && text(evaluate(output.Export.Name, scope));
      outputs.push({
        key,
        value: text(evaluate(output.Value, scope)),
        ...(output.Description !== undefined && { description: output.Description }),
        ...(exportName !== undefined && { exportName }),
      });
    }
    return outputs;
  }
}

function text(value: Json): string {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  throw new AwsError("ValidationError", "Template format error: Output values must be strings.");
}
