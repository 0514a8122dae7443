import { isObject } from "../language/json.ts";
import type { Findings } from "./diagnostics.ts";
import { checkNumber, type NumberRule } from "./numbers.ts";
import { checkAssign } from "./scopes.ts";

type Entry = Record<string, unknown>;
type Language = "JSONata" | "JSONPath";

const fields: Readonly<Record<"Retry" | "Catch", { required: readonly string[]; allowed: readonly string[] }>> = {
  Retry: {
    required: ["ErrorEquals"],
    allowed: [
      "ErrorEquals",
      "IntervalSeconds",
      "MaxAttempts",
      "BackoffRate",
      "MaxDelaySeconds",
      "JitterStrategy",
      "Comment",
    ],
  },
  Catch: { required: ["ErrorEquals", "Next"], allowed: ["ErrorEquals", "Next", "Assign", "Comment"] },
};

/**
 * Source: Step Functions guide, "Handling errors in Step Functions workflows", the fields of a retrier. That an interval
 * of 0 is taken all the same was measured in badmintoncryer/cdk-preflight, pf-sfn-asl-numeric-ranges.
 */
const retrierNumbers: Readonly<Record<string, NumberRule>> = {
  IntervalSeconds: { min: 0, max: 99_999_999 },
  MaxAttempts: { min: 0, max: 99_999_999 },
  MaxDelaySeconds: { min: 1, max: 31_622_400 },
  BackoffRate: { min: 1, max: Number.MAX_VALUE, fractions: true },
};

/** Checks the retriers and catchers of a state. */
export function checkRecovery(state: Entry, location: string, language: Language, findings: Findings): void {
  for (const field of ["Retry", "Catch"] as const) {
    const list = state[field];
    if (list === undefined) continue;
    if (!Array.isArray(list)) {
      findings.type(`${location}/${field}`, "ARRAY");
      continue;
    }
    for (const [index, entry] of list.entries()) {
      const place = `${location}/${field}[${index}]`;
      if (!isObject(entry)) findings.type(place, "OBJECT");
      else {
        checkFields(entry, field, place, language, findings);
        checkEntry(entry, field, place, index === list.length - 1, findings);
      }
    }
  }
}

function checkFields(
  entry: Entry,
  field: "Retry" | "Catch",
  place: string,
  language: Language,
  findings: Findings,
): void {
  const foreign = language === "JSONata" ? "ResultPath" : "Output";
  const own = language === "JSONPath" ? "ResultPath" : "Output";
  for (const name of Object.keys(entry)) {
    if (field === "Catch" && name === foreign) findings.otherLanguage(place, name, language);
    else if (!fields[field].allowed.includes(name) && !(field === "Catch" && name === own)) {
      findings.schema(place, `Field '${name}' is not supported`);
    }
  }
}

function checkEntry(entry: Entry, field: "Retry" | "Catch", place: string, last: boolean, findings: Findings): void {
  findings.required(place, entry, fields[field].required);
  if ("ErrorEquals" in entry) checkErrorEquals(entry["ErrorEquals"], `${place}/ErrorEquals`, last, findings);
  checkAssign(entry["Assign"], `${place}/Assign`, findings);
  for (const [name, rule] of Object.entries(retrierNumbers)) {
    if (name in entry) checkNumber(entry[name], rule, `${place}/${name}`, findings);
  }
  const jitter = entry["JitterStrategy"];
  if (jitter !== undefined) findings.oneOf(`${place}/JitterStrategy`, jitter, ["NONE", "FULL"]);
}

/** The sentence about States.ALL is AWS's (aws/aws-cdk issue 10530). */
function checkErrorEquals(names: unknown, location: string, last: boolean, findings: Findings): void {
  if (!Array.isArray(names)) {
    findings.type(location, "ARRAY");
    return;
  }
  if (names.length === 0) findings.empty(location);
  for (const [index, name] of names.entries()) {
    if (typeof name !== "string") findings.type(`${location}[${index}]`, "STRING");
    else if (name === "States.ALL" && (names.length > 1 || !last)) {
      findings.schema(`${location}[${index}]`, "States.ALL must appear alone and at end of list");
    }
  }
}
