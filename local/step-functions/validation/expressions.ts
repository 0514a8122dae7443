import { compile, expressionIn } from "../language/expression.ts";
import { isObject } from "../language/json.ts";
import type { Findings } from "./diagnostics.ts";

/** Members of `$states` that only some fields can read: the result of the state, or the error of a catcher. */
type SpecialMember = "result" | "errorOutput";

/**
 * Checks every expression inside a field's value, whatever its depth.
 * @param readable The special members of `$states` that this field can read.
 */
export function checkExpressions(
  value: unknown,
  location: string,
  readable: readonly SpecialMember[],
  findings: Findings,
): void {
  if (typeof value === "string") {
    const source = expressionIn(value);
    if (source !== undefined) checkExpression(source, location, readable, findings);
    else if (value.startsWith("{%")) findings.schema(location, unfinished);
    return;
  }
  if (Array.isArray(value)) {
    for (const [index, element] of value.entries())
      checkExpressions(element, `${location}[${index}]`, readable, findings);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, member] of Object.entries(value)) checkExpressions(member, `${location}/${key}`, readable, findings);
}

const unfinished = "JSONata string must start with {% and end with %}";

/** Refuses text in a field where only an expression makes sense; that AWS says it in these words is assumed. */
export function checkOnlyExpression(value: unknown, location: string, findings: Findings): void {
  if (typeof value === "string" && expressionIn(value) === undefined && !value.startsWith("{%")) {
    findings.schema(location, unfinished);
  }
}

function checkExpression(
  source: string,
  location: string,
  readable: readonly SpecialMember[],
  findings: Findings,
): void {
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
  // Wording measured for errorOutput (floci-io/floci pull 2786); that both are refused: guide, the page on variables.
  for (const member of ["result", "errorOutput"] as const) {
    if (readable.includes(member) || !readsMember(root, member)) continue;
    findings.add("UNSUPPORTED_JSONATA_EXPRESSION", `Field '$states.${member}' does not exist.`, location);
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

function readsMember(node: unknown, member: SpecialMember): boolean {
  if (Array.isArray(node)) return node.some((element) => readsMember(element, member));
  if (!isObject(node)) return false;
  if (node["type"] === "path" && Array.isArray(node["steps"])) {
    const [first, second] = node["steps"] as { type?: string; value?: unknown }[];
    if (first?.type === "variable" && first.value === "states" && second?.value === member) return true;
  }
  return Object.values(node).some((child) => readsMember(child, member));
}
