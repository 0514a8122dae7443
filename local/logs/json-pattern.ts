import { invalidParameter } from "./errors.ts";
import type { MessageMatch } from "./filter-pattern.ts";

type Test = (event: unknown) => boolean;

const tokenPattern = /\s*(&&|\|\||!=|>=|<=|=|>|<|\(|\)|"(?:[^"\\]|\\.)*"|%(?:[^%])*%|\$[^\s=!<>()&|]*|[^\s=!<>()&|]+)/y;

/** A selector such as `{ ($.level = "ERROR") && ($.attempt > 2) }`. @throws {AwsError} InvalidParameterException. */
export function parseJsonPattern(pattern: string): MessageMatch {
  if (!pattern.endsWith("}")) throw malformed();
  const tokens = tokenize(pattern.slice(1, -1).trim());
  const parser = new Parser(tokens);
  const test = parser.any();
  if (!parser.atEnd()) throw malformed();
  return (message) => {
    const event = parseObject(message);
    return event !== undefined && test(event);
  };
}

function malformed() {
  return invalidParameter("Invalid filter pattern");
}

function parseObject(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    // What is no JSON matches no selector.
    return undefined;
  }
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.length) {
    const match = tokenPattern.exec(text);
    if (!match?.[1]) throw malformed();
    tokens.push(match[1]);
  }
  return tokens;
}

class Parser {
  readonly #tokens: string[];
  #at = 0;

  constructor(tokens: string[]) {
    this.#tokens = tokens;
  }

  atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  any(): Test {
    let left = this.#all();
    while (this.#accept("||")) {
      const [first, second] = [left, this.#all()];
      left = (event) => first(event) || second(event);
    }
    return left;
  }

  #all(): Test {
    let left = this.#one();
    while (this.#accept("&&")) {
      const [first, second] = [left, this.#one()];
      left = (event) => first(event) && second(event);
    }
    return left;
  }

  #one(): Test {
    if (this.#accept("(")) {
      const inner = this.any();
      if (!this.#accept(")")) throw malformed();
      return inner;
    }
    const selector = this.#next();
    if (!selector.startsWith("$")) throw malformed();
    const select = selectorOf(selector);
    if (this.#accept("IS")) return word(this.#next(), select);
    if (this.#accept("NOT")) {
      if (!this.#accept("EXISTS")) throw malformed();
      return (event) => select(event) === undefined;
    }
    return comparison(select, this.#next(), this.#next());
  }

  #accept(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }

  #next(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw malformed();
    this.#at += 1;
    return token;
  }
}

/** `$.a.b[0]` and `$['a']`. */
function selectorOf(selector: string): (event: unknown) => unknown {
  const parts = [...selector.slice(1).matchAll(/\.([^.[\]]+)|\[(\d+)\]|\['([^']+)'\]/g)];
  if (parts.map(([whole]) => whole).join("") !== selector.slice(1)) throw malformed();
  const keys = parts.map(([, name, index, quoted]) => name ?? index ?? quoted ?? "");
  return (event) => keys.reduce<unknown>((value, key) => (value as Record<string, unknown> | null)?.[key], event);
}

function word(name: string, select: (event: unknown) => unknown): Test {
  const wanted: Record<string, unknown> = { TRUE: true, FALSE: false, NULL: null };
  if (!(name in wanted)) throw malformed();
  return (event) => select(event) === wanted[name];
}

function comparison(select: (event: unknown) => unknown, operator: string, operand: string): Test {
  if (operator === "=" || operator === "!=") {
    const equals = equality(operand);
    return (event) => {
      const value = select(event);
      return value !== undefined && equals(value) === (operator === "=");
    };
  }
  const limit = Number(operand);
  if (Number.isNaN(limit)) throw malformed();
  const holds = order[operator];
  if (!holds) throw malformed();
  return (event) => {
    const value = select(event);
    return typeof value === "number" && holds(value, limit);
  };
}

const order: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  ">": (value, limit) => value > limit,
  "<": (value, limit) => value < limit,
  ">=": (value, limit) => value >= limit,
  "<=": (value, limit) => value <= limit,
};

function equality(operand: string): (value: unknown) => boolean {
  if (operand.startsWith("%")) {
    const expression = new RegExp(operand.slice(1, -1));
    return (value) => typeof value === "string" && expression.test(value);
  }
  const text = operand.startsWith('"') ? operand.slice(1, -1).replace(/\\(.)/g, "$1") : operand;
  if (text.includes("*")) {
    const escaped = text.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
    const wildcard = new RegExp(`^${escaped}$`, "s");
    return (value) => (typeof value === "string" || typeof value === "number") && wildcard.test(String(value));
  }
  return (value) => {
    if (typeof value === "number") return value === Number(text);
    return typeof value === "string" && value === text;
  };
}
