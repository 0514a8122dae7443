import { compile, expressionIn } from "../language/expression.ts";
import { isObject } from "../language/json.ts";
import { parseReferencePath } from "../language/paths.ts";
import { assignmentsIn } from "./scopes.ts";

/** Members of a state that hold other states, which refer for themselves. */
const inner: ReadonlySet<string> = new Set(["Branches", "ItemProcessor", "States"]);

/**
 * The variables each state's expressions read, of those that some state assigns, in alphabetical order; states that read
 * none are left out. Source: DescribeStateMachine API reference, variableReferences.
 */
export function variableReferences(definition: Record<string, unknown>): Record<string, string[]> {
  const containers = [...containersIn(definition)];
  const assigned = new Set(containers.flatMap((container) => assignmentsIn(container, "").map(({ name }) => name)));
  const references: Record<string, string[]> = {};
  for (const container of containers) {
    for (const [name, state] of Object.entries(container["States"] as Record<string, unknown>)) {
      const read = [...new Set(variablesIn(state))].filter((variable) => assigned.has(variable)).sort();
      if (read.length > 0) references[name] = read;
    }
  }
  return references;
}

function* containersIn(node: unknown): Generator<Record<string, unknown>> {
  if (Array.isArray(node)) for (const element of node) yield* containersIn(element);
  if (!isObject(node)) return;
  if ("StartAt" in node && isObject(node["States"])) yield node;
  for (const member of Object.values(node)) yield* containersIn(member);
}

function variablesIn(value: unknown): string[] {
  if (typeof value === "string") {
    const source = expressionIn(value);
    return source === undefined ? [] : variablesOf(compile(source).ast());
  }
  if (Array.isArray(value)) return value.flatMap(variablesIn);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    if (inner.has(key)) return [];
    return key.endsWith(".$") ? [parseReferencePath(String(member))?.root ?? ""] : variablesIn(member);
  });
}

/** Names after a dollar sign anywhere in an expression; what the expression binds itself has no such name in the machine. */
function variablesOf(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(variablesOf);
  if (!isObject(node)) return [];
  const own = node["type"] === "variable" ? [String(node["value"])] : [];
  return [...own, ...Object.values(node).flatMap(variablesOf)];
}
