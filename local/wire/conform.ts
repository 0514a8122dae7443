import { brokenRules, type Constraint, type Constraints, type Unheeded } from "./constraints.ts";
import type { Shape } from "./shape.ts";

/** One way in which an input breaks its model. */
export interface Problem {
  /** Members from the input down, such as `Targets.1.Id`. */
  path: string;
  kind: "missing" | "type" | "constraint" | "unheeded";
  value?: unknown;
  /** What AWS's sentence says must hold, such as `Member must not be null`. */
  rule: string;
}

/** What a copy is checked against, and where the problems go. */
export interface Check {
  constraints: Constraints;
  unheeded: Unheeded;
  problems: Problem[];
}

/**
 * A copy of an answer, which is trusted to have its shape: only what the shape has, so that neither side of a call can
 * change what the other keeps. Streams are passed on as they are.
 */
export function copied(shape: Shape, value: unknown): unknown {
  if (shape.isStructured) {
    if (!isObject(value)) return value;
    const result: Record<string, unknown> = {};
    const { members } = shape;
    for (const name of Object.keys(value)) {
      const item = value[name];
      const member = item === undefined || item === null ? undefined : members.get(name);
      if (member) result[name] = copied(member, item);
    }
    return result;
  }
  switch (shape.kind) {
    case "list":
      return Array.isArray(value) ? value.map((item) => copied(shape.element, item)) : value;
    case "map": {
      if (!isObject(value)) return value;
      const entries = Object.entries(value).filter(([, item]) => item !== undefined);
      return Object.fromEntries(entries.map(([key, item]) => [key, copied(shape.element, item)]));
    }
    case "document":
      return structuredClone(value);
    default:
      return value;
  }
}

/**
 * A copy of an input in the same way, checked.
 * @param check Receives what is wrong.
 */
export function conform(shape: Shape, value: unknown, check: Check, path = ""): unknown {
  if (shape.isStructured) {
    if (!isObject(value)) return wrongType(shape, value, check, path);
    return conformStructure(shape, value, check, path);
  }
  switch (shape.kind) {
    case "list":
      if (!Array.isArray(value)) return wrongType(shape, value, check, path);
      return value.map((item, index) => conform(shape.element, item, check, join(path, String(index + 1))));
    case "map": {
      if (!isObject(value)) return wrongType(shape, value, check, path);
      const entries = Object.entries(value).filter(([, item]) => item !== undefined);
      return Object.fromEntries(
        entries.map(([key, item]) => [key, conform(shape.element, item, check, join(path, key))]),
      );
    }
    case "document":
      return structuredClone(value);
    default:
      return fits(shape, value) ? value : wrongType(shape, value, check, path);
  }
}

function conformStructure(
  shape: Shape,
  value: Record<string, unknown>,
  check: Check,
  path: string,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, member] of shape.members) {
    const item = value[name];
    if (item !== undefined && item !== null) {
      const at = join(path, name);
      const ruled = `${shape.name}.${name}`;
      result[name] = conform(member, item, check, at);
      const constraint = check.constraints.get(ruled);
      if (check.unheeded.has(ruled) && asksForSomething(item)) {
        check.problems.push({ path: at, kind: "unheeded", rule: "Member must not be given" });
      }
      if (constraint) checkConstraint(constraint, item, check.problems, at);
    } else if (shape.required.has(name)) {
      check.problems.push({ path: join(path, name), kind: "missing", rule: "Member must not be null" });
    }
  }
  return result;
}

/** What says no more than leaving it out: false, and nothing in a list or structure. */
function asksForSomething(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== false && value !== "" && !(isObject(value) && Object.keys(value).length === 0);
}

function checkConstraint(constraint: Constraint, value: unknown, problems: Problem[], path: string): void {
  for (const rule of brokenRules(constraint, value)) problems.push({ path, kind: "constraint", value, rule });
  const { key: keys, element } = constraint;
  if (Array.isArray(value)) {
    if (!element) return;
    for (const [index, item] of value.entries())
      checkConstraint(element, item, problems, join(path, String(index + 1)));
  } else if ((keys || element) && isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (keys) checkConstraint(keys, key, problems, join(path, key));
      if (element) checkConstraint(element, item, problems, join(path, key));
    }
  }
}

function fits(shape: Shape, value: unknown): boolean {
  switch (shape.kind) {
    case "string":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "timestamp":
      return value instanceof Date && !Number.isNaN(value.getTime());
    case "blob":
      return typeof value === "object" && value !== null;
    default:
      return true;
  }
}

function wrongType(shape: Shape, value: unknown, check: Check, path: string): unknown {
  check.problems.push({ path, kind: "type", value, rule: `Member must be of type ${shape.kind}` });
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
