import type { Caller, Requirement } from "../core/kernel.ts";
import { type KeySource, RequestContext } from "./context.ts";
import type { Directory, PrincipalRecord } from "./directory.ts";
import { type AccessRequest, type Effect, evaluate, evaluateResourcePolicy, type Principal } from "./evaluate.ts";
import { type PolicyDocument, parsePolicy } from "./policy-document.ts";
import type { GoverningPolicy, ResourcePolicies } from "./resource-policies.ts";
import type { SessionRecord } from "./sessions.ts";

/** A caller as IAM sees it: its record, and the session it acts in. */
export interface Identity {
  record: Readonly<PrincipalRecord> | undefined;
  session: Readonly<SessionRecord> | undefined;
}

/** What was decided, and which kind of policy decided it. */
export type Decision =
  | { effect: "allow" }
  | {
      effect: "deny" | "none";
      by: "identity-based policy" | "resource-based policy" | "permissions boundary" | "session policy";
    };

/** Policies of the kinds that must each allow a request, beside the resource's own. */
interface OwnPolicies {
  identity: PolicyDocument[];
  boundary: PolicyDocument[] | undefined;
  session: PolicyDocument[] | undefined;
}

/** Decides who may do what. Source: IAM User Guide, "Policy evaluation logic" for a single account. */
export class Access {
  readonly #directory: Directory;
  readonly #resourcePolicies: ResourcePolicies;
  readonly #identityOf: (caller: Caller) => Identity;

  constructor(directory: Directory, resourcePolicies: ResourcePolicies, identityOf: (caller: Caller) => Identity) {
    this.#directory = directory;
    this.#resourcePolicies = resourcePolicies;
    this.#identityOf = identityOf;
  }

  /** Why a caller may not do something, in the words that end AWS's message; undefined when it may. */
  judge(caller: Caller, requirement: Requirement): string | undefined {
    const identity = this.#identityOf(caller);
    const request = this.requestOf(requirement, () => this.#contextOf(caller, identity));
    const decision = this.decide(request, this.#ownPolicies(identity), principalOf(caller, identity));
    if (decision.effect === "allow") return undefined;
    if (decision.effect === "deny") return `with an explicit deny in ${article(decision.by)}`;
    return `because no ${decision.by} allows the ${requirement.action} action`;
  }

  /** Why an AWS service may not use a resource by the resource's own policy alone; undefined when it may. */
  judgeService(host: string, requirement: Requirement): string | undefined {
    const context = {
      "aws:PrincipalIsAWSService": "true",
      "aws:PrincipalServiceName": host,
      "aws:SourceAccount": this.#directory.kernel.settings.accountId,
    };
    const request = this.requestOf(requirement, context);
    const principal: Principal = { arns: [], accountId: undefined, service: host };
    const said = this.#governing(request).map(({ document }) => evaluateResourcePolicy(document, request, principal));
    if (said.includes("deny")) return "with an explicit deny in a resource-based policy";
    return said.includes("allow")
      ? undefined
      : `because no resource-based policy allows the ${requirement.action} action`;
  }

  /** The policies that a user or role brings itself. */
  ownPoliciesOf(record: Readonly<PrincipalRecord>): OwnPolicies {
    return this.#ownPolicies({ record, session: undefined });
  }

  /** A request with the condition keys every request has; what the requirement itself says counts before them. */
  requestOf(requirement: Requirement, callerContext: KeySource): AccessRequest {
    const { clock, settings } = this.#directory.kernel;
    const now = clock.now();
    const common = () => ({
      "aws:CurrentTime": new Date(now).toISOString(),
      "aws:EpochTime": String(Math.floor(now / 1000)),
      "aws:RequestedRegion": settings.region,
      "aws:ResourceAccount": settings.accountId,
      // Clients reach AWS over TLS; that the loopback port has none must not trip a policy that demands it.
      "aws:SecureTransport": "true",
      "aws:ViaAWSService": "false",
    });
    const context = new RequestContext(common, callerContext, requirement.context ?? {});
    return { action: requirement.action, resource: requirement.resource, context };
  }

  decide(request: AccessRequest, own: OwnPolicies, principal: Principal): Decision {
    const governing = this.#governing(request);
    const said = governing.map(({ document }) => evaluateResourcePolicy(document, request, principal));
    const effects = {
      identity: evaluate(own.identity, request),
      boundary: own.boundary && evaluate(own.boundary, request),
      session: own.session && evaluate(own.session, request),
    };
    if (effects.identity === "deny") return { effect: "deny", by: "identity-based policy" };
    if (said.includes("deny")) return { effect: "deny", by: "resource-based policy" };
    if (effects.boundary === "deny") return { effect: "deny", by: "permissions boundary" };
    if (effects.session === "deny") return { effect: "deny", by: "session policy" };
    if (said.includes("allow")) return { effect: "allow" };
    if (governing.some(({ mode }, index) => mode === "required" && said[index] === "none")) {
      return { effect: "none", by: "resource-based policy" };
    }
    // Someone without credentials has no policies of their own that could allow anything.
    if (principal.accountId === undefined) return { effect: "none", by: "resource-based policy" };
    return ownDecision(effects);
  }

  #governing(request: AccessRequest): GoverningPolicy[] {
    return this.#resourcePolicies.governing(request.resource, request.action);
  }

  #ownPolicies({ record, session }: Identity): OwnPolicies {
    const read = (text: string) => parsePolicy(text, "identity");
    const boundary = record?.boundaryArn;
    return {
      identity: record ? this.#directory.documentsOf(record).map(read) : [],
      boundary:
        boundary === undefined
          ? undefined
          : [this.#directory.managedDocument(boundary) ?? ""].filter(Boolean).map(read),
      session: session?.policies && session.policies.length > 0 ? session.policies.map(read) : undefined,
    };
  }

  #contextOf(caller: Caller, { record, session }: Identity): Record<string, string | readonly string[]> {
    const tags = { ...record?.tags, ...session?.tags };
    const tagged = Object.entries(tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value]);
    return {
      "aws:PrincipalArn": record?.arn ?? caller.arn,
      "aws:PrincipalAccount": caller.accountId,
      "aws:PrincipalIsAWSService": "false",
      "aws:PrincipalType": caller.kind === "user" ? "User" : "AssumedRole",
      ...(caller.kind === "user" ? { "aws:username": caller.name } : {}),
      ...(record ? { "aws:userid": session ? `${record.id}:${session.name}` : record.id } : {}),
      ...Object.fromEntries(tagged),
    };
  }
}

function ownDecision(effects: {
  identity: Effect;
  boundary: Effect | undefined;
  session: Effect | undefined;
}): Decision {
  if (effects.identity !== "allow") return { effect: "none", by: "identity-based policy" };
  if (effects.boundary === "none") return { effect: "none", by: "permissions boundary" };
  if (effects.session === "none") return { effect: "none", by: "session policy" };
  return { effect: "allow" };
}

function principalOf(caller: Caller, { record }: Identity): Principal {
  const isKnown = caller.accountId !== "anonymous";
  return {
    arns: record ? [record.arn, caller.arn] : [caller.arn],
    accountId: isKnown ? caller.accountId : undefined,
    service: undefined,
  };
}

function article(policy: string): string {
  return `${policy.startsWith("i") ? "an" : "a"} ${policy}`;
}
