import jsonata from "jsonata";
import type { Json } from "./json.ts";
import { QueryEvaluationError } from "./state-error.ts";

/**
 * AWS stops an expression that nests deeper: its edge was measured between 99 and 101 (floci-io/floci issue 2737). Here
 * the written expression is measured; the depth of recursion is bounded by `stepsMax` alone.
 */
const depthMax = 100;
/** Steps of one expression. AWS limits time; a count gives the same answer on every machine. About a second of work. */
const stepsMax = 1_000_000;
/** Compiled expressions kept; a machine has some tens. Beyond this the oldest is compiled again when needed. */
const compiledMax = 2000;

const compiled = new Map<string, jsonata.Expression>();

/** The text between `{%` and `%}`, or undefined when the string is a literal. Blanks outside the braces make it a literal. */
export function expressionIn(text: string): string | undefined {
  return text.startsWith("{%") && text.endsWith("%}") && text.length >= 4 ? text.slice(2, -2).trim() : undefined;
}

/** @throws The parser's own error, with `code` and `message`. */
export function compile(source: string): jsonata.Expression {
  let expression = compiled.get(source);
  if (!expression) {
    expression = jsonata(source);
    const tooDeep = nesting(expression.ast()) > depthMax;
    watch(expression, tooDeep);
    if (compiled.size >= compiledMax) compiled.delete(compiled.keys().next().value ?? "");
    compiled.set(source, expression);
  }
  return expression;
}

/**
 * Evaluates one expression without a context item, as Step Functions does.
 * @param location The field as AWS names it, for example `Output/list[0]`.
 * @throws {QueryEvaluationError} When it throws, returns nothing or returns what is no JSON.
 */
export async function evaluate(source: string, bindings: Record<string, unknown>, location: string): Promise<Json> {
  const sentence = `The JSONata expression '${source}' specified for the field '${location}'`;
  let result: unknown;
  try {
    result = await compile(source).evaluate(undefined, { ...bindings, [spentName]: { steps: 0 } });
  } catch (error) {
    throw new QueryEvaluationError(`${sentence} threw an error during evaluation${reason(error)}`, location);
  }
  if (result === undefined) throw new QueryEvaluationError(`${sentence} returned nothing (undefined).`, location);
  const plain = asJson(result);
  if (plain === undefined) throw new QueryEvaluationError(`${sentence} returned an unsupported result type.`, location);
  return plain;
}

/** The complaint AWS makes when a field got the wrong type of value. */
export function unexpectedType(source: string, location: string, expected: string, value: Json): QueryEvaluationError {
  return new QueryEvaluationError(
    `The JSONata expression '${source}' specified for the field '${location}' returned an unexpected result type. ` +
      `Expected '${expected}', but was '${typeName(value)}' for value: ${JSON.stringify(value)}`,
    location,
  );
}

function typeName(value: Json): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** After a coded message AWS writes a full stop, before one of its own limits a colon (floci-io/floci pull 2783). */
function reason(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return code === undefined ? `: ${message ?? String(error)}` : `. ${code}: ${message}`;
}

/** What one evaluation has used so far; kept under a name that no expression can spell. */
const spentName = " spent";

interface Spent {
  steps: number;
}

/** Counts the steps of each evaluation through the hook jsonata 2.0.6 offers; without it a loop would never end. */
function watch(expression: jsonata.Expression, tooDeep: boolean): void {
  const hooks = expression as unknown as { assign(name: symbol, hook: unknown): void };
  hooks.assign(
    Symbol.for("jsonata.__evaluate_entry"),
    (_node: unknown, _input: unknown, scope: jsonata.Environment) => {
      const spent = scope.lookup(spentName) as Spent;
      spent.steps += 1;
      if (tooDeep) {
        throw new LimitError(
          "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive.",
        );
      }
      if (spent.steps > stepsMax) throw new LimitError("Expression evaluation timeout: Check for infinite loop");
    },
  );
}

/** How many expression nodes stand inside one another, counted without recursion: the text may nest as deep as it likes. */
function nesting(root: unknown): number {
  let deepest = 0;
  const open: { node: unknown; depth: number }[] = [{ node: root, depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    if (typeof next.node !== "object" || next.node === null) continue;
    const depth = "type" in next.node ? next.depth + 1 : next.depth;
    deepest = Math.max(deepest, depth);
    for (const member of Object.values(next.node)) open.push({ node: member, depth });
  }
  return deepest;
}

class LimitError extends Error {
  override readonly name = "LimitError";
}

/** A copy with only JSON in it; undefined when it holds a function. Numbers that JSON lacks become text, as on AWS. */
function asJson(value: unknown): Json | undefined {
  let hasFunction = false;
  const text = JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member === "function" || isLambda(member)) hasFunction = true;
    if (typeof member === "number" && !Number.isFinite(member)) return String(member);
    return isLambda(member) ? null : member;
  });
  return hasFunction || text === undefined ? undefined : (JSON.parse(text) as Json);
}

function isLambda(value: unknown): boolean {
  return typeof value === "object" && value !== null && ("_jsonata_lambda" in value || "_jsonata_function" in value);
}
