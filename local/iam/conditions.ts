import { BlockList } from "node:net";
import type { RequestContext } from "./context.ts";
import { fillVariables, matchesPattern } from "./patterns.ts";
import type { Condition } from "./policy-document.ts";

/** Compares one value of the request with one of the policy. */
type Comparison = (found: string, wanted: string, context: RequestContext, version: string) => boolean;

const equalText: Comparison = (found, wanted) => found === wanted;
const equalAnyCase: Comparison = (found, wanted) => found.toLowerCase() === wanted.toLowerCase();
const like: Comparison = (found, wanted, context, version) => matchesPattern(wanted, found, context, version);

/** Source: IAM User Guide: each of an ARN's six parts is matched by itself. */
const arnLike: Comparison = (found, wanted, context, version) => {
  const foundParts = arnParts(found);
  const wantedParts = arnParts(wanted);
  return (
    foundParts.length === 6 &&
    wantedParts.length === 6 &&
    wantedParts.every((part, index) => matchesPattern(part, foundParts[index] ?? "", context, version))
  );
};

/** The operators that say yes; `Not…` ones are their opposites. */
const comparisons: Readonly<Record<string, Comparison>> = {
  StringEquals: equalText,
  StringEqualsIgnoreCase: equalAnyCase,
  StringLike: like,
  BinaryEquals: equalText,
  Bool: equalAnyCase,
  ArnEquals: arnLike,
  ArnLike: arnLike,
  IpAddress: inRange,
  NumericEquals: numeric((found, wanted) => found === wanted),
  NumericLessThan: numeric((found, wanted) => found < wanted),
  NumericLessThanEquals: numeric((found, wanted) => found <= wanted),
  NumericGreaterThan: numeric((found, wanted) => found > wanted),
  NumericGreaterThanEquals: numeric((found, wanted) => found >= wanted),
  DateEquals: dated((found, wanted) => found === wanted),
  DateLessThan: dated((found, wanted) => found < wanted),
  DateLessThanEquals: dated((found, wanted) => found <= wanted),
  DateGreaterThan: dated((found, wanted) => found > wanted),
  DateGreaterThanEquals: dated((found, wanted) => found >= wanted),
};

/** Operators whose right side may hold wildcards, which are filled with variables part by part. */
const patterned = new Set(["StringLike", "ArnEquals", "ArnLike"]);

/**
 * Whether a condition holds for a request. A key the request lacks makes a positive operator false, a `Not…` operator
 * and `…IfExists` true. Source: IAM User Guide, "Condition operators" and "Set operators".
 */
export function conditionHolds(condition: Condition, context: RequestContext, version: string): boolean {
  const found = context.get(condition.key);
  if (condition.operator === "Null")
    return condition.values.some((value) => (value === "true") === (found === undefined));
  const negated = condition.operator.includes("Not");
  const operator = condition.operator.replace("Not", "");
  const compare = comparisons[operator];
  if (!compare) return false;
  if (found === undefined || found.length === 0) {
    if (condition.qualifier === "ForAllValues" || condition.ifExists) return true;
    return condition.qualifier === "ForAnyValue" ? false : negated;
  }
  const wanted = patterned.has(operator)
    ? condition.values
    : condition.values.flatMap((value) => fillVariables(value, context, version) ?? []);
  const holds = (value: string): boolean =>
    wanted.some((wantedValue) => compare(value, wantedValue, context, version)) !== negated;
  if (condition.qualifier === "ForAllValues") return found.every(holds);
  // Without a qualifier, a key of several values counts as a whole: `Not…` must hold for all of them.
  return negated && condition.qualifier === undefined ? found.every(holds) : found.some(holds);
}

function numeric(compare: (found: number, wanted: number) => boolean): Comparison {
  return (found, wanted) => compare(Number(found), Number(wanted));
}

function dated(compare: (foundMs: number, wantedMs: number) => boolean): Comparison {
  return (found, wanted) => compare(epochMs(found), epochMs(wanted));
}

/** Dates are ISO 8601 or seconds since the epoch. */
function epochMs(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

function inRange(found: string, wanted: string): boolean {
  const [address = "", prefix] = wanted.split("/");
  const family = address.includes(":") ? "ipv6" : "ipv4";
  const list = new BlockList();
  try {
    list.addSubnet(address, prefix === undefined ? (family === "ipv6" ? 128 : 32) : Number(prefix), family);
    return list.check(found, found.includes(":") ? "ipv6" : "ipv4");
  } catch {
    return false;
  }
}

function arnParts(arn: string): string[] {
  const parts = arn.split(":");
  return [...parts.slice(0, 5), parts.slice(5).join(":")];
}
