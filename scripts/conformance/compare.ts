/** The first difference between what was recorded and what came out, with the path to it; undefined when there is none. */
export function firstDifference(recorded: unknown, actual: unknown, path = ""): string | undefined {
  if (typeof recorded === "string" && typeof actual === "string") {
    return matchesText(recorded, actual) ? undefined : unlike(path, recorded, actual);
  }
  if (Array.isArray(recorded) && Array.isArray(actual)) {
    if (recorded.length !== actual.length) return `${path}: recorded ${recorded.length} elements, got ${actual.length}`;
    for (const [index, element] of recorded.entries()) {
      const difference = firstDifference(element, actual[index], `${path}[${index}]`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (isObject(recorded) && isObject(actual)) return objectDifference(recorded, actual, path);
  return recorded === actual || isPlaceholder(recorded) ? undefined : unlike(path, recorded, actual);
}

function objectDifference(
  recorded: Record<string, unknown>,
  actual: Record<string, unknown>,
  path: string,
): string | undefined {
  for (const key of new Set([...Object.keys(recorded), ...Object.keys(actual)])) {
    const place = `${path}/${key}`;
    if (!(key in actual)) return `${place}: recorded ${JSON.stringify(recorded[key])}, got nothing`;
    if (!(key in recorded)) return `${place}: recorded nothing, got ${JSON.stringify(actual[key])}`;
    const difference = firstDifference(recorded[key], actual[key], place);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** Words that stand for a value that differs from run to run. */
const placeholders = new Set([
  "timestamp",
  "date",
  "datetime",
  "start-date",
  "stop-date",
  "snf_role_arn",
  "lambda_function_name",
  "x-amzn-RequestId",
  "X-Amzn-Trace-Id",
  "RequestId",
]);

function isPlaceholder(recorded: unknown): boolean {
  return typeof recorded === "string" && (placeholders.has(recorded) || /^<+[^<>]+>+$/.test(recorded));
}

/** `<…>` stands for any text, other words of the list for a whole value. */
function matchesText(recorded: string, actual: string): boolean {
  if (recorded === actual || isPlaceholder(recorded)) return true;
  if (!/<[^<>]+>/.test(recorded)) return false;
  const parts = recorded.split(/<+[^<>]+>+/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[\\s\\S]+?")}$`).test(actual);
}

function unlike(path: string, recorded: unknown, actual: unknown): string {
  return `${path}: recorded ${JSON.stringify(recorded)}, got ${JSON.stringify(actual)}`;
}

/** Texts that hold a JSON object are compared as data, as the recordings have them. */
export function withParsedTexts(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "string" && value.trimStart().startsWith("{")) {
    try {
      return withParsedTexts(JSON.parse(value));
    } catch {
      return value;
    }
  }
  if (Array.isArray(value)) return value.map(withParsedTexts);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withParsedTexts(member)]));
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
