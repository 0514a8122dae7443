import { readFile } from "node:fs/promises";

/** What a model demands of one value beyond its type. */
export interface Constraint {
  /** Least length of text, bytes, lists and maps; least value of numbers. */
  min?: number;
  max?: number;
  pattern?: string;
  enum?: string[];
  /** For the keys of a map. */
  key?: Constraint;
  /** For what a list or map holds. */
  element?: Constraint;
}

/** Constraints of a service's members, by `<structure>.<member>`. */
export type Constraints = ReadonlyMap<string, Constraint>;

/** Members of inputs that a service does not heed, by `<structure>.<member>`. */
export type Unheeded = ReadonlySet<string>;

/** Reads the list of a service; see scripts/generate-unheeded.ts for where it comes from. */
export async function loadUnheeded(serviceId: string): Promise<Unheeded> {
  return new Set(await linesOf(`./unheeded/${serviceId}.txt`));
}

/** Reads the table of a service; see constraints/generate.ts for where it comes from. */
export async function loadConstraints(serviceId: string): Promise<Constraints> {
  const lines = await linesOf(`./constraints/${serviceId}.txt`);
  return new Map(
    lines.map((line): [string, Constraint] => {
      const space = line.indexOf(" ");
      return [line.slice(0, space), JSON.parse(line.slice(space + 1)) as Constraint];
    }),
  );
}

async function linesOf(file: string): Promise<string[]> {
  const text = await readFile(new URL(file, import.meta.url), "utf8");
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** What a value of a constrained member breaks, in the words of AWS's validation errors; empty when nothing. */
export function brokenRules(constraint: Constraint, value: unknown): string[] {
  const rules: string[] = [];
  const { min, max, pattern, enum: values } = constraint;
  const measured = measureOf(value);
  if (measured) {
    const [word, size] = measured;
    if (min !== undefined && size < min) rules.push(`Member must have ${word} greater than or equal to ${min}`);
    if (max !== undefined && size > max) rules.push(`Member must have ${word} less than or equal to ${max}`);
  }
  if (typeof value !== "string") return rules;
  if (pattern !== undefined && compiled(pattern)?.test(value) === false) {
    rules.push(`Member must satisfy regular expression pattern: ${pattern}`);
  }
  if (values && !values.includes(value)) rules.push(`Member must satisfy enum value set: [${values.join(", ")}]`);
  return rules;
}

function measureOf(value: unknown): [word: "length" | "value", size: number] | undefined {
  if (typeof value === "number") return ["value", value];
  if (typeof value === "string" || value instanceof Uint8Array || Array.isArray(value)) return ["length", value.length];
  const isMap = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isMap ? ["length", Object.keys(value).length] : undefined;
}

const expressions = new Map<string, RegExp | undefined>();

/**
 * A model's pattern as an expression for the whole text, which is how AWS applies it. Undefined for the few that use
 * what JavaScript does not have; those are left to the service.
 */
export function compiled(pattern: string): RegExp | undefined {
  if (expressions.has(pattern)) return expressions.get(pattern);
  let expression: RegExp | undefined;
  for (const flags of ["u", ""]) {
    try {
      expression ??= new RegExp(`^(?:${pattern})$`, flags);
    } catch {
      // The next flags may take it: some patterns escape characters that "u" does not let be escaped.
    }
  }
  expressions.set(pattern, expression);
  return expression;
}
