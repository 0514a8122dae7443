import { isObject } from "../language/json.ts";
import { parseReferencePath, pathsIn } from "../language/paths.ts";
import type { Findings } from "./diagnostics.ts";
import { jsonPathOnlyFields } from "./fields.ts";
import { checkTask } from "./tasks.ts";

/** The types of states this cloud runs in JSONPath mode. */
const runnable: ReadonlySet<unknown> = new Set(["Pass", "Succeed", "Fail", "Wait", "Task"]);

/** Names what a state in JSONPath mode has that this cloud lacks: all but plain paths in an Assign or in Parameters. */
export function checkJsonPath(state: Record<string, unknown>, location: string, findings: Findings): void {
  const { Type: type, Assign: assign, Parameters: parameters, Catch: catchers } = state;
  if (!runnable.has(type)) findings.lacks(location, `a ${type} state in JSONPath mode`);
  const known = (field: string) =>
    (field === "Parameters" && (type === "Pass" || type === "Task")) || (field === "Result" && type === "Pass");
  for (const field of Object.keys(state)) {
    if (jsonPathOnlyFields.has(field) && !known(field)) findings.lacks(location, `the JSONPath field '${field}'`);
  }
  if (type === "Task") checkTask(state, "Parameters", location, findings);
  for (const field of ["Catch", "Credentials"]) {
    for (const { location: place } of pathsIn(state[field], `${location}/${field}`))
      findings.lacks(place, "a path there");
  }
  for (const [index, catcher] of (Array.isArray(catchers) ? catchers : []).entries()) {
    if (isObject(catcher) && "ResultPath" in catcher) {
      findings.lacks(`${location}/Catch[${index}]`, "the JSONPath field 'ResultPath'");
    }
  }
  const read = [...pathsIn(assign, `${location}/Assign`)];
  for (const { value, location: place } of [...read, ...pathsIn(parameters, `${location}/Parameters`)]) {
    if (typeof value !== "string") {
      findings.schema(place, "The value for a field that ends with '.$' must be a string");
    } else if (!parseReferencePath(value)) findings.lacks(place, `the path ${value}`);
  }
  if (type === "Task" && read.length > 0) findings.lacks(location, "an Assign of a Task that reads a path");
  const shaping = [type === "Pass" ? parameters : undefined, state["Result"]].filter((value) => value !== undefined);
  if (shaping.length > 1) findings.lacks(location, "a Pass with both Parameters and Result");
  if (shaping.length > 0 && read.length > 0) {
    findings.lacks(location, "an Assign that reads a path beside Parameters or Result");
  }
}
