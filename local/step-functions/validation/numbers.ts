import { expressionIn } from "../language/expression.ts";
import type { Findings } from "./diagnostics.ts";

/** What a number in a definition may be, both ends included. */
export interface NumberRule {
  min: number;
  max: number;
  fractions?: boolean;
}

/** The largest number of seconds a definition may name. Source: states-language.net/spec.html, "Timeouts" and "Retrying". */
export const secondsMax = 99_999_999;

/** Fields of states that are numbers, or expressions that make one. Source: Step Functions guide, the pages of the states. */
export const stateNumbers: Readonly<Record<string, NumberRule>> = {
  Seconds: { min: 0, max: secondsMax },
  TimeoutSeconds: { min: 1, max: secondsMax },
  HeartbeatSeconds: { min: 1, max: secondsMax },
  MaxConcurrency: { min: 0, max: Number.MAX_SAFE_INTEGER },
  ToleratedFailureCount: { min: 0, max: Number.MAX_SAFE_INTEGER },
  ToleratedFailurePercentage: { min: 0, max: 100, fractions: true },
};

export function isWithin(value: unknown, { min, max, fractions = false }: NumberRule): value is number {
  return typeof value === "number" && value >= min && value <= max && (fractions || Number.isInteger(value));
}

/** Checks a number written into a definition. */
export function checkNumber(value: unknown, rule: NumberRule, location: string, findings: Findings): void {
  if (typeof value !== "number") findings.type(location, rule.fractions ? "NUMBER" : "INTEGER");
  else if (!rule.fractions && !Number.isInteger(value)) findings.type(location, "INTEGER");
  else if (value < rule.min) findings.schema(location, `Minimum value is ${rule.min}`);
  else if (value > rule.max) findings.schema(location, `Maximum value is ${rule.max}`);
}

/** Checks the numbers of a state that are not expressions. */
export function checkStateNumbers(state: Record<string, unknown>, location: string, findings: Findings): void {
  for (const [field, rule] of Object.entries(stateNumbers)) {
    const value = state[field];
    if (value === undefined || (typeof value === "string" && expressionIn(value) !== undefined)) continue;
    checkNumber(value, rule, `${location}/${field}`, findings);
  }
  const { TimeoutSeconds: timeout, HeartbeatSeconds: heartbeat } = state;
  if (typeof timeout === "number" && typeof heartbeat === "number" && heartbeat >= timeout) {
    findings.schema(`${location}/HeartbeatSeconds`, "HeartbeatSeconds must be smaller than TimeoutSeconds");
  }
}
