import type { Definition } from "../language/definition.ts";
import { byteLength, isObject } from "../language/json.ts";
import { Findings } from "./diagnostics.ts";
import { machineFields } from "./fields.ts";
import { checkGraph } from "./graph.ts";
import { checkNumber, secondsMax } from "./numbers.ts";
import { checkShadowing } from "./scopes.ts";
import { checkState } from "./states.ts";

/** Longest definition AWS accepts. Unit: bytes. Source: Step Functions guide, "Service quotas". */
const definitionBytesMax = 1_048_576;

export interface Validated extends Pick<Findings, "diagnostics" | "missing"> {
  /** There when nothing is wrong with it. */
  definition?: Definition;
}

/** Checks a definition as CreateStateMachine and ValidateStateMachineDefinition do. */
export function validateDefinition(text: string, type: "STANDARD" | "EXPRESS" = "STANDARD"): Validated {
  const findings = new Findings();
  const raw = parse(text, findings);
  if (raw === undefined) return findings;
  for (const field of Object.keys(raw)) {
    if (!machineFields.includes(field)) findings.schema("/", `Field '${field}' is not supported`);
  }
  const language = raw["QueryLanguage"];
  if (language !== undefined) findings.oneOf("/QueryLanguage", language, ["JSONPath", "JSONata"]);
  const timeout = raw["TimeoutSeconds"];
  if (timeout !== undefined) checkNumber(timeout, { min: 0, max: secondsMax }, "/TimeoutSeconds", findings);
  if (raw["Version"] !== undefined) findings.oneOf("/Version", raw["Version"], ["1.0"]);
  // Anything but the exact word JSONPath means JSONata (measured, floci-io/floci issue 2968).
  const jsonata = language !== undefined && language !== "JSONPath";
  checkContainer(raw, "", { jsonata, names: new Set(), variables: new Set() }, findings);
  if (type === "EXPRESS") refuseWaiting(raw, "", findings);
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

/** What a container inherits from what is around it. */
interface Surroundings {
  jsonata: boolean;
  /** Names of states used so far in the whole machine. */
  names: Set<string>;
  /** Variables of the scopes around. */
  variables: ReadonlySet<string>;
}

function checkContainer(
  container: Record<string, unknown>,
  location: string,
  around: Surroundings,
  findings: Findings,
): void {
  findings.required(location || "/", container, ["States", "StartAt"]);
  if (!("States" in container && "StartAt" in container)) return;
  const states = container["States"];
  if (!isObject(states) || Object.keys(states).length === 0) {
    findings.schema(`${location}/States`, "Field 'States' must have at least 1 state");
    return;
  }
  const inside = { ...around, variables: checkShadowing(container, location, around.variables, findings) };
  for (const [name, state] of Object.entries(states)) {
    const place = `${location}/States/${name}`;
    if (around.names.has(name)) findings.add("DUPLICATE_STATE_NAME", `Duplicate State name: ${name}`, place);
    around.names.add(name);
    checkState(name, state, place, around.jsonata, findings);
    if (isObject(state)) checkInner(state, place, inside, findings);
  }
  checkGraph(container, location, findings);
}

function checkInner(state: Record<string, unknown>, place: string, around: Surroundings, findings: Findings): void {
  const branches = state["Type"] === "Parallel" && Array.isArray(state["Branches"]) ? state["Branches"] : [];
  for (const [index, branch] of branches.entries()) {
    if (isObject(branch)) checkContainer(branch, `${place}/Branches[${index}]`, around, findings);
    else findings.type(`${place}/Branches[${index}]`, "OBJECT");
  }
  const processor = state["ItemProcessor"];
  if (state["Type"] !== "Map" || !isObject(processor)) return;
  if ("QueryLanguage" in processor) findings.schema(`${place}/ItemProcessor`, "Field 'QueryLanguage' is not supported");
  const config = processor["ProcessorConfig"];
  if (isObject(config) && config["Mode"] === "DISTRIBUTED")
    findings.lacks(`${place}/ItemProcessor`, "a distributed Map");
  checkContainer(processor, `${place}/ItemProcessor`, around, findings);
}

/** An EXPRESS machine cannot wait for a token or a job. Wording: LocalStack's AWS-validated suite, test_sfn_api_validation. */
function refuseWaiting(node: unknown, location: string, findings: Findings): void {
  if (Array.isArray(node)) {
    for (const [index, element] of node.entries()) refuseWaiting(element, `${location}[${index}]`, findings);
    return;
  }
  if (!isObject(node)) return;
  const { Type: type, Resource: resource } = node;
  // Either form of sync is called so (badmintoncryer/cdk-preflight, pf-sfn-express-unsupported).
  const [, pattern] = (type === "Task" && /(\.waitForTaskToken|\.sync)(?::2)?$/.exec(String(resource))) || [];
  if (pattern !== undefined) {
    const message = `Express state machine does not support '${pattern}' service integration `;
    findings.schema(`${location}/Resource`, message);
  }
  for (const field of ["States", "Branches", "ItemProcessor"])
    refuseStates(node[field], `${location}/${field}`, findings);
}

function refuseStates(node: unknown, location: string, findings: Findings): void {
  if (!isObject(node) || "States" in node) refuseWaiting(node, location, findings);
  else for (const [name, state] of Object.entries(node)) refuseWaiting(state, `${location}/${name}`, findings);
}
