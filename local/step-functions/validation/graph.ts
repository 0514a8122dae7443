import { isObject } from "../language/json.ts";
import type { Findings } from "./diagnostics.ts";

interface Transition {
  target: unknown;
  location: string;
}

/**
 * Checks that every transition has a target, every state can be reached and the container can end.
 * Wording and order are AWS's, as measured in floci-io/floci pull 2786.
 */
export function checkGraph(container: Record<string, unknown>, location: string, findings: Findings): void {
  const states = isObject(container["States"]) ? container["States"] : {};
  const startAt = container["StartAt"];
  if (typeof startAt === "string" && !(startAt in states)) {
    findings.add("MISSING_TRANSITION_TARGET", `Missing 'StartAt' target: ${startAt}`, `${location}/StartAt`);
  }
  const targets = new Map<string, string[]>();
  for (const [name, state] of Object.entries(states)) {
    const known: string[] = [];
    for (const transition of transitionsOf(state, `${location}/States/${name}`)) {
      if (typeof transition.target !== "string") continue;
      if (transition.target in states) known.push(transition.target);
      else {
        findings.add("MISSING_TRANSITION_TARGET", `Missing 'Next' target: ${transition.target}`, transition.location);
      }
    }
    targets.set(name, known);
  }
  // Only the machine itself is asked for an end (measured, floci-io/floci pull 2786).
  if (location === "" && !Object.values(states).some(isTerminal)) {
    findings.add("MISSING_END_STATE", "Workflow has no terminal state");
    return;
  }
  for (const name of unreachable(startAt, targets)) {
    findings.add("MISSING_TRANSITION_TARGET", `State "${name}" is not reachable.`, `${location}/States/${name}`);
  }
}

function isTerminal(state: unknown): boolean {
  return isObject(state) && (state["End"] === true || state["Type"] === "Succeed" || state["Type"] === "Fail");
}

function transitionsOf(state: unknown, location: string): Transition[] {
  if (!isObject(state)) return [];
  const found: Transition[] = [];
  if ("Next" in state) found.push({ target: state["Next"], location: `${location}/Next` });
  if ("Default" in state) found.push({ target: state["Default"], location: `${location}/Default` });
  for (const field of ["Choices", "Catch"]) {
    const rules = state[field];
    if (!Array.isArray(rules)) continue;
    for (const [index, rule] of rules.entries()) {
      if (isObject(rule)) found.push({ target: rule["Next"], location: `${location}/${field}[${index}]/Next` });
    }
  }
  return found;
}

function unreachable(startAt: unknown, targets: ReadonlyMap<string, string[]>): string[] {
  const reached = new Set<string>();
  const open = typeof startAt === "string" ? [startAt] : [];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    open.push(...(targets.get(name) ?? []));
  }
  return [...targets.keys()].filter((name) => !reached.has(name));
}
