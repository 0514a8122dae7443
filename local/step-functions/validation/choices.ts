import { isObject } from "../language/json.ts";
import type { Findings } from "./diagnostics.ts";
import { checkExpressions, checkOnlyExpression } from "./expressions.ts";
import { checkAssign } from "./scopes.ts";

/** What a rule in JSONPath mode is made of. */
const jsonPathRule: ReadonlySet<string> = new Set(["Variable", "And", "Or", "Not"]);

/** Checks the rules of a Choice in JSONata. */
export function checkChoices(choices: unknown, location: string, findings: Findings): void {
  if (!Array.isArray(choices)) return;
  if (choices.length === 0) findings.empty(location);
  for (const [index, rule] of choices.entries()) {
    const place = `${location}[${index}]`;
    if (isObject(rule)) checkRule(rule, place, findings);
    else findings.type(place, "OBJECT");
  }
}

function checkRule(rule: Record<string, unknown>, place: string, findings: Findings): void {
  const foreign = Object.keys(rule).filter((field) => jsonPathRule.has(field));
  for (const field of foreign) findings.otherLanguage(place, field, "JSONata");
  for (const [field, value] of Object.entries(rule)) {
    if (field === "Condition" || field === "Assign" || field === "Output") {
      checkExpressions(value, `${place}/${field}`, [], findings);
    } else if (field !== "Next" && field !== "Comment" && foreign.length === 0) {
      findings.schema(place, `Field '${field}' is not supported`);
    }
  }
  findings.required(place, rule, foreign.length > 0 ? ["Next"] : ["Condition", "Next"]);
  checkOnlyExpression(rule["Condition"], `${place}/Condition`, findings);
  checkAssign(rule["Assign"], `${place}/Assign`, findings);
}
