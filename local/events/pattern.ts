import { type EventField, fieldsOf, mergeElements } from "./event-fields.ts";
import { type Condition, InvalidEventPattern, parseCondition } from "./pattern-conditions.ts";
import { areTooComplex } from "./wildcard.ts";

/** A pattern ready to be judged: it matches when all fields of one alternative do (`$or` makes several). */
export interface CompiledPattern {
  alternatives: readonly ReadonlyMap<string, readonly Condition[]>[];
}

/** Names that are operators, which EventBridge does not take as field names inside `$or`. */
const reservedInOr = new Set([
  "exactly",
  "prefix",
  "suffix",
  "equals-ignore-case",
  "anything-but",
  "exists",
  "numeric",
  "cidr",
  "wildcard",
]);

/**
 * Reads an event pattern, as JSON text or as what that text says.
 * Source: EventBridge user guide, "Comparison operators for use in event patterns"; where it is silent, what AWS's
 * open-source matcher (aws/event-ruler) does.
 * @throws {InvalidEventPattern}
 */
export function compilePattern(pattern: unknown): CompiledPattern {
  const parsed = typeof pattern === "string" ? parseJson(pattern) : pattern;
  if (!isObject(parsed)) throw new InvalidEventPattern("Filter is not an object");
  const alternatives = addFields([new Map()], parsed, "", false);
  for (const fields of alternatives) for (const conditions of fields.values()) refuseComplex(conditions);
  return { alternatives };
}

/**
 * Whether an event meets a pattern.
 * @throws {InvalidEventPattern}
 */
export function matchesPattern(pattern: unknown, event: unknown): boolean {
  return matchesCompiled(compilePattern(pattern), fieldsOf(event));
}

/** Whether an event, cut into its fields, meets a pattern that was read before. */
export function matchesCompiled(pattern: CompiledPattern, fields: ReadonlyMap<string, EventField[]>): boolean {
  return pattern.alternatives.some((alternative) => matchesFields([...alternative], fields, new Map()));
}

/** Tries, field by field, every value that meets a condition, as long as all lie in the same elements of shared arrays. */
function matchesFields(
  wanted: readonly (readonly [string, readonly Condition[]])[],
  fields: ReadonlyMap<string, EventField[]>,
  elements: ReadonlyMap<number, number>,
): boolean {
  const [first, ...rest] = wanted;
  if (first === undefined) return true;
  const [path, conditions] = first;
  const present = fields.get(path);
  if (present === undefined) {
    return conditions.some(({ kind }) => kind === "absent") && matchesFields(rest, fields, elements);
  }
  return present.some((field) => {
    if (!conditions.some((condition) => condition.kind === "value" && condition.holds(field.value))) return false;
    const merged = mergeElements(elements, field.elements);
    return merged !== undefined && matchesFields(rest, fields, merged);
  });
}

type Alternative = ReadonlyMap<string, readonly Condition[]>;

/** Adds the conditions of one object of the pattern to every alternative there is so far. */
function addFields(
  alternatives: readonly Alternative[],
  object: Record<string, unknown>,
  path: string,
  insideOr: boolean,
): readonly Alternative[] {
  const entries = Object.entries(object);
  if (entries.length === 0) throw new InvalidEventPattern("Empty objects are not allowed");
  let result = alternatives;
  for (const [name, value] of entries) {
    if (name === "$or") {
      result = addOr(result, value, path);
      continue;
    }
    if (insideOr && reservedInOr.has(name)) {
      throw new InvalidEventPattern(`${name} is Ruler reserved fieldName which cannot be used inside $or.`);
    }
    const fullPath = path === "" ? name : `${path}.${name}`;
    if (Array.isArray(value)) {
      if (value.length === 0) throw new InvalidEventPattern("Empty arrays are not allowed");
      const conditions = value.map(parseCondition);
      result = result.map((alternative) => new Map([...alternative, [fullPath, conditions]]));
    } else if (isObject(value)) {
      result = addFields(result, value, fullPath, insideOr);
    } else {
      throw new InvalidEventPattern(`"${name}" must be an object or an array`);
    }
  }
  return result;
}

function addOr(alternatives: readonly Alternative[], value: unknown, path: string): readonly Alternative[] {
  if (!Array.isArray(value)) throw new InvalidEventPattern("It must be an Array followed with $or.");
  const branches = value.map((branch) => {
    if (isObject(branch)) return addFields(alternatives, branch, path, true);
    throw new InvalidEventPattern("Only JSON object is allowed in array of $or relationship.");
  });
  if (branches.length < 2) {
    throw new InvalidEventPattern("There must have at least 2 Objects in $or relationship.");
  }
  const combined = branches.flat();
  // Source: EventBridge quotas, "Number of rule combinations when using OR matching".
  if (combined.length > 1000) throw new InvalidEventPattern("There are too many $or combinations, at most 1000");
  return combined;
}

function refuseComplex(conditions: readonly Condition[]): void {
  const wildcards = conditions.flatMap((condition) => (condition.kind === "value" ? condition.wildcards : []));
  if (wildcards.length === 0 || !areTooComplex(wildcards)) return;
  throw new InvalidEventPattern(
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character",
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidEventPattern(error instanceof Error ? error.message : String(error));
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
