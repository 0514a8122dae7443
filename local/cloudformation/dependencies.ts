import { referencesIn } from "./intrinsics.ts";
import { type Json, type Template, templateError } from "./template.ts";

/**
 * Which resources each resource needs first: by DependsOn, Ref, Fn::GetAtt and Fn::Sub. Keys are in an order in which
 * everything comes after what it needs; resources of one rank keep the template's order.
 * @param included The resources whose conditions hold.
 * @throws {AwsError} ValidationError for a reference to nothing or a circle.
 */
export function dependencyOrder(template: Template, included: ReadonlySet<string>): Map<string, string[]> {
  const needs = new Map<string, string[]>();
  for (const logicalId of included) needs.set(logicalId, directNeeds(template, logicalId, included));
  const ordered = new Map<string, string[]>();
  while (ordered.size < needs.size) {
    const before = ordered.size;
    for (const [logicalId, required] of needs) {
      if (!ordered.has(logicalId) && required.every((one) => ordered.has(one))) ordered.set(logicalId, required);
    }
    if (ordered.size === before) {
      const circle = [...needs.keys()].filter((logicalId) => !ordered.has(logicalId));
      throw templateError(`Circular dependency between resources: [${circle.join(", ")}]`);
    }
  }
  return ordered;
}

function directNeeds(template: Template, logicalId: string, included: ReadonlySet<string>): string[] {
  const resource = template.Resources[logicalId];
  const declared = resource?.DependsOn ?? [];
  const needs = new Set<string>();
  for (const name of typeof declared === "string" ? [declared] : declared) {
    if (!template.Resources[name]) throw unresolved(name);
    if (included.has(name)) needs.add(name);
  }
  for (const name of referencesIn((resource?.Properties ?? {}) as Json)) {
    if (name.startsWith("AWS::") || template.Parameters[name]) continue;
    if (!template.Resources[name]) throw unresolved(name);
    // A branch of Fn::If that is not taken may name a resource that is not made.
    if (included.has(name)) needs.add(name);
  }
  needs.delete(logicalId);
  return [...needs];
}

function unresolved(name: string) {
  return templateError(
    `Template format error: Unresolved resource dependencies [${name}] in the Resources block of the template`,
  );
}
