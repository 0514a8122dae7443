import type { Caller, Kernel, Operation, Service } from "../core/kernel.ts";
import { Access, type Identity } from "./access.ts";
import { createAdministrator } from "./administrator.ts";
import { Directory } from "./directory.ts";
import { instanceProfileOperations } from "./instance-profiles.ts";
import { managedPolicyOperations } from "./managed-policies.ts";
import { principalPolicyOperations } from "./principal-policies.ts";
import { ResourcePolicies, type ResourcePolicyLookup, type ResourcePolicyMode } from "./resource-policies.ts";
import { roleOperations } from "./roles.ts";
import { serviceLinkedRoleOperations } from "./service-linked-roles.ts";
import { Sessions } from "./sessions.ts";
import { simulationOperations } from "./simulate.ts";
import { StsService } from "./sts-service.ts";
import { tagOperations } from "./tags.ts";
import { userOperations } from "./users.ts";

/**
 * Identity and Access Management. Constructing it gives the kernel its judges: from then on every call is judged by the
 * policies kept here, and a service principal's by the policy of the resource it reaches for. Differences from AWS: one account
 * without an organization; no groups, SAML, OIDC or MFA; changes hold at once, where AWS takes seconds; of AWS's managed policies
 * the ones that such stacks use.
 */
export class IamService implements Service {
  readonly id = "iam";
  readonly operations: Readonly<Record<string, Operation>>;
  /** Security Token Service, which shares IAM's memory; register it beside this one. */
  readonly sts: StsService;
  readonly #directory: Directory;
  readonly #sessions: Sessions;
  readonly #resourcePolicies = new ResourcePolicies();
  readonly #access: Access;

  constructor(kernel: Kernel) {
    this.#directory = new Directory(kernel);
    this.#sessions = new Sessions(kernel, this.#directory);
    this.#access = new Access(this.#directory, this.#resourcePolicies, (caller) => this.#identityOf(caller));
    this.sts = new StsService(this.#directory, this.#sessions, this.#access);
    this.operations = {
      ...roleOperations(this.#directory),
      ...userOperations(this.#directory),
      ...principalPolicyOperations(this.#directory),
      ...managedPolicyOperations(this.#directory),
      ...instanceProfileOperations(this.#directory),
      ...serviceLinkedRoleOperations(this.#directory),
      ...tagOperations(this.#directory),
      ...simulationOperations(this.#directory, this.#access),
    };
    createAdministrator(this.#directory);
    this.onResourcePolicy(
      `arn:aws:iam::${kernel.settings.accountId}:role/`,
      (arn, action) => (action === "sts:AssumeRole" ? this.#trustPolicy(arn) : undefined),
      "required",
    );
    kernel.judge = (caller, requirement) => this.#access.judge(caller, requirement);
    kernel.judgeService = (caller, requirement) => this.#access.judgeService(caller.name, requirement);
  }

  /**
   * Lets another service bring the policies of its resources, judged beside the caller's own.
   * @param arnPrefix Resources it speaks for, such as `arn:aws:s3:::`.
   * @param lookup The policy that governs an action on a resource, as text; undefined when there is none.
   * @param mode `required` for resources whose policy must always allow, as a KMS key's.
   */
  onResourcePolicy(arnPrefix: string, lookup: ResourcePolicyLookup, mode: ResourcePolicyMode = "union"): void {
    this.#resourcePolicies.add(arnPrefix, lookup, mode);
  }

  /**
   * Who an access key belongs to, and the secret its requests are signed with.
   * @throws {AwsError} InvalidClientTokenId for a key or token that is not known, ExpiredToken for an old session.
   */
  callerFor(accessKeyId: string, sessionToken: string | undefined): { caller: Caller; secret: string } {
    return this.#sessions.callerFor(accessKeyId, sessionToken);
  }

  /** The role in an instance profile; undefined for a profile that is gone or has none. */
  roleOfProfile(profileArn: string): { name: string; arn: string } | undefined {
    const { profiles, roles } = this.#directory;
    const profile = profiles.get(profileArn.split("/").at(-1) ?? "");
    const role = profile?.arn === profileArn ? roles.get(profile.roleNames[0] ?? "") : undefined;
    return role && { name: role.name, arn: role.arn };
  }

  #identityOf(caller: Caller): Identity {
    const { roles, users } = this.#directory;
    const record = caller.kind === "role" ? roles.get(caller.name) : users.get(caller.name);
    const session = caller.kind === "role" ? this.#sessions.of(caller) : undefined;
    return { record: caller.accountId === "anonymous" ? undefined : record, session };
  }

  #trustPolicy(arn: string): string | undefined {
    const role = this.#directory.roles.get(arn.split("/").at(-1) ?? "");
    return role?.arn === arn ? role.trustPolicy : undefined;
  }
}
