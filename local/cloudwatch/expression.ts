import { validation } from "./errors.ts";

export type Expression =
  | { kind: "number"; value: number }
  | { kind: "text"; value: string }
  | { kind: "name"; name: string }
  | { kind: "list"; items: Expression[] }
  | { kind: "call"; name: string; args: Expression[] }
  | { kind: "unary"; operand: Expression }
  | { kind: "binary"; operator: string; left: Expression; right: Expression };

/** Operators by how tightly they bind, loosest first. Source: "Using math expressions with CloudWatch metrics". */
const levels = [["||", "OR"], ["&&", "AND"], ["==", "!=", "<=", ">=", "<", ">"], ["+", "-"], ["*", "/"], ["^"]];

const tokenPattern =
  /\s*(\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[A-Za-z_][A-Za-z0-9_]*|"[^"]*"|'[^']*'|\|\||&&|==|!=|<=|>=|[-+*/^<>(),[\]])/y;

/** @throws {AwsError} ValidationError for an expression that cannot be read. */
export function parseExpression(text: string): Expression {
  const parser = new Parser(tokenize(text), text);
  const expression = parser.level(0);
  if (!parser.atEnd()) throw malformed(text);
  return expression;
}

function malformed(text: string) {
  return validation(`Error in expression '${text}': the expression is malformed`);
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  const trimmed = text.trimEnd();
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < trimmed.length) {
    const match = tokenPattern.exec(trimmed);
    if (!match?.[1]) throw malformed(text);
    tokens.push(match[1]);
  }
  return tokens;
}

class Parser {
  readonly #tokens: string[];
  readonly #text: string;
  #at = 0;

  constructor(tokens: string[], text: string) {
    this.#tokens = tokens;
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  level(depth: number): Expression {
    const operators = levels[depth];
    if (!operators) return this.#unary();
    let left = this.level(depth + 1);
    for (;;) {
      const operator = this.#tokens[this.#at];
      if (operator === undefined || !operators.includes(operator)) return left;
      this.#at += 1;
      left = { kind: "binary", operator, left, right: this.level(depth + 1) };
    }
  }

  #unary(): Expression {
    if (this.#accept("-")) return { kind: "unary", operand: this.#unary() };
    return this.#primary();
  }

  #primary(): Expression {
    const token = this.#next();
    if (token === "(") {
      const inner = this.level(0);
      this.#expect(")");
      return inner;
    }
    if (token === "[") return { kind: "list", items: this.#items("]") };
    if (/^\d/.test(token)) return { kind: "number", value: Number(token) };
    if (/^["']/.test(token)) return { kind: "text", value: token.slice(1, -1) };
    if (!/^[A-Za-z_]/.test(token)) throw malformed(this.#text);
    if (this.#accept("(")) return { kind: "call", name: token, args: this.#items(")") };
    return { kind: "name", name: token };
  }

  #items(end: string): Expression[] {
    const items: Expression[] = [];
    if (this.#accept(end)) return items;
    do items.push(this.level(0));
    while (this.#accept(","));
    this.#expect(end);
    return items;
  }

  #next(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw malformed(this.#text);
    this.#at += 1;
    return token;
  }

  #accept(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }

  #expect(token: string): void {
    if (!this.#accept(token)) throw malformed(this.#text);
  }
}
