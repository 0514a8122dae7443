import type { Definition } from "../language/definition.ts";
import { byteLength, isObject } from "../language/json.ts";
import { Findings } from "./diagnostics.ts";
import { machineFields } from "./fields.ts";
import { checkGraph } from "./graph.ts";
import { checkState } from "./states.ts";

/** Longest definition AWS accepts. Unit: bytes. Source: Step Functions guide, "Service quotas". */
const definitionBytesMax = 1_048_576;

export interface Validated extends Pick<Findings, "diagnostics" | "missing"> {
  /** There when nothing is wrong with it. */
  definition?: Definition;
}

/** Checks a definition as CreateStateMachine and ValidateStateMachineDefinition do. */
export function validateDefinition(text: string): Validated {
  const findings = new Findings();
  const raw = parse(text, findings);
  if (raw === undefined) return findings;
  for (const field of Object.keys(raw)) {
    if (!machineFields.includes(field)) findings.schema("/", `Field '${field}' is not supported`);
  }
  const language = raw["QueryLanguage"];
  if (language !== undefined && language !== "JSONata" && language !== "JSONPath") {
    findings.schema("/QueryLanguage", "Value is not one of the supported values: [JSONPath, JSONata]");
  }
  checkContainer(raw, "", language === "JSONata", new Set(), findings);
  if (findings.diagnostics.length > 0 || findings.missing.length > 0) return findings;
  return { diagnostics: [], missing: [], definition: raw as unknown as Definition };
}

function parse(text: string, findings: Findings): Record<string, unknown> | undefined {
  if (byteLength(text) > definitionBytesMax) {
    findings.schema("/", `Definition must not exceed ${definitionBytesMax} bytes`);
    return undefined;
  }
  let raw: unknown;
  if (text !== "") {
    try {
      raw = JSON.parse(text);
    } catch (error) {
      findings.add("INVALID_JSON_DESCRIPTION", (error as Error).message, `[Source: (String)"${text.slice(0, 100)}"]`);
      return undefined;
    }
  }
  if (isObject(raw)) return raw;
  findings.add("SCHEMA_VALIDATION_FAILED", "Definition must be a valid JSON object");
  return undefined;
}

function checkContainer(
  container: Record<string, unknown>,
  location: string,
  jsonata: boolean,
  names: Set<string>,
  findings: Findings,
): void {
  const absent = ["States", "StartAt"].filter((field) => !(field in container));
  if (absent.length > 0) {
    findings.schema(location || "/", `These fields are required: [${absent.join(", ")}]`);
    return;
  }
  const states = container["States"];
  if (!isObject(states) || Object.keys(states).length === 0) {
    findings.schema(`${location}/States`, "Field 'States' must have at least 1 state");
    return;
  }
  for (const [name, state] of Object.entries(states)) {
    const place = `${location}/States/${name}`;
    if (names.has(name)) findings.add("DUPLICATE_STATE_NAME", `Duplicate State name: ${name}`, place);
    names.add(name);
    checkState(name, state, place, jsonata, findings);
    if (isObject(state)) checkInner(state, place, jsonata, names, findings);
  }
  checkGraph(container, location, findings);
}

function checkInner(
  state: Record<string, unknown>,
  place: string,
  jsonata: boolean,
  names: Set<string>,
  findings: Findings,
): void {
  const branches = state["Type"] === "Parallel" && Array.isArray(state["Branches"]) ? state["Branches"] : [];
  for (const [index, branch] of branches.entries()) {
    if (isObject(branch)) checkContainer(branch, `${place}/Branches[${index}]`, jsonata, names, findings);
    else findings.schema(`${place}/Branches[${index}]`, "Expected value of type Object");
  }
  const processor = state["ItemProcessor"];
  if (state["Type"] !== "Map" || !isObject(processor)) return;
  if ("QueryLanguage" in processor) findings.schema(`${place}/ItemProcessor`, "Field 'QueryLanguage' is not supported");
  const config = processor["ProcessorConfig"];
  if (isObject(config) && config["Mode"] === "DISTRIBUTED")
    findings.lacks(`${place}/ItemProcessor`, "a distributed Map");
  checkContainer(processor, `${place}/ItemProcessor`, jsonata, names, findings);
}
