import type { Tag } from "@aws-sdk/client-auto-scaling";
import type { Kernel, Requirement } from "../core/kernel.ts";
import type { AutoScalingState } from "./state.ts";

type Context = Readonly<Record<string, string | readonly string[]>>;

/**
 * Says which permissions operations need: actions, resources and condition keys as the service authorization reference
 * for Amazon EC2 Auto Scaling lists them. Every Describe is judged on `*`, which is the kernel's default.
 */
export class AutoScalingPermissions {
  readonly #kernel: Kernel;
  readonly #state: AutoScalingState;

  constructor(kernel: Kernel, state: AutoScalingState) {
    this.#kernel = kernel;
    this.#state = state;
  }

  /** A permission on a group, with its tags as context. A group that does not exist yet has no id to be judged on. */
  on(action: string, groupName: string | undefined, context: Context = {}): Requirement {
    const group = this.#state.groups.get(groupName ?? "");
    const tags: Record<string, string> = {};
    for (const { key, value } of group?.tags ?? []) {
      tags[`aws:ResourceTag/${key}`] = value;
      tags[`autoscaling:ResourceTag/${key}`] = value;
    }
    const future = this.#kernel.arn("autoscaling", `autoScalingGroup:*:autoScalingGroupName/${groupName}`);
    return { action: `autoscaling:${action}`, resource: group?.arn ?? future, context: { ...tags, ...context } };
  }

  /** A permission on the group that manages an instance; without one the permission is judged on every group. */
  onInstance(action: string, instanceId: string | undefined): Requirement {
    return this.on(action, this.#state.instances.get(instanceId ?? "")?.group ?? "*");
  }
}

/** The condition keys of a request's tags. */
export function tagContext(tags: readonly Tag[] | undefined): Context {
  if (!tags?.length) return {};
  const context: Record<string, string | string[]> = { "aws:TagKeys": tags.map(({ Key }) => Key ?? "") };
  for (const { Key, Value } of tags) context[`aws:RequestTag/${Key}`] = Value ?? "";
  return context;
}

/** The condition keys of a create or update request that policies limit groups by. */
export function sizeContext(input: {
  MinSize?: number | undefined;
  MaxSize?: number | undefined;
  VPCZoneIdentifier?: string | undefined;
  TargetGroupARNs?: string[] | undefined;
  LaunchTemplate?: { Version?: string | undefined } | undefined;
}): Context {
  const context: Record<string, string | string[]> = {};
  if (input.MinSize !== undefined) context["autoscaling:MinSize"] = String(input.MinSize);
  if (input.MaxSize !== undefined) context["autoscaling:MaxSize"] = String(input.MaxSize);
  if (input.VPCZoneIdentifier) context["autoscaling:VPCZoneIdentifiers"] = input.VPCZoneIdentifier.split(",");
  if (input.TargetGroupARNs) context["autoscaling:TargetGroupARNs"] = input.TargetGroupARNs;
  if (input.LaunchTemplate) {
    const { Version } = input.LaunchTemplate;
    // "True if a specific version of a launch template is specified", and not $Latest or $Default.
    context["autoscaling:LaunchTemplateVersionSpecified"] = String(Version !== undefined && /^\d+$/.test(Version));
  }
  return context;
}
