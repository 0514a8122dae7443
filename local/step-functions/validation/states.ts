import type { State } from "../language/definition.ts";
import { isObject } from "../language/json.ts";
import { checkChoices } from "./choices.ts";
import type { Findings, ValueType } from "./diagnostics.ts";
import { checkExpressions, checkOnlyExpression } from "./expressions.ts";
import { jsonataFields, jsonataOnlyFields, jsonPathOnlyFields, requiredFields } from "./fields.ts";
import { checkJsonPath } from "./json-path.ts";
import { checkStateNumbers } from "./numbers.ts";
import { checkRecovery } from "./recovery.ts";
import { checkAssign } from "./scopes.ts";
import { checkTask } from "./tasks.ts";

type RawState = Record<string, unknown>;

/** The longest state name AWS accepts. Unit: characters. Source: Step Functions guide, "Service quotas". */
const nameLengthMax = 80;
/** Checks one state by itself; where it may go is the graph's business, what is inside it the container's. */
export function checkState(name: string, state: unknown, location: string, jsonata: boolean, findings: Findings): void {
  if (name.length > nameLengthMax) {
    const limit = `exceeds the ${nameLengthMax}-character limit allowed by the service`;
    findings.add("INVALID_STATE_NAME", `State name '${name}' ${limit}`, location);
  }
  if (!isObject(state)) {
    findings.type(location, "OBJECT");
    return;
  }
  const type = state["Type"];
  if (type === undefined) {
    findings.required(location, state, ["Type"]);
    return;
  }
  if (typeof type !== "string" || !(type in jsonataFields)) {
    findings.oneOf(`${location}/Type`, type, Object.keys(jsonataFields));
    return;
  }
  const usesJsonata = checkLanguage(state, location, jsonata, findings);
  // Going back to JSONPath is the whole complaint about such a state (measured, floci-io/floci pull 2786).
  if (usesJsonata || !jsonata) checkFields(state, type as State["Type"], location, usesJsonata, findings);
  checkTypes(state, location, findings);
  checkMoves(state, type, location, findings);
  checkValues(state, type, location, findings);
  checkRecovery(state, location, usesJsonata ? "JSONata" : "JSONPath", findings);
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
    if (jsonPathOnlyFields.has(field)) {
      if (jsonata) findings.otherLanguage(location, field, "JSONata");
    } else if (!jsonata && jsonataOnlyFields.has(field)) findings.otherLanguage(location, field, "JSONPath");
    else if (!jsonataFields[type].includes(field)) findings.schema(location, `Field '${field}' is not supported`);
  }
  findings.required(location, state, requiredFields[type]);
  if (!jsonata) checkJsonPath(state, location, findings);
}

/** Types of the fields that no other check looks into. */
const fieldTypes: Readonly<Record<string, ValueType>> = {
  Comment: "STRING",
  Next: "STRING",
  Default: "STRING",
  End: "BOOLEAN",
  Resource: "STRING",
  Choices: "ARRAY",
  Branches: "ARRAY",
  ItemProcessor: "OBJECT",
  Credentials: "OBJECT",
};

function checkTypes(state: RawState, location: string, findings: Findings): void {
  for (const [field, type] of Object.entries(fieldTypes)) {
    const value = state[field];
    if (value !== undefined && typeName(value) !== type) findings.type(`${location}/${field}`, type);
  }
}

function typeName(value: unknown): string {
  return (Array.isArray(value) ? "array" : typeof value).toUpperCase();
}

function checkMoves(state: RawState, type: string, location: string, findings: Findings): void {
  if (type === "Choice" || type === "Succeed" || type === "Fail") return;
  const ways = [state["Next"] !== undefined, state["End"] === true];
  findings.onlyOne(location, ["Next", "End"], ways.filter(Boolean).length);
}

/** AWS takes a written time in UTC only (badmintoncryer/cdk-preflight, pf-sfn-asl-wait-timing); an expression may make others. */
const literalTimestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

const waitFields: readonly string[] = ["SecondsPath", "Seconds", "TimestampPath", "Timestamp"];

function checkValues(state: RawState, type: string, location: string, findings: Findings): void {
  const { Timestamp: timestamp, Branches: branches } = state;
  if (type === "Wait") {
    findings.onlyOne(location, waitFields, waitFields.filter((field) => field in state).length);
    if (typeof timestamp === "string" && !timestamp.startsWith("{%") && !literalTimestamp.test(timestamp)) {
      findings.schema(`${location}/Timestamp`, "String does not match RFC3339 timestamp");
    }
  }
  if (type === "Map") {
    const processors = ["ItemProcessor", "Iterator"];
    findings.onlyOne(location, processors, processors.filter((field) => field in state).length);
  }
  if (type === "Parallel" && Array.isArray(branches) && branches.length === 0) {
    findings.empty(`${location}/Branches`);
  }
  checkStateNumbers(state, location, findings);
  for (const field of ["ItemReader", "ItemBatcher", "ResultWriter", "Label"]) {
    if (field in state && type === "Map") findings.lacks(location, `the field '${field}' of a distributed Map`);
  }
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
  checkOnlyExpression(state["Items"], `${location}/Items`, findings);
  if (state["Type"] === "Choice") checkChoices(state["Choices"], `${location}/Choices`, findings);
  if (state["Type"] === "Task") checkTask(state, "Arguments", location, findings);
  const catchers = Array.isArray(state["Catch"]) ? state["Catch"] : [];
  for (const [index, catcher] of catchers.entries()) {
    if (!isObject(catcher)) continue;
    for (const field of ["Assign", "Output"]) {
      checkExpressions(catcher[field], `${location}/Catch[${index}]/${field}`, ["errorOutput"], findings);
    }
  }
}
