import type { Requirement } from "../core/kernel.ts";
import { requestTagConditions, resourceTagConditions } from "../core/tag-conditions.ts";
import type { Directory, PrincipalRecord } from "./directory.ts";
import type { tagMap } from "./input-rules.ts";

type Kind = "user" | "role" | "policy" | "instance-profile";

/** What an IAM action on a named thing needs: the thing's real ARN, or the one it would have. */
export function onNamed(
  directory: Directory,
  kind: Kind,
  name: string,
  path = "/",
): Pick<Requirement, "resource" | "context"> {
  const known = lookup(directory, kind, name);
  if (!known) return { resource: directory.arn(kind, path, name) };
  return { resource: known.arn, context: resourceTagConditions(known.tags) };
}

function lookup(
  directory: Directory,
  kind: Kind,
  name: string,
): Readonly<Pick<PrincipalRecord, "arn" | "tags">> | undefined {
  if (kind === "user") return directory.users.get(name);
  if (kind === "role") return directory.roles.get(name);
  if (kind === "instance-profile") return directory.profiles.get(name);
  return directory.policies.list().find((policy) => policy.name === name);
}

/** Conditions of a request that brings tags; a list the operation will refuse counts as none here. */
export function tagsOf(tags: Parameters<typeof tagMap>[0]): Record<string, string | string[]> {
  const map: Record<string, string> = {};
  for (const { Key, Value } of tags ?? []) if (Key !== undefined) map[Key] = Value ?? "";
  return requestTagConditions(map);
}

/** A requirement with further conditions. */
export function withContext(
  requirement: Requirement,
  context: Readonly<Record<string, string | readonly string[] | undefined>>,
): Requirement {
  const known = Object.entries(context).filter(([, value]) => value !== undefined);
  return {
    ...requirement,
    context: { ...requirement.context, ...(Object.fromEntries(known) as typeof requirement.context) },
  };
}
