import { conditionHolds } from "./conditions.ts";
import type { RequestContext } from "./context.ts";
import { matchesPattern } from "./patterns.ts";
import type { Matcher, PolicyDocument, Principals, Statement } from "./policy-document.ts";

/** One action on one resource, as policies judge it. */
export interface AccessRequest {
  action: string;
  resource: string;
  context: RequestContext;
}

/** Whom a resource policy may name. */
export interface Principal {
  /** Every ARN the caller answers to: a session's own and its role's; empty for a service or an anonymous caller. */
  arns: readonly string[];
  accountId: string | undefined;
  /** Host of an AWS service, such as `events.amazonaws.com`. */
  service: string | undefined;
}

/** `none`: no statement applies. */
export type Effect = "allow" | "deny" | "none";

/** What policies of one kind together say: any deny counts before any allow. */
export function evaluate(documents: readonly PolicyDocument[], request: AccessRequest): Effect {
  let effect: Effect = "none";
  for (const document of documents) {
    for (const statement of document.statements) {
      if (!applies(statement, request, document.version)) continue;
      if (statement.effect === "Deny") return "deny";
      effect = "allow";
    }
  }
  return effect;
}

/**
 * What a resource's own policy says to a caller. `delegated`: it lets the caller's account decide, so that the caller's
 * own policies must allow it too. Source: IAM User Guide, "AWS account principals".
 */
export function evaluateResourcePolicy(
  document: PolicyDocument,
  request: AccessRequest,
  principal: Principal,
): Effect | "delegated" {
  let effect: Effect | "delegated" = "none";
  for (const statement of document.statements) {
    if (!applies(statement, request, document.version)) continue;
    const named = namesPrincipal(statement.principals, principal);
    if (named === "no") continue;
    if (statement.effect === "Deny") return "deny";
    if (effect !== "allow") effect = named === "account" ? "delegated" : "allow";
  }
  return effect;
}

function applies(statement: Statement, request: AccessRequest, version: string): boolean {
  return (
    namesAction(statement, request.action, version) &&
    (statement.resources === undefined ||
      matchesAny(statement.resources, (pattern) =>
        matchesPattern(pattern, request.resource, request.context, version),
      )) &&
    statement.conditions.every((condition) => conditionHolds(condition, request.context, version))
  );
}

/**
 * Which actions a statement names. They hold no variables, statements never change, and a cloud knows a few hundred actions,
 * while every call asks each statement of its caller.
 */
const namedActions = new WeakMap<Statement, Map<string, boolean>>();

function namesAction(statement: Statement, action: string, version: string): boolean {
  let known = namedActions.get(statement);
  if (!known) {
    known = new Map();
    namedActions.set(statement, known);
  }
  let named = known.get(action);
  if (named === undefined) {
    named = matchesAny(statement.actions, (pattern) => matchesPattern(pattern, action, undefined, version, true));
    known.set(action, named);
  }
  return named;
}

function matchesAny(matcher: Matcher<readonly string[]>, matches: (pattern: string) => boolean): boolean {
  return matcher.values.some(matches) !== matcher.negated;
}

function namesPrincipal(matcher: Matcher<Principals> | undefined, principal: Principal): "directly" | "account" | "no" {
  if (!matcher) return "no";
  const named = whomNames(matcher.values, principal);
  if (!matcher.negated) return named;
  return named === "no" ? "directly" : "no";
}

function whomNames(principals: Principals, principal: Principal): "directly" | "account" | "no" {
  if (principals === "*") return "directly";
  const { AWS: entries = [], Service: hosts = [] } = principals;
  if (entries.includes("*") || entries.some((entry) => principal.arns.includes(entry))) return "directly";
  if (principal.service !== undefined && hosts.includes(principal.service)) return "directly";
  const isAccount = (entry: string) =>
    entry === principal.accountId || entry === `arn:aws:iam::${principal.accountId}:root`;
  return principal.accountId !== undefined && principal.service === undefined && entries.some(isAccount)
    ? "account"
    : "no";
}
