import { invalidParameter } from "./errors.ts";
import { parseJsonPattern } from "./json-pattern.ts";

/** Whether a message is one that a filter pattern looks for. */
export type MessageMatch = (message: string) => boolean;

/**
 * Reads a filter pattern: terms, quoted phrases, `?any` and `-none` of them, one `%regular expression%`, or a selector
 * of JSON in braces. Source: "Filter pattern syntax for metric filters, subscription filters, filter log events".
 * @throws {AwsError} InvalidParameterException for a malformed pattern or one of space-delimited fields.
 */
export function parseFilterPattern(pattern: string | undefined): MessageMatch {
  const text = (pattern ?? "").trim();
  if (text === "") return () => true;
  if (text.startsWith("{")) return parseJsonPattern(text);
  if (text.startsWith("[")) {
    throw invalidParameter("Invalid filter pattern: the embedded cloud has no patterns for space-delimited events");
  }
  if (/^%.*%$/s.test(text)) return expression(text.slice(1, -1));
  return terms(text);
}

function expression(source: string): MessageMatch {
  try {
    const compiled = new RegExp(source);
    return (message) => compiled.test(message);
  } catch {
    throw invalidParameter("Invalid filter pattern: the regular expression is malformed");
  }
}

const termPattern = /\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))/y;

function terms(text: string): MessageMatch {
  const all: string[] = [];
  const any: string[] = [];
  const none: string[] = [];
  termPattern.lastIndex = 0;
  while (termPattern.lastIndex < text.length) {
    const match = termPattern.exec(text);
    if (!match) throw invalidParameter("Invalid filter pattern");
    const [, sign, quoted, plain] = match;
    const term = quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "";
    if (sign === "?") any.push(term);
    else if (sign === "-") none.push(term);
    else all.push(term);
  }
  // Beside terms that must be there, `?` terms do not matter.
  return (message) => {
    if (none.some((term) => message.includes(term))) return false;
    if (all.length > 0) return all.every((term) => message.includes(term));
    return any.length === 0 || any.some((term) => message.includes(term));
  };
}
