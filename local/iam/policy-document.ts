import { AwsError } from "../core/aws-error.ts";

/** Where a policy stands decides which elements it may have. */
export type PolicyKind = "identity" | "resource" | "trust";

/** A list of patterns, or all but those (`NotAction`, `NotResource`, `NotPrincipal`). */
export interface Matcher<T> {
  negated: boolean;
  values: T;
}

export interface Condition {
  /** Without qualifier and `IfExists`, such as `StringEquals`. */
  operator: string;
  qualifier: "ForAnyValue" | "ForAllValues" | undefined;
  ifExists: boolean;
  key: string;
  values: readonly string[];
}

/** Who a resource policy speaks of: `"*"`, or entries by type (`AWS`, `Service`, `Federated`, `CanonicalUser`). */
export type Principals = "*" | Readonly<Record<string, readonly string[]>>;

export interface Statement {
  sid: string | undefined;
  effect: "Allow" | "Deny";
  actions: Matcher<readonly string[]>;
  /** Absent in trust policies. */
  resources: Matcher<readonly string[]> | undefined;
  /** Absent in identity policies. */
  principals: Matcher<Principals> | undefined;
  conditions: readonly Condition[];
}

export interface PolicyDocument {
  version: string;
  statements: readonly Statement[];
}

const statementElements = new Set([
  "Sid",
  "Effect",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Principal",
  "NotPrincipal",
  "Condition",
]);

/** Source: IAM User Guide, "IAM JSON policy elements: Condition operators". */
const operators = new Set([
  ...["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"],
  ...["StringLike", "StringNotLike", "Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "Null"],
  ...["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals"],
  ...["NumericGreaterThan", "NumericGreaterThanEquals"],
  ...["DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"],
  ...["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
]);

const parsed: Readonly<Record<PolicyKind, Map<string, PolicyDocument>>> = {
  identity: new Map(),
  resource: new Map(),
  trust: new Map(),
};
/** A stack has tens of policies; this only keeps a run that makes endless new ones from growing without bound. */
const parsedMax = 2_000;

/**
 * Reads a policy.
 * @throws {AwsError} MalformedPolicyDocument, in IAM's words, for anything IAM refuses.
 */
export function parsePolicy(text: string, kind: PolicyKind): PolicyDocument {
  const ofKind = parsed[kind];
  const known = ofKind.get(text);
  if (known) return known;
  const document = readDocument(text, kind);
  if (ofKind.size >= parsedMax) ofKind.clear();
  ofKind.set(text, document);
  return document;
}

function readDocument(text: string, kind: PolicyKind): PolicyDocument {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw malformed("This policy contains invalid Json");
  }
  if (!isObject(raw)) throw malformed("Syntax errors in policy.");
  const { Version: version = "2008-10-17", Id: _id, Statement: statements, ...rest } = raw;
  if (Object.keys(rest).length > 0 || (version !== "2012-10-17" && version !== "2008-10-17")) {
    throw malformed("Syntax errors in policy.");
  }
  const list = Array.isArray(statements) ? statements : [statements];
  if (statements === undefined || list.length === 0) throw malformed("Missing required field Statement");
  return { version, statements: list.map((statement) => readStatement(statement, kind)) };
}

function readStatement(raw: unknown, kind: PolicyKind): Statement {
  if (!isObject(raw)) throw malformed("Syntax errors in policy.");
  for (const name of Object.keys(raw)) if (!statementElements.has(name)) throw malformed("Syntax errors in policy.");
  const effect = raw["Effect"];
  if (effect !== "Allow" && effect !== "Deny") throw malformed("Missing required field Effect");
  return {
    sid: typeof raw["Sid"] === "string" ? raw["Sid"] : undefined,
    effect,
    actions: readActions(raw),
    resources: readResources(raw, kind),
    principals: readPrincipals(raw, kind),
    conditions: readConditions(raw["Condition"]),
  };
}

function readActions(raw: Record<string, unknown>): Matcher<readonly string[]> {
  const actions = readMatcher(raw, "Action", "NotAction");
  if (!actions) throw malformed("Missing required field Action");
  for (const action of actions.values) {
    if (action !== "*" && !/^[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+$/.test(action)) {
      throw malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
    }
  }
  return actions;
}

function readResources(raw: Record<string, unknown>, kind: PolicyKind): Matcher<readonly string[]> | undefined {
  const resources = readMatcher(raw, "Resource", "NotResource");
  if (kind === "trust") {
    if (resources) throw malformed("Has prohibited field Resource");
    return undefined;
  }
  if (!resources) throw malformed("Missing required field Resource");
  for (const resource of resources.values) {
    if (resource !== "*" && !/^arn:[^:]*:[^:]*:[^:]*:[^:]*:./s.test(resource)) {
      throw malformed(`Resource ${resource} must be in ARN format or "*".`);
    }
  }
  return resources;
}

function readPrincipals(raw: Record<string, unknown>, kind: PolicyKind): Matcher<Principals> | undefined {
  const negated = raw["NotPrincipal"] !== undefined;
  const value = raw["Principal"] ?? raw["NotPrincipal"];
  if (kind === "identity") {
    if (value !== undefined) throw malformed("Policy document should not specify a principal.");
    return undefined;
  }
  if (value === undefined) throw malformed("Missing required field Principal");
  if (value === "*") return { negated, values: "*" };
  if (!isObject(value)) throw malformed("Syntax errors in policy.");
  const byType = Object.entries(value).map(([type, entries]) => [type, readStrings(entries)]);
  return { negated, values: Object.fromEntries(byType) as Principals };
}

function readMatcher(
  raw: Record<string, unknown>,
  name: string,
  negatedName: string,
): Matcher<readonly string[]> | undefined {
  if (raw[name] !== undefined && raw[negatedName] !== undefined) throw malformed("Syntax errors in policy.");
  const value = raw[name] ?? raw[negatedName];
  if (value === undefined) return undefined;
  const values = readStrings(value);
  if (values.length === 0) throw malformed("Policy statement must contain actions.");
  return { negated: raw[negatedName] !== undefined, values };
}

function readConditions(raw: unknown): Condition[] {
  if (raw === undefined) return [];
  if (!isObject(raw)) throw malformed("Syntax errors in policy.");
  return Object.entries(raw).flatMap(([name, keys]) => {
    const match = /^(?:(ForAnyValue|ForAllValues):)?([A-Za-z]+?)(IfExists)?$/.exec(name);
    const operator = match?.[2] ?? "";
    if (!operators.has(operator) || !isObject(keys)) throw malformed(`Invalid Condition type : ${name}.`);
    return Object.entries(keys).map(
      ([key, values]): Condition => ({
        operator,
        qualifier: match?.[1] as Condition["qualifier"],
        ifExists: match?.[3] !== undefined,
        key,
        values: readStrings(values),
      }),
    );
  });
}

/** One text or a list; IAM takes numbers and booleans too and reads them as text. */
function readStrings(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.map((item) => {
    if (typeof item === "string") return item;
    if (typeof item === "number" || typeof item === "boolean") return String(item);
    throw malformed("Syntax errors in policy.");
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(message: string): AwsError {
  return new AwsError("MalformedPolicyDocument", message, 400);
}
