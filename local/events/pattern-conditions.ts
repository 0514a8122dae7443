import { AwsError } from "../core/aws-error.ts";
import type { EventField } from "./event-fields.ts";
import { IpRange } from "./ip-range.ts";
import { matchesWildcard, parseWildcard, type WildcardTokens } from "./wildcard.ts";

/** A pattern EventBridge would not accept. */
export class InvalidEventPattern extends AwsError {
  constructor(reason: string) {
    super("InvalidEventPatternException", `Event pattern is not valid. Reason: ${reason}`, 400);
  }
}

/** One condition on a field, ready to be judged. */
export type Condition =
  /** `{"exists": false}`: met by an event without the field. */
  | { kind: "absent" }
  | {
      kind: "value";
      holds: (value: EventField["value"]) => boolean;
      /** The wildcards in it, which together must not be too complex. */
      wildcards: readonly WildcardTokens[];
    };

type Test = (value: EventField["value"]) => boolean;

/** The numbers that `numeric` can compare. Source: EventBridge user guide, "Numeric matching". */
const maximumNumber = 5e9;

function condition(holds: Test, wildcards: readonly WildcardTokens[] = []): Condition {
  return { kind: "value", holds, wildcards };
}

function onText(holds: (text: string) => boolean): Test {
  return (value) => typeof value === "string" && holds(value);
}

/**
 * One member of a field's list.
 * @throws {InvalidEventPattern}
 */
export function parseCondition(member: unknown): Condition {
  if (member === null || typeof member === "string" || typeof member === "number" || typeof member === "boolean") {
    return condition((value) => value === member);
  }
  if (typeof member !== "object" || Array.isArray(member)) {
    throw new InvalidEventPattern("Match value must be String, number, true, false, or null");
  }
  const [operator, operand] = onlyEntry(member, "Match expression name not found");
  const parse = operators[operator];
  if (!parse) throw new InvalidEventPattern(`Unrecognized match type ${operator}`);
  return parse(operand);
}

function onlyEntry(object: object, whenEmpty: string): [string, unknown] {
  const [entry, ...more] = Object.entries(object);
  if (entry === undefined) throw new InvalidEventPattern(whenEmpty);
  if (more.length > 0) throw new InvalidEventPattern("Only one key allowed in match expression");
  return entry;
}

const operators: Readonly<Record<string, (operand: unknown) => Condition>> = {
  prefix: (operand) => condition(affixTest("prefix", operand)),
  suffix: (operand) => condition(affixTest("suffix", operand)),
  "equals-ignore-case": (operand) => {
    const expected = text(operand, "equals-ignore-case match pattern must be a string").toLowerCase();
    return condition(onText((value) => value.toLowerCase() === expected));
  },
  wildcard: (operand) => {
    const tokens = wildcard(operand);
    return condition(
      onText((value) => matchesWildcard(tokens, value)),
      [tokens],
    );
  },
  exists: (operand) => {
    if (operand === true) return condition(() => true);
    if (operand === false) return { kind: "absent" };
    throw new InvalidEventPattern("exists match pattern must be either true or false.");
  },
  cidr: (operand) => {
    const range = IpRange.parse(text(operand, "prefix match pattern must be a string"));
    if (typeof range === "string") throw new InvalidEventPattern(range);
    return condition(onText((value) => range.contains(value)));
  },
  numeric: (operand) => condition(numericTest(operand)),
  "anything-but": anythingBut,
};

function text(operand: unknown, reason: string): string {
  if (typeof operand !== "string") throw new InvalidEventPattern(reason);
  return operand;
}

function wildcard(operand: unknown): WildcardTokens {
  const tokens = parseWildcard(text(operand, "wildcard match pattern must be a string"));
  if (typeof tokens === "string") throw new InvalidEventPattern(tokens);
  return tokens;
}

/** `prefix` and `suffix`, also as `{"prefix": {"equals-ignore-case": "…"}}`. */
function affixTest(operator: "prefix" | "suffix", operand: unknown): Test {
  const meets = (value: string, affix: string) =>
    operator === "prefix" ? value.startsWith(affix) : value.endsWith(affix);
  if (typeof operand === "object" && operand !== null && !Array.isArray(operand)) {
    const [inner, affix] = onlyEntry(operand, `${operator} match pattern must be a string`);
    if (inner !== "equals-ignore-case") throw new InvalidEventPattern(`Unsupported anything-but pattern: ${inner}`);
    const lower = text(affix, "equals-ignore-case match pattern must be a string").toLowerCase();
    return onText((value) => meets(value.toLowerCase(), lower));
  }
  const affix = text(operand, `${operator} match pattern must be a string`);
  return onText((value) => meets(value, affix));
}

/** `["=", n]`, one bound, or a lower bound followed by an upper one. */
function numericTest(operand: unknown): Test {
  if (!Array.isArray(operand)) throw new InvalidEventPattern("Value of numeric must be an array.");
  const [operator, first, second, top, ...more] = operand as unknown[];
  if (typeof operator !== "string")
    throw new InvalidEventPattern(`Invalid member in numeric match: ${operator ?? "]"}`);
  const lower = bound(operator, first);
  if (operand.length === 2) return onNumber((value) => lower(value));
  if (operator !== ">" && operator !== ">=") throw new InvalidEventPattern("Too many elements in numeric expression");
  if (typeof second !== "string") throw new InvalidEventPattern(`Bad value in numeric range: ${second}`);
  if (second !== "<" && second !== "<=") throw new InvalidEventPattern(`Bad numeric range operator: ${second}`);
  const upper = bound(second, top);
  if (more.length > 0) throw new InvalidEventPattern("Too many terms in numeric range expression");
  if (Number(first) >= Number(top)) throw new InvalidEventPattern("Bottom must be less than top");
  return onNumber((value) => lower(value) && upper(value));
}

function onNumber(holds: (value: number) => boolean): Test {
  return (value) => typeof value === "number" && Math.abs(value) <= maximumNumber && holds(value);
}

const comparisons: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  "=": (value, limit) => value === limit,
  "<": (value, limit) => value < limit,
  "<=": (value, limit) => value <= limit,
  ">": (value, limit) => value > limit,
  ">=": (value, limit) => value >= limit,
};

function bound(operator: string, limit: unknown): (value: number) => boolean {
  const compare = comparisons[operator];
  if (!compare) throw new InvalidEventPattern(`Unrecognized numeric range operator: ${operator}`);
  if (typeof limit !== "number") {
    throw new InvalidEventPattern(`Value of ${operator === "=" ? "equals" : operator} must be numeric`);
  }
  if (Math.abs(limit) > maximumNumber) {
    throw new InvalidEventPattern(`Value must be between ${-maximumNumber} and ${maximumNumber}, inclusive`);
  }
  return (value) => compare(value, limit);
}

/** `anything-but` needs the field to be there, with any value, null included, that is not excluded. */
function anythingBut(operand: unknown): Condition {
  if (typeof operand === "string" || typeof operand === "number") return condition((value) => value !== operand);
  if (Array.isArray(operand)) return condition(noneOf(operand));
  if (typeof operand !== "object" || operand === null) {
    throw new InvalidEventPattern("Value of anything-but must be an array or single string/number value.");
  }
  const [inner, excluded] = onlyEntry(operand, "Anything-But expression name not found");
  if (inner === "wildcard") {
    const patterns = (Array.isArray(excluded) ? nonEmpty(excluded) : [excluded]).map(wildcard);
    const excludes = onText((value) => patterns.some((tokens) => matchesWildcard(tokens, value)));
    return condition((value) => !excludes(value), patterns);
  }
  if (inner === "equals-ignore-case") {
    const reason = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.";
    const lower = texts(excluded, reason).map((one) => one.toLowerCase());
    const excludes = onText((value) => lower.includes(value.toLowerCase()));
    return condition((value) => !excludes(value));
  }
  if (inner === "prefix" || inner === "suffix") {
    if (typeof excluded === "object" && !Array.isArray(excluded)) {
      throw new InvalidEventPattern("Value of anything-but must be an array or single string/number value.");
    }
    const affixes = texts(excluded, "prefix/suffix match pattern must be a string");
    if (affixes.includes("")) throw new InvalidEventPattern("Null prefix/suffix not allowed");
    const tests = affixes.map((affix) => affixTest(inner, affix));
    return condition((value) => !tests.some((excludes) => excludes(value)));
  }
  throw new InvalidEventPattern(`Unsupported anything-but pattern: ${inner}`);
}

function noneOf(list: readonly unknown[]): Test {
  for (const member of nonEmpty(list)) {
    if (typeof member !== "string" && typeof member !== "number") {
      throw new InvalidEventPattern("Inside anything but list, start|null|boolean is not supported.");
    }
  }
  if (new Set(list.map((member) => typeof member)).size > 1) {
    throw new InvalidEventPattern(
      "Inside anything but list, either all values are number or string, mixed type is not supported",
    );
  }
  const excluded = new Set(list);
  return (value) => !excluded.has(value);
}

function nonEmpty(list: readonly unknown[]): readonly unknown[] {
  if (list.length === 0) throw new InvalidEventPattern("Empty arrays are not allowed");
  return list;
}

function texts(operand: unknown, reason: string): string[] {
  const list = Array.isArray(operand) ? nonEmpty(operand) : [operand];
  return list.map((member) => text(member, reason));
}
