import { AwsError } from "../core/aws-error.ts";
import type { Call, Caller, Kernel, Requirement } from "../core/kernel.ts";
import { resourceTagConditions } from "../core/tag-conditions.ts";
import { type GrantRecord, type KeyRecord, keyArn } from "./key-record.ts";
import type { KeyRing } from "./key-ring.ts";

/**
 * Service-linked roles whose access a key's own policy has to give: their IAM policies have none. Source: "Required AWS
 * KMS key policy for use with encrypted volumes" of EC2 Auto Scaling.
 */
const linkedRoles: Readonly<Record<string, string>> = {
  "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
};

/** Decides who may use a key: by its grants, else by its policy and IAM together. */
export class KeyPermissions {
  readonly #kernel: Kernel;
  readonly #ring: KeyRing;

  constructor(kernel: Kernel, ring: KeyRing) {
    this.#kernel = kernel;
    this.#ring = ring;
  }

  /**
   * Judges a call on a key. A grant allows what policies do not.
   * @param action Without its prefix, such as `Decrypt`.
   * @throws {AwsError} AccessDeniedException.
   */
  authorize(
    call: Call,
    key: Readonly<KeyRecord>,
    action: string,
    more: { encryptionContext?: Readonly<Record<string, string>> | undefined; context?: Requirement["context"] } = {},
  ): void {
    if (this.#granted(key, call.caller, action, more.encryptionContext ?? {})) return;
    call.authorize(this.requirement(key, action, more));
  }

  requirement(
    key: Readonly<KeyRecord>,
    action: string,
    more: { encryptionContext?: Readonly<Record<string, string>> | undefined; context?: Requirement["context"] } = {},
  ): Requirement {
    const entries = Object.entries(more.encryptionContext ?? {});
    const context = {
      "kms:CallerAccount": this.#kernel.settings.accountId,
      ...resourceTagConditions(key.tags),
      ...Object.fromEntries(entries.map(([name, value]) => [`kms:EncryptionContext:${name}`, value])),
      ...(entries.length > 0 && { "kms:EncryptionContextKeys": entries.map(([name]) => name) }),
      "kms:ResourceAliases": this.#ring.aliasesOf(key.id).map((alias) => alias.name),
      ...more.context,
    };
    return { action: `kms:${action}`, resource: keyArn(this.#kernel, key.id), context };
  }

  /**
   * Whether somebody may have a service use a key, as EC2 does for an encrypted volume.
   * @param actions With their prefix, such as `kms:CreateGrant`.
   * @throws {AwsError} When the key cannot be used, or not by `caller`.
   */
  assertUsable(reference: string, caller: Caller, actions: readonly string[], viaHost: string): void {
    const key = this.#ring.findEnabled(reference);
    const judged = this.#behind(caller);
    if (!judged) return;
    for (const action of actions) {
      // Only calls about grants have the second key. Source: KMS developer guide, "kms:GrantIsForAWSResource".
      const ofGrant: Record<string, string> =
        action === "kms:CreateGrant" ? { "kms:GrantIsForAWSResource": "true" } : {};
      const context = { "kms:ViaService": viaHost, ...ofGrant };
      const name = action.replace(/^kms:/, "");
      if (this.#granted(key, judged, name, {})) continue;
      const requirement = this.requirement(key, name, { context });
      const reason = this.#kernel.judge(judged, requirement);
      if (reason === undefined) continue;
      throw new AwsError(
        "AccessDeniedException",
        `User: ${judged.arn} is not authorized to perform: ${action} on resource: ${requirement.resource} ${reason}`,
      );
    }
  }

  /** Who a service acts as: its linked role, where a key has to allow that; nobody to judge for the others. */
  #behind(caller: Caller): Caller | undefined {
    if (caller.kind !== "service") return caller;
    const name = linkedRoles[caller.name];
    if (name === undefined) return undefined;
    const arn = `arn:aws:iam::${caller.accountId}:role/aws-service-role/${caller.name}/${name}`;
    return { kind: "role", name, accountId: caller.accountId, arn };
  }

  #granted(
    key: Readonly<KeyRecord>,
    caller: Caller,
    action: string,
    encryptionContext: Readonly<Record<string, string>>,
  ): boolean {
    return this.#ring
      .grantsOf(key.id)
      .some((grant) => names(grant, caller) && grant.operations.includes(action) && meets(grant, encryptionContext));
  }
}

/** A grantee is the ARN of a role, user or session, or a service's host. */
function names(grant: Readonly<GrantRecord>, caller: Caller): boolean {
  const { granteePrincipal: grantee } = grant;
  if (grantee === caller.arn || (caller.kind === "service" && grantee === caller.name)) return true;
  return caller.kind === "role" && /:role\//.test(grantee) && grantee.endsWith(`/${caller.name}`);
}

function meets(grant: Readonly<GrantRecord>, given: Readonly<Record<string, string>>): boolean {
  const { contextEquals, contextSubset } = grant;
  const holds = (wanted: Readonly<Record<string, string>>) =>
    Object.entries(wanted).every(([name, value]) => given[name] === value);
  if (contextSubset && !holds(contextSubset)) return false;
  if (!contextEquals) return true;
  return holds(contextEquals) && Object.keys(contextEquals).length === Object.keys(given).length;
}
