import { evaluate, expressionIn } from "./expression.ts";
import type { Json } from "./json.ts";

/**
 * Fills a payload template: every string that is an expression is replaced by its value, everything else stays.
 * @param location The field it stands in; members and elements are named under it as AWS does (`Output/a/b[0]`).
 * @throws {QueryEvaluationError}
 */
export async function fill(template: Json, bindings: Record<string, unknown>, location: string): Promise<Json> {
  if (typeof template === "string") {
    const source = expressionIn(template);
    return source === undefined ? template : evaluate(source, bindings, location);
  }
  if (Array.isArray(template)) {
    const filled: Json[] = [];
    for (const [index, element] of (template as Json[]).entries()) {
      filled.push(await fill(element, bindings, `${location}[${index}]`));
    }
    return filled;
  }
  if (typeof template === "object" && template !== null) {
    const filled: Record<string, Json> = {};
    for (const [key, member] of Object.entries(template)) {
      filled[key] = await fill(member as Json, bindings, `${location}/${key}`);
    }
    return filled;
  }
  return template;
}
