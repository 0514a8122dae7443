import type { RequestContext } from "./context.ts";

/**
 * Whether a text matches a pattern of `*` and `?`.
 * @param context Fills policy variables, which then stand for themselves: a `*` in a tag's value is no wildcard.
 * @param version Variables exist only in policies of version 2012-10-17; before it they are plain text.
 */
export function matchesPattern(
  pattern: string,
  text: string,
  context: RequestContext | undefined,
  version: string,
  ignoreCase = false,
): boolean {
  if (pattern === "*") return true;
  const hasVariables = context !== undefined && version !== "2008-10-17" && pattern.includes("${");
  if (!hasVariables) return plainTest(pattern, ignoreCase)(text);
  const source = patternSource(pattern, context);
  return source !== undefined && expression(source, ignoreCase).test(text);
}

type TextTest = (text: string) => boolean;

/** Every call is judged by tens of patterns, which stay the same: each is made ready once. */
const plainTests = { exact: new Map<string, TextTest>(), anyCase: new Map<string, TextTest>() };

/** Tests for a pattern without variables. Most actions have no wildcard and are compared as they are. */
function plainTest(pattern: string, ignoreCase: boolean): TextTest {
  const tests = ignoreCase ? plainTests.anyCase : plainTests.exact;
  let test = tests.get(pattern);
  if (!test) {
    if (tests.size >= expressionsMax) tests.clear();
    test = makePlainTest(pattern, ignoreCase);
    tests.set(pattern, test);
  }
  return test;
}

function makePlainTest(pattern: string, ignoreCase: boolean): TextTest {
  if (!/[*?]/.test(pattern) && !ignoreCase) return (text) => text === pattern;
  const source = new RegExp(`^${globSource(pattern)}$`, ignoreCase ? "is" : "s");
  return (text) => source.test(text);
}

/** The text with its policy variables filled in; undefined when the request lacks one that has no default. */
export function fillVariables(text: string, context: RequestContext, version: string): string | undefined {
  if (version === "2008-10-17") return text;
  let complete = true;
  const filled = text.replace(variable, (_whole, name: string, fallback: string | undefined) => {
    const value = variableValue(name, fallback, context);
    if (value === undefined) complete = false;
    return value ?? "";
  });
  return complete ? filled : undefined;
}

/** `${key}`, or `${key, 'default'}`. Source: IAM User Guide, "Policy variables". */
const variable = /\$\{([^},]+?)(?:\s*,\s*'([^']*)')?\}/g;

function variableValue(name: string, fallback: string | undefined, context: RequestContext): string | undefined {
  if (name === "*" || name === "?" || name === "$") return name;
  const values = context.get(name);
  return values?.length === 1 ? values[0] : fallback;
}

function patternSource(pattern: string, context: RequestContext): string | undefined {
  let source = "";
  let last = 0;
  for (const match of pattern.matchAll(variable)) {
    const value = variableValue(match[1] ?? "", match[2], context);
    if (value === undefined) return undefined;
    source += globSource(pattern.slice(last, match.index)) + escapeExpression(value);
    last = match.index + match[0].length;
  }
  return source + globSource(pattern.slice(last));
}

function globSource(pattern: string): string {
  return pattern
    .split(/([*?])/)
    .map((part) => (part === "*" ? ".*" : part === "?" ? "." : escapeExpression(part)))
    .join("");
}

function escapeExpression(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

const expressions = new Map<string, RegExp>();
/** As for parsed policies: a bound against endless new patterns, far above what one stack has. */
const expressionsMax = 10_000;

function expression(source: string, ignoreCase: boolean): RegExp {
  const key = `${ignoreCase ? "i" : "c"}${source}`;
  let found = expressions.get(key);
  if (!found) {
    if (expressions.size >= expressionsMax) expressions.clear();
    found = new RegExp(`^${source}$`, ignoreCase ? "is" : "s");
    expressions.set(key, found);
  }
  return found;
}
