import { checkResource } from "../integrations/resource.ts";
import type { State } from "../language/definition.ts";
import { isObject } from "../language/json.ts";
import type { Findings } from "./diagnostics.ts";
import { checkExpressions } from "./expressions.ts";
import { jsonataFields, jsonataOnlyFields, jsonPathOnlyFields, requiredFields } from "./fields.ts";
import { checkStateNumbers } from "./numbers.ts";
import { checkRecovery } from "./recovery.ts";
import { checkAssign } from "./scopes.ts";

type RawState = Record<string, unknown>;

/** The longest state name AWS accepts. Unit: characters. Source: Step Functions guide, "Service quotas". */
const nameLengthMax = 80;
/** Checks one state by itself; where it may go is the graph's business, what is inside it the container's. */
export function checkState(name: string, state: unknown, location: string, jsonata: boolean, findings: Findings): void {
  if (name.length > nameLengthMax) findings.schema(location, `State name must not exceed ${nameLengthMax} characters`);
  if (!isObject(state)) {
    findings.type(location, "OBJECT");
    return;
  }
  const type = state["Type"];
  if (type === undefined) {
    findings.schema(location, "These fields are required: [Type]");
    return;
  }
  if (typeof type !== "string" || !(type in jsonataFields)) {
    findings.oneOf(`${location}/Type`, type, Object.keys(jsonataFields));
    return;
  }
  const usesJsonata = checkLanguage(state, location, jsonata, findings);
  // Going back to JSONPath is the whole complaint about such a state (measured, floci-io/floci pull 2786).
  if (usesJsonata || !jsonata) checkFields(state, type as State["Type"], location, usesJsonata, findings);
  checkMoves(state, type, location, findings);
  checkValues(state, type, location, findings);
  checkRecovery(state, location, findings);
  checkAssign(state["Assign"], `${location}/Assign`, findings);
  if (usesJsonata) checkStateExpressions(state, location, findings);
}

/** Whether this state speaks JSONata. Rules measured in floci-io/floci issue 2968 and LocalStack's recordings. */
function checkLanguage(state: RawState, location: string, jsonata: boolean, findings: Findings): boolean {
  const own = state["QueryLanguage"];
  if (own === undefined) return jsonata;
  findings.oneOf(`${location}/QueryLanguage`, own, ["JSONPath", "JSONata"]);
  if (own === "JSONPath" && jsonata) {
    findings.schema(location, "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine");
  }
  return own !== "JSONPath";
}

function checkFields(
  state: RawState,
  type: State["Type"],
  location: string,
  jsonata: boolean,
  findings: Findings,
): void {
  for (const field of Object.keys(state)) {
    if (jsonata && jsonPathOnlyFields.has(field)) {
      findings.schema(
        location,
        `The QueryLanguage is set to 'JSONata', but field '${field}' is only supported for the 'JSONPath' QueryLanguage`,
      );
    } else if (!jsonata && jsonataOnlyFields.has(field)) {
      findings.schema(
        location,
        `The QueryLanguage is set to 'JSONPath', but field '${field}' is only supported for the 'JSONata' QueryLanguage`,
      );
    } else if (!jsonata && jsonPathOnlyFields.has(field)) findings.lacks(location, `the JSONPath field '${field}'`);
    else if (!jsonataFields[type].includes(field)) findings.schema(location, `Field '${field}' is not supported`);
  }
  const absent = requiredFields[type].filter((field) => !(field in state));
  if (absent.length > 0) findings.schema(location, `These fields are required: [${absent.join(", ")}]`);
  if (!jsonata && !["Pass", "Succeed", "Fail", "Wait"].includes(type)) {
    findings.lacks(location, `a ${type} state in JSONPath mode`);
  }
  if (!jsonata && JSON.stringify(state["Assign"] ?? {}).includes('.$":')) {
    findings.lacks(location, "an Assign that reads a JSONPath");
  }
}

function checkMoves(state: RawState, type: string, location: string, findings: Findings): void {
  if (type === "Choice") {
    if (Array.isArray(state["Choices"]) && state["Choices"].length === 0) {
      findings.schema(`${location}/Choices`, "Field 'Choices' must have at least 1 item");
    }
    return;
  }
  if (type === "Succeed" || type === "Fail") return;
  const ends = state["End"] === true;
  if (ends === (state["Next"] !== undefined)) {
    findings.schema(location, ends ? "Only one of 'Next' and 'End' may be set" : "These fields are required: [Next]");
  }
}

function checkValues(state: RawState, type: string, location: string, findings: Findings): void {
  if (type === "Wait" && ("Seconds" in state ? 1 : 0) + ("Timestamp" in state ? 1 : 0) !== 1 && !hasPath(state)) {
    findings.schema(location, "Exactly one of these fields is required: [Seconds, Timestamp]");
  }
  if (type === "Task" && typeof state["Resource"] === "string") {
    checkResource(state["Resource"], `${location}/Resource`, findings);
  }
  checkStateNumbers(state, location, findings);
  for (const field of ["ItemReader", "ItemBatcher", "ResultWriter", "Label"]) {
    if (field in state && type === "Map") findings.lacks(location, `the field '${field}' of a distributed Map`);
  }
}

function hasPath(state: RawState): boolean {
  return "SecondsPath" in state || "TimestampPath" in state;
}

/** Fields whose strings may be expressions; a Comment may hold anything. */
const expressible = [
  "Assign",
  "Output",
  "Arguments",
  "Seconds",
  "Timestamp",
  "Error",
  "Cause",
  "Items",
  "ItemSelector",
  "MaxConcurrency",
  "ToleratedFailureCount",
  "ToleratedFailurePercentage",
  "TimeoutSeconds",
  "HeartbeatSeconds",
];

/** States whose own Assign and Output may read `$states.result`. Source: guide, "Passing data between states with variables". */
const withResult: ReadonlySet<unknown> = new Set(["Task", "Parallel", "Map"]);

function checkStateExpressions(state: RawState, location: string, findings: Findings): void {
  for (const field of expressible) {
    const hasResult = withResult.has(state["Type"]) && (field === "Assign" || field === "Output");
    checkExpressions(state[field], `${location}/${field}`, hasResult ? ["result"] : [], findings);
  }
  const choices = Array.isArray(state["Choices"]) ? state["Choices"] : [];
  for (const [index, rule] of choices.entries()) {
    if (!isObject(rule)) continue;
    const place = `${location}/Choices[${index}]`;
    for (const field of Object.keys(rule)) {
      if (["Condition", "Assign", "Output"].includes(field)) {
        checkExpressions(rule[field], `${place}/${field}`, [], findings);
      } else if (field !== "Next" && field !== "Comment") {
        findings.schema(place, `Field '${field}' is not supported`);
      }
    }
    const absent = ["Condition", "Next"].filter((field) => !(field in rule));
    if (absent.length > 0) findings.schema(place, `These fields are required: [${absent.join(", ")}]`);
    checkAssign(rule["Assign"], `${place}/Assign`, findings);
  }
  const catchers = Array.isArray(state["Catch"]) ? state["Catch"] : [];
  for (const [index, catcher] of catchers.entries()) {
    if (!isObject(catcher)) continue;
    for (const field of ["Assign", "Output"]) {
      checkExpressions(catcher[field], `${location}/Catch[${index}]/${field}`, ["errorOutput"], findings);
    }
  }
}
