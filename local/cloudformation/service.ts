import type {
  CreateStackCommandInput,
  DeleteStackCommandInput,
  GetTemplateCommandInput,
  UpdateStackCommandInput,
  ValidateTemplateCommandInput,
} from "@aws-sdk/client-cloudformation";
import type { AssumeRoleCommandOutput } from "@aws-sdk/client-sts";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Caller, Kernel, Operation, Requirement, Service } from "../core/kernel.ts";
import { requestTagConditions } from "../core/tag-conditions.ts";
import { dependencyOrder } from "./dependencies.ts";
import { describeOperations } from "./descriptions.ts";
import { StackEngine } from "./engine.ts";
import { resolveParameters } from "./parameters.ts";
import type { StackRecord, StackTarget, StackWork } from "./stack-record.ts";
import { verbs } from "./stack-status.ts";
import { Stacks } from "./stacks.ts";
import { parseTemplate, type Template, templateError } from "./template.ts";
import { checkTypes, readTemplate, requiredCapabilities } from "./template-source.ts";

type StackInput = CreateStackCommandInput & UpdateStackCommandInput;

/** Members that would change what an operation does; refused by name, as ignoring them would lie. */
const absentMembers = [
  "StackPolicyBody",
  "StackPolicyURL",
  "StackPolicyDuringUpdateBody",
  "RollbackConfiguration",
  "ResourceTypes",
  "NotificationARNs",
] as const;

/** States from which an update may start. Source: "Stack status codes". */
const updatable = new Set([
  "CREATE_COMPLETE",
  "UPDATE_COMPLETE",
  "UPDATE_ROLLBACK_COMPLETE",
  "UPDATE_FAILED",
  "CREATE_FAILED",
]);

/**
 * AWS CloudFormation: stacks of the resource types that Kiln's package holds. Every resource is made by a call of the
 * cloud's own API as the stack's caller, so that the caller needs the permissions it would need on AWS. Differences:
 * resources of one rank are made one after another; no change sets, nested stacks, imports, drift or macros.
 */
export class CloudFormationService implements Service {
  readonly id = "cloudformation";
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #kernel: Kernel;
  readonly #stacks: Stacks;
  readonly #engine: StackEngine;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#stacks = new Stacks(kernel);
    this.#engine = new StackEngine(kernel, this.#stacks);
    this.operations = {
      ...describeOperations(this.#stacks),
      CreateStack: {
        permissions: (input: StackInput) => this.#requirements("CreateStack", input),
        run: (input: StackInput, call) => this.#create(input, call),
      },
      UpdateStack: {
        permissions: (input: StackInput) => this.#requirements("UpdateStack", input),
        run: (input: StackInput, call) => this.#update(input, call),
      },
      DeleteStack: {
        permissions: (input: DeleteStackCommandInput) => this.#requirements("DeleteStack", input),
        run: (input: DeleteStackCommandInput, call) => this.#delete(input, call),
      },
      GetTemplate: {
        permissions: (input: GetTemplateCommandInput) => this.#requirements("GetTemplate", input),
        run: (input: GetTemplateCommandInput) => ({
          TemplateBody: this.#stacks.find(input.StackName ?? "").target.templateBody,
          StagesAvailable: ["Original", "Processed"],
        }),
      },
      ValidateTemplate: {
        run: async (input: ValidateTemplateCommandInput, call) =>
          validation(parseTemplate(await readTemplate(kernel, input, call.caller))),
      },
    };
  }

  #requirements(
    operation: string,
    input: { StackName?: string | undefined; RoleARN?: string | undefined } & Pick<StackInput, "Tags">,
  ): Requirement[] {
    const resource = this.#arnOf(input.StackName ?? "");
    const tags = (input.Tags ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""] as const);
    const context = requestTagConditions(Object.fromEntries(tags));
    const own = { action: `cloudformation:${operation}`, resource, context };
    if (input.RoleARN === undefined) return [own];
    const passed = { "iam:PassedToService": "cloudformation.amazonaws.com" };
    return [own, { action: "iam:PassRole", resource: input.RoleARN, context: passed }];
  }

  /** The stack's ARN; of one that does not exist yet, without its ID. */
  #arnOf(name: string): string {
    if (name.startsWith("arn:")) return name;
    const found = this.#stacks.all().find((stack) => stack.name === name && stack.status !== "DELETE_COMPLETE");
    return found?.id ?? this.#kernel.arn("cloudformation", `stack/${name}/*`);
  }

  async #create(input: StackInput, call: Call) {
    const name = input.StackName ?? "";
    refuseAbsent(input);
    if (!/^[a-zA-Z][-a-zA-Z0-9]{0,127}$/.test(name)) {
      throw templateError(`1 validation error detected: Value '${name}' at 'stackName' failed to satisfy constraint`);
    }
    const target = await this.#target(input, call.caller, undefined);
    const caller = await this.#stackCaller(input.RoleARN, call.caller, name);
    const existing = this.#stacks.all().find((one) => one.name === name && one.status !== "DELETE_COMPLETE");
    if (existing) throw new AwsError("AlreadyExistsException", `Stack [${name}] already exists`);
    const disableRollback = input.DisableRollback ?? input.OnFailure === "DO_NOTHING";
    if (input.OnFailure === "DELETE") throw templateError("The embedded cloud does not have OnFailure DELETE.");
    const stack: StackRecord = {
      id: this.#kernel.arn("cloudformation", `stack/${name}/${this.#kernel.random.uuid()}`),
      name,
      status: verbs.create.running,
      statusReason: "User Initiated",
      createdAtMs: this.#kernel.clock.now(),
      target,
      capabilities: input.Capabilities ?? [],
      ...(input.RoleARN !== undefined && { roleArn: input.RoleARN }),
      caller,
      terminationProtection: input.EnableTerminationProtection ?? false,
      disableRollback,
      outputs: [],
      ...describedBy(this.#stacks.template(target)),
      work: newWork("create", { disableRollback }),
    };
    this.#engine.start(stack);
    return { StackId: stack.id };
  }

  async #update(input: StackInput, call: Call) {
    refuseAbsent(input);
    const before = this.#stacks.find(input.StackName ?? "");
    this.#refuseBusy(before, "updated");
    const target = await this.#target(input, call.caller, before);
    const roleArn = input.RoleARN ?? before.roleArn;
    const caller = await this.#stackCaller(roleArn, call.caller, before.name);
    const current = this.#stacks.find(before.id);
    this.#refuseBusy(current, "updated");
    if (current.status !== "UPDATE_FAILED" && sameTarget(this.#stacks, current.target, target)) {
      throw templateError("No updates are to be performed.");
    }
    const disableRollback = input.DisableRollback ?? false;
    const { statusReason: _, ...rest } = current;
    this.#engine.start({
      ...rest,
      status: verbs.update.running,
      statusReason: "User Initiated",
      updatedAtMs: this.#kernel.clock.now(),
      target,
      capabilities: input.Capabilities ?? [],
      ...(roleArn !== undefined && { roleArn }),
      caller,
      disableRollback,
      ...describedBy(this.#stacks.template(target)),
      work: newWork("update", { previous: current.target, disableRollback }),
    });
    return { StackId: current.id };
  }

  async #delete(input: DeleteStackCommandInput, call: Call) {
    let found: StackRecord;
    try {
      found = this.#stacks.find(input.StackName ?? "");
    } catch {
      // Deleting what is not there succeeds.
      return {};
    }
    if (found.status === "DELETE_COMPLETE" || found.status === "DELETE_IN_PROGRESS") return {};
    if (found.terminationProtection) {
      throw templateError(`Stack [${found.name}] cannot be deleted while TerminationProtection is enabled`);
    }
    const caller = await this.#stackCaller(input.RoleARN ?? found.roleArn, call.caller, found.name);
    const stack = this.#stacks.find(found.id);
    if (stack.work) {
      throw templateError(`Stack [${stack.name}] cannot be deleted while in status ${stack.status}`);
    }
    const retain = input.RetainResources ?? [];
    if (retain.length > 0 && stack.status !== "DELETE_FAILED") {
      throw templateError(
        `Invalid operation on stack [${stack.id}]. Specify which resources to retain only when the stack is in the DELETE_FAILED state.`,
      );
    }
    const { statusReason: _, ...rest } = stack;
    const work: StackWork = { ...newWork("delete", { disableRollback: false }), phase: "remove", retain };
    this.#engine.start({ ...rest, status: verbs.delete.running, statusReason: "User Initiated", caller, work });
    return {};
  }

  #refuseBusy(stack: StackRecord, verb: string): void {
    if (!stack.work && updatable.has(stack.status)) return;
    throw templateError(`Stack:${stack.id} is in ${stack.status} state and can not be ${verb}.`);
  }

  /** Reads and checks everything about the new target that can be known before a resource is touched. */
  async #target(input: StackInput, caller: Caller, before: StackRecord | undefined): Promise<StackTarget> {
    const templateBody =
      input.UsePreviousTemplate && before
        ? before.target.templateBody
        : await readTemplate(this.#kernel, input, caller);
    const template = parseTemplate(templateBody);
    checkTypes(template);
    requiredCapabilities(template, input.Capabilities ?? []);
    const given = input.Parameters ?? [];
    const parameters = await resolveParameters(this.#kernel, template, given, before?.target.parameters ?? [], caller);
    const own = input.Tags?.map(({ Key, Value }) => [Key ?? "", Value ?? ""] as const);
    const tags = own ? Object.fromEntries(own) : (before?.target.tags ?? {});
    const target = { templateBody, parameters, tags };
    const scope = this.#stacks.scope({ id: "", name: input.StackName ?? "", target } as StackRecord, target);
    dependencyOrder(template, this.#stacks.included(scope));
    return target;
  }

  /** As whom the stack's resources are made: the caller, or the role passed to CloudFormation. */
  async #stackCaller(roleArn: string | undefined, caller: Caller, stackName: string): Promise<Caller> {
    if (roleArn === undefined) return caller;
    const input = { RoleArn: roleArn, RoleSessionName: stackName.slice(0, 64) };
    const service = this.#kernel.serviceCaller("cloudformation.amazonaws.com");
    const output = await this.#kernel.call<AssumeRoleCommandOutput>("sts", "AssumeRole", input, service);
    const name = roleArn.slice(roleArn.lastIndexOf("/") + 1);
    return { kind: "role", arn: output.AssumedRoleUser?.Arn ?? roleArn, accountId: caller.accountId, name };
  }
}

function newWork(kind: StackWork["kind"], options: { previous?: StackTarget; disableRollback: boolean }): StackWork {
  return { kind, phase: "apply", progress: {}, retain: [], failures: [], ...options };
}

function describedBy(template: Template): { description?: string } {
  return template.Description === undefined ? {} : { description: template.Description };
}

function sameTarget(stacks: Stacks, one: StackTarget, other: StackTarget): boolean {
  const comparable = (target: StackTarget) => JSON.stringify([stacks.template(target), target.parameters, target.tags]);
  return comparable(one) === comparable(other);
}

function refuseAbsent(input: StackInput): void {
  const used = absentMembers.filter((name) => {
    const value = input[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  });
  if (used.length > 0) throw templateError(`The embedded cloud does not have ${used.join(", ")}.`);
}

function validation(template: Template) {
  checkTypes(template);
  const { capabilities, reason } = requiredCapabilities(template);
  return {
    Description: template.Description,
    Parameters: Object.entries(template.Parameters).map(([ParameterKey, declared]) => ({
      ParameterKey,
      ...(declared.Default !== undefined && { DefaultValue: String(declared.Default) }),
      NoEcho: String(declared.NoEcho ?? false) === "true",
      Description: declared.Description,
    })),
    ...(capabilities.length > 0 && { Capabilities: capabilities, CapabilitiesReason: reason }),
  };
}
