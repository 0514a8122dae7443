import { isObject } from "../language/json.ts";
import type { Findings } from "./diagnostics.ts";

/** Longest name of a variable. Unit: characters. Source: Step Functions guide, "Passing data between states with variables". */
const variableNameLengthMax = 80;

/** Checks the names an Assign gives. */
export function checkAssign(assign: unknown, location: string, findings: Findings): void {
  if (assign === undefined) return;
  if (!isObject(assign)) {
    findings.type(location, "OBJECT");
    return;
  }
  for (const name of Object.keys(assign)) {
    const plain = plainName(name);
    if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(plain) || plain === "states" || plain.length > variableNameLengthMax) {
      findings.schema(location, `Invalid variable name '${name}'`);
    }
  }
}

/** An Assign of a definition, where it stands. */
export interface Assignment {
  name: string;
  location: string;
}

/** Every variable that one container's own states assign: by themselves, in a rule of a Choice, or in a catcher. */
export function assignmentsIn(container: Record<string, unknown>, location: string): Assignment[] {
  const states = isObject(container["States"]) ? container["States"] : {};
  return Object.entries(states).flatMap(([stateName, state]) => {
    if (!isObject(state)) return [];
    const place = `${location}/States/${stateName}`;
    const rules = ["Choices", "Catch"].flatMap((field) => {
      const list = Array.isArray(state[field]) ? state[field] : [];
      return list.flatMap((rule, index) => assignedBy(rule, `${place}/${field}[${index}]`));
    });
    return [...assignedBy(state, place), ...rules];
  });
}

function assignedBy(owner: unknown, location: string): Assignment[] {
  const assign = isObject(owner) ? owner["Assign"] : undefined;
  if (!isObject(assign)) return [];
  return Object.keys(assign).map((name) => ({ name: plainName(name), location: `${location}/Assign/${name}` }));
}

function plainName(name: string): string {
  return name.endsWith(".$") ? name.slice(0, -2) : name;
}

/**
 * Refuses a variable of an inner scope that has the name of one of an outer scope: a branch of a Parallel and the
 * processor of a Map are scopes of their own. Source: Step Functions guide, "Passing data between states with variables",
 * on variable scope; the wording is not AWS's.
 */
export function checkShadowing(
  container: Record<string, unknown>,
  location: string,
  outer: ReadonlySet<string>,
  findings: Findings,
): ReadonlySet<string> {
  const own = assignmentsIn(container, location);
  for (const { name, location: place } of own) {
    if (outer.has(name)) {
      findings.schema(place, `The variable name '${name}' was already defined in a parent scope.`);
    }
  }
  return new Set([...outer, ...own.map(({ name }) => name)]);
}
