import { AwsError } from "../core/aws-error.ts";
import { type PolicyDocument, parsePolicy } from "./policy-document.ts";

/**
 * How a resource's policy counts beside the caller's own, within one account.
 * `union`: either may allow (buckets, queues, topics). `required`: it must allow, directly or by letting the account
 * decide (KMS keys, the trust policies of roles).
 */
export type ResourcePolicyMode = "union" | "required";

/** Finds the policy that governs an action on a resource: its text, or undefined when none does. */
export type ResourcePolicyLookup = (arn: string, action: string) => string | undefined;

interface Source {
  arnPrefix: string;
  lookup: ResourcePolicyLookup;
  mode: ResourcePolicyMode;
}

export interface GoverningPolicy {
  document: PolicyDocument;
  mode: ResourcePolicyMode;
}

/** The resource policies other services keep, asked by ARN. */
export class ResourcePolicies {
  readonly #sources: Source[] = [];

  add(arnPrefix: string, lookup: ResourcePolicyLookup, mode: ResourcePolicyMode): void {
    this.#sources.push({ arnPrefix, lookup, mode });
  }

  /** The policies that govern an action on a resource. A stored policy that cannot be read governs by allowing nothing. */
  governing(arn: string, action: string): GoverningPolicy[] {
    return this.#sources
      .filter(({ arnPrefix }) => arn.startsWith(arnPrefix))
      .flatMap(({ lookup, mode }) => {
        const text = lookup(arn, action);
        return text === undefined ? [] : [{ document: readOrEmpty(text, arn), mode }];
      });
  }
}

function readOrEmpty(text: string, arn: string): PolicyDocument {
  try {
    return parsePolicy(text, /^arn:[^:]*:iam:/.test(arn) ? "trust" : "resource");
  } catch (error) {
    if (error instanceof AwsError) return { version: "2012-10-17", statements: [] };
    throw error;
  }
}
