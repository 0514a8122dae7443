/** The part of a Babel node that is read. Source: Babel's AST specification. */
interface SyntaxNode {
  type: string;
  value?: unknown;
  quasis?: readonly { value: { raw: string } }[];
  expressions?: readonly SyntaxNode[];
}

/** Expressions that Stryker changes nothing in, so that leaving out the text around them leaves out nothing else. */
const plain: ReadonlySet<string> = new Set(["Identifier", "MemberExpression", "NumericLiteral"]);

/**
 * Whether a literal is a sentence for people: three words or more. What a message says is judged by reading it; its names,
 * keys and values are shorter and stay to be changed.
 */
export function isSentence({ type, value, quasis, expressions }: SyntaxNode): boolean {
  if (type === "StringLiteral") return isText(String(value));
  if (type !== "TemplateLiteral" || expressions?.some((expression) => !plain.has(expression.type))) return false;
  return isText(quasis?.map((quasi) => quasi.value.raw).join("x") ?? "");
}

function isText(text: string): boolean {
  return /[A-Za-z,.:;]+ [\w'"]+ /.test(text);
}

/** Stryker's way of leaving code out. Source: Stryker's documentation, "Disable mutants", ignore plugins. */
export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "sentences",
    value: {
      shouldIgnore: ({ node }: { node: SyntaxNode }) =>
        isSentence(node) ? "a sentence for people is judged by reading it" : undefined,
    },
  },
];
