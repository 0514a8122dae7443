import { compile, expressionIn } from "../language/expression.ts";
import { isObject } from "../language/json.ts";
import type { Findings } from "./diagnostics.ts";

/** What an expression may read, by the field it stands in. */
export interface ExpressionPlace {
  /** `$states.errorOutput` exists in a Catch's own Assign and Output only. */
  inCatch: boolean;
}

/** Checks every expression inside a field's value, whatever its depth. */
export function checkExpressions(value: unknown, location: string, place: ExpressionPlace, findings: Findings): void {
  if (typeof value === "string") {
    const source = expressionIn(value);
    if (source !== undefined) checkExpression(source, location, place, findings);
    return;
  }
  if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) checkExpressions(element, `${location}[${index}]`, place, findings);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, member] of Object.entries(value)) checkExpressions(member, `${location}/${key}`, place, findings);
}

function checkExpression(source: string, location: string, place: ExpressionPlace, findings: Findings): void {
  let root: unknown;
  try {
    root = compile(source).ast();
  } catch (error) {
    findings.add("INVALID_JSONATA_EXPRESSION", (error as Error).message, location);
    return;
  }
  const reported = new Set<string>();
  walk(root, false, (reference, sentence) => {
    if (reported.has(reference)) return;
    reported.add(reference);
    findings.add("UNSUPPORTED_JSONATA_EXPRESSION", sentence, location);
  });
  if (!place.inCatch && readsErrorOutput(root)) {
    findings.add("UNSUPPORTED_JSONATA_EXPRESSION", "Reference to '$states.errorOutput' is not supported.", location);
  }
}

type Report = (reference: string, sentence: string) => void;

const contextual: Readonly<Record<string, string>> = { wildcard: "*", descendant: "**", parent: "%" };

/**
 * Reports what reads the context item where there is none: the machine's data come as variables, so a bare name at the
 * top level can never have a value. Inside a path, each step is the context of the next and of its own predicates.
 */
function walk(node: unknown, hasContext: boolean, report: Report): void {
  if (Array.isArray(node)) {
    for (const element of node) walk(element, hasContext, report);
    return;
  }
  if (!isObject(node)) return;
  const type = node["type"];
  if (type === "variable" && node["value"] === "$") report("$$", "Reference to '$$' is not supported.");
  if (!hasContext) {
    const name =
      type === "name"
        ? String(node["value"])
        : type === "variable" && node["value"] === ""
          ? "$"
          : contextual[String(type)];
    if (name !== undefined) report(name, `Reference to '${name}' at the top level is not supported.`);
  }
  if (type === "path" && Array.isArray(node["steps"])) {
    const [first, ...rest] = node["steps"];
    walk(first, hasContext, report);
    walk(rest, true, report);
    walk(node["group"], true, report);
    return;
  }
  for (const [key, member] of Object.entries(node)) {
    walk(member, hasContext || scoped.has(key), report);
  }
}

/** Members of a node whose expressions are evaluated against that node's own items. */
const scoped: ReadonlySet<string> = new Set([
  "stages",
  "predicate",
  "group",
  "terms",
  "pattern",
  "update",
  "delete",
  "body",
]);

function readsErrorOutput(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(readsErrorOutput);
  if (!isObject(node)) return false;
  if (node["type"] === "path" && Array.isArray(node["steps"])) {
    const [first, second] = node["steps"] as { type?: string; value?: unknown }[];
    if (first?.type === "variable" && first.value === "states" && second?.value === "errorOutput") return true;
  }
  return Object.values(node).some(readsErrorOutput);
}
