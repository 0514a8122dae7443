import type { Tag } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Kernel, Requirement } from "../core/kernel.ts";
import type { BalancingState } from "./state.ts";

/**
 * Says which permissions operations need: actions, resource types and condition keys as the service authorization
 * reference for Elastic Load Balancing V2 lists them. Every Describe is judged on `*` (it has no resource types), which
 * is the kernel's default.
 */
export class BalancingPermissions {
  readonly #kernel: Kernel;
  readonly #state: BalancingState;

  constructor(kernel: Kernel, state: BalancingState) {
    this.#kernel = kernel;
    this.#state = state;
  }

  /** A permission on an existing resource, with its tags as context. */
  on(action: string, arn: string | undefined): Requirement {
    return {
      action: `elasticloadbalancing:${action}`,
      resource: arn ?? "*",
      context: resourceTags(this.#tagsOf(arn ?? "")),
    };
  }

  /**
   * A permission to create a resource inside `parentArn` (or under a name of its own), plus AddTags when the request
   * tags it. AddTags on create is judged with `elasticloadbalancing:CreateAction`. Source: "Tag resources on creation"
   * in the Elastic Load Balancing user guide.
   */
  creating(action: string, judgedOn: string, created: string, tags: readonly Tag[] | undefined): Requirement[] {
    const requested = requestTags(tags);
    const needed: Requirement[] = [
      {
        action: `elasticloadbalancing:${action}`,
        resource: judgedOn,
        context: { ...resourceTags(this.#tagsOf(judgedOn)), ...requested },
      },
    ];
    if (tags?.length) {
      const context = { ...requested, "elasticloadbalancing:CreateAction": action };
      needed.push({ action: "elasticloadbalancing:AddTags", resource: created, context });
    }
    return needed;
  }

  /** Tagging of existing resources. */
  tagging(action: "AddTags" | "RemoveTags", arns: readonly string[], tags: readonly Tag[]): Requirement[] {
    return arns.map((arn) => {
      const needed = this.on(action, arn);
      return { ...needed, context: { ...needed.context, ...requestTags(tags) } };
    });
  }

  /** The ARN a resource that does not exist yet is judged on: its id is not known before it is made. */
  future(resource: string): string {
    return this.#kernel.arn("elasticloadbalancing", resource);
  }

  #tagsOf(arn: string): Readonly<Record<string, string>> {
    const { balancers, listeners, rules, groups } = this.#state;
    return (balancers.get(arn) ?? listeners.get(arn) ?? rules.get(arn) ?? groups.get(arn))?.tags ?? {};
  }
}

function resourceTags(tags: Readonly<Record<string, string>>): Record<string, string> {
  const context: Record<string, string> = {};
  for (const [key, value] of Object.entries(tags)) {
    context[`aws:ResourceTag/${key}`] = value;
    context[`elasticloadbalancing:ResourceTag/${key}`] = value;
  }
  return context;
}

function requestTags(tags: readonly Tag[] | undefined): Record<string, string | string[]> {
  if (!tags?.length) return {};
  const context: Record<string, string | string[]> = { "aws:TagKeys": tags.map(({ Key }) => Key ?? "") };
  for (const { Key, Value } of tags) if (Value !== undefined) context[`aws:RequestTag/${Key}`] = Value;
  return context;
}
