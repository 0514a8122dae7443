import type { Kernel } from "../../local/core/kernel.ts";
import { administrator } from "../../local/iam/administrator.ts";
import { readRoles } from "../documents/roles.ts";

/** One action that a role allows on some resources. */
export interface RolePermission {
  role: string;
  action: string;
  /** Patterns of ARNs, or `*`. */
  resources: string[];
  /** The comment above the statement in the template's source, which says why; may be empty. */
  why: string;
}

interface Statement {
  Action: string | string[];
  Resource: string | string[];
}

/** Every permission of every role of a stage, as IAM has them, with the reasons that stand beside them in `infrastructure/`. */
export async function permissionsOfRoles(kernel: Kernel, stage: string): Promise<RolePermission[]> {
  const found: RolePermission[] = [];
  for (const { name, policies } of readRoles()) {
    const RoleName = name.replace("<stage>", stage);
    const { PolicyNames } = await ask<{ PolicyNames: string[] }>(kernel, "ListRolePolicies", { RoleName });
    for (const PolicyName of PolicyNames) {
      const source = policies.find((policy) => policy.name === PolicyName);
      const { PolicyDocument } = await ask<{ PolicyDocument: string }>(kernel, "GetRolePolicy", {
        RoleName,
        PolicyName,
      });
      const { Statement } = JSON.parse(decodeURIComponent(PolicyDocument)) as { Statement: Statement[] };
      for (const [index, { Action, Resource }] of Statement.entries()) {
        const why = source?.statements[index]?.why ?? "";
        const resources = [Resource].flat();
        found.push(...[Action].flat().map((action) => ({ role: RoleName, action, resources, why })));
      }
    }
  }
  return found;
}

function ask<O>(kernel: Kernel, operation: string, input: object): Promise<O> {
  return kernel.call<O>("iam", operation, input, administrator(kernel.settings));
}
