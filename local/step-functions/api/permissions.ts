import type { Call, Kernel, Requirement } from "../../core/kernel.ts";
import type { MachineDocument } from "./machine-documents.ts";

type TagList = readonly { key?: string | undefined; value?: string | undefined }[] | undefined;
type Judged = Pick<Call, "operation">;

/**
 * What this service's actions are judged on. Source: the published service authorization data for `states`: most actions
 * name the state machine or the execution; ListStateMachines, ValidateStateMachineDefinition and SendTask* name nothing.
 */
export class Permissions {
  readonly #kernel: Kernel;
  readonly #machine: (arn: string) => Readonly<MachineDocument> | undefined;

  constructor(kernel: Kernel, machine: (arn: string) => Readonly<MachineDocument> | undefined) {
    this.#kernel = kernel;
    this.#machine = machine;
  }

  /** On a state machine given by its own ARN or by one of a version or alias, which become a condition key. */
  onMachine(call: Judged, arn: string | undefined): Requirement[] {
    const [, own = arn ?? "*", qualifier] =
      /^(arn:[^:]+:states:[^:]+:\d+:stateMachine:[^:]+)(?::(.+))?$/.exec(arn ?? "") ?? [];
    const context: Record<string, string> = { ...resourceTags(this.#machine(own)) };
    if (qualifier !== undefined) context["states:StateMachineQualifier"] = qualifier;
    return [{ action: `states:${call.operation}`, resource: own, context }];
  }

  onNewMachine(call: Judged, name: string | undefined, tags: TagList): Requirement[] {
    const resource = this.#kernel.arn("states", `stateMachine:${name ?? ""}`);
    return [{ action: `states:${call.operation}`, resource, context: requestTags(tags) }];
  }

  onExecution(call: Judged, arn: string | undefined): Requirement[] {
    return [{ action: `states:${call.operation}`, resource: arn ?? "*" }];
  }

  onTags(call: Judged, arn: string | undefined, tags: TagList, keys: readonly string[] | undefined): Requirement[] {
    const context: Record<string, string | string[]> = {
      ...resourceTags(this.#machine(arn ?? "")),
      ...requestTags(tags),
    };
    if (keys !== undefined) context["aws:TagKeys"] = [...keys];
    return [{ action: `states:${call.operation}`, resource: arn ?? "*", context }];
  }

  /** Handing a role to Step Functions. */
  passRole(roleArn: string | undefined): Requirement[] {
    if (roleArn === undefined) return [];
    return [{ action: "iam:PassRole", resource: roleArn, context: { "iam:PassedToService": "states.amazonaws.com" } }];
  }
}

function requestTags(tags: TagList): Record<string, string | string[]> {
  const context: Record<string, string | string[]> = {};
  for (const { key, value } of tags ?? []) if (key !== undefined) context[`aws:RequestTag/${key}`] = value ?? "";
  if (tags && tags.length > 0) context["aws:TagKeys"] = tags.flatMap(({ key }) => key ?? []);
  return context;
}

function resourceTags(machine: Readonly<MachineDocument> | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(machine?.tags ?? {}).map(([key, value]) => [`aws:ResourceTag/${key}`, value]),
  );
}
