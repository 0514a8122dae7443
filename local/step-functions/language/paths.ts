import type { Json } from "./json.ts";
import { StateFailure } from "./state-error.ts";

/**
 * Where a path of JSONPath mode leads: `$.a[0]` into the state's input, `$$.Execution.Id` into the context object,
 * `$name.a` into a variable. Source: states-language.net/spec.html, "Reference Paths" and "Variables".
 */
export interface ReferencePath {
  /** The name of a variable, `""` for the input, `"$"` for the context object. */
  root: string;
  steps: (string | number)[];
}

const step = /\.([\p{L}\p{N}_-]+)|\['([^'\\]+)'\]|\[(\d+)\]/u;
const whole = new RegExp(`^\\$(\\$|[\\p{L}_][\\p{L}\\p{N}_]*)?((?:${step.source})*)$`, "u");

/** Undefined for a path that can mean more than one place, and for intrinsic functions: this cloud has neither. */
export function parseReferencePath(text: string): ReferencePath | undefined {
  const parts = whole.exec(text);
  if (!parts) return undefined;
  const [, root = "", rest = ""] = parts;
  const steps = [...rest.matchAll(new RegExp(step, "gu"))].map(([, member, quoted, index]) =>
    index === undefined ? (member ?? quoted ?? "") : Number(index),
  );
  return { root, steps };
}

/** Every member of a template whose name ends with `.$`, with what it says and where. */
export function* pathsIn(template: unknown, location: string): Generator<{ value: unknown; location: string }> {
  if (typeof template !== "object" || template === null) return;
  for (const [name, value] of Object.entries(template)) {
    const place = Array.isArray(template) ? `${location}[${name}]` : `${location}/${name}`;
    if (name.endsWith(".$") && !Array.isArray(template)) yield { value, location: place };
    else yield* pathsIn(value, place);
  }
}

/**
 * Fills a payload template: a member `name.$` becomes `name` with what its path leads to.
 * @param roots What `$`, `$$` and the variables stand for, by the name of the root.
 * @throws {StateFailure} States.Runtime where a path leads nowhere.
 */
export function fillPaths(template: Json, roots: Readonly<Record<string, Json>>): Json {
  if (Array.isArray(template)) return (template as Json[]).map((element) => fillPaths(element, roots));
  if (typeof template !== "object" || template === null) return template;
  const filled = Object.entries(template as Record<string, Json>).map(([name, value]) =>
    name.endsWith(".$") ? [name.slice(0, -2), read(String(value), name, roots)] : [name, fillPaths(value, roots)],
  );
  return Object.fromEntries(filled) as Json;
}

function read(text: string, field: string, roots: Readonly<Record<string, Json>>): Json {
  const path = parseReferencePath(text);
  const root = path && Object.hasOwn(roots, path.root) ? roots[path.root] : undefined;
  let found: unknown = root;
  for (const name of path?.steps ?? []) {
    const holder = (typeof name === "number") === Array.isArray(found) ? found : undefined;
    const within = typeof holder === "object" && holder !== null && Object.hasOwn(holder, name);
    found = within ? (holder as Record<string | number, unknown>)[name] : undefined;
  }
  if (found !== undefined) return found as Json;
  throw new StateFailure(
    "States.Runtime",
    `The JSONPath '${text}' specified for the field '${field}' could not be found in the input '${JSON.stringify(root ?? null)}'`,
  );
}
