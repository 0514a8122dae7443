import type {
  AssumeRoleCommandInput,
  AssumeRoleCommandOutput,
  GetCallerIdentityCommandOutput,
} from "@aws-sdk/client-sts";
import { AwsError } from "../core/aws-error.ts";
import { denial } from "../core/denial.ts";
import type { Call, Caller, Operation, Service } from "../core/kernel.ts";
import type { Access } from "./access.ts";
import type { Directory, RoleRecord } from "./directory.ts";
import { validationError } from "./errors.ts";
import { tagMap } from "./input-rules.ts";
import { tagsOf, withContext } from "./permissions.ts";
import { parsePolicy } from "./policy-document.ts";
import type { Sessions } from "./sessions.ts";

/** A session opened from another role's session lasts an hour at most. Source: AssumeRole, "role chaining". */
const chainedSecondsMax = 3_600;

type Output<T> = Omit<T, "$metadata">;

/**
 * Security Token Service: who am I, and temporary credentials of roles. Differences from AWS: no web identity, SAML, MFA or
 * federation.
 */
export class StsService implements Service {
  readonly id = "sts";
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #directory: Directory;
  readonly #sessions: Sessions;
  readonly #access: Access;

  constructor(directory: Directory, sessions: Sessions, access: Access) {
    this.#directory = directory;
    this.#sessions = sessions;
    this.#access = access;
    this.operations = {
      // Needs no permission, and none can be taken away. Source: GetCallerIdentity.
      GetCallerIdentity: { permissions: () => [], run: (_input, call) => this.#identity(call.caller) },
      AssumeRole: {
        permissions: (input: AssumeRoleCommandInput) => [assumption(input)],
        run: (input: AssumeRoleCommandInput, call) => this.#assumeRole(input, call),
      },
    };
  }

  #identity(caller: Caller): Output<GetCallerIdentityCommandOutput> {
    const session = this.#sessions.of(caller);
    const record =
      caller.kind === "role" ? this.#directory.roles.get(caller.name) : this.#directory.users.get(caller.name);
    const id = record?.id ?? caller.name;
    return { UserId: session ? `${id}:${session.name}` : id, Account: caller.accountId, Arn: caller.arn };
  }

  #assumeRole(input: AssumeRoleCommandInput, call: Call): Output<AssumeRoleCommandOutput> {
    refuseUnsupported(input);
    const role = this.#roleAt(input, call.caller);
    const name = checkedSessionName(input.RoleSessionName ?? "");
    const seconds = checkedDuration(input.DurationSeconds ?? 3_600, role, call.caller);
    const policies = input.Policy === undefined ? [] : [input.Policy];
    for (const { arn } of input.PolicyArns ?? []) policies.push(this.#managedDocument(arn ?? ""));
    for (const policy of policies) parsePolicy(policy, "identity");
    const session = this.#sessions.open(role, name, seconds, { policies, tags: tagMap(input.Tags) });
    this.#directory.roles.put(role.name, { ...role, lastUsedMs: this.#directory.kernel.clock.now() });
    return {
      Credentials: {
        AccessKeyId: session.accessKeyId,
        SecretAccessKey: session.secret,
        SessionToken: session.token,
        Expiration: new Date(session.expiresMs),
      },
      AssumedRoleUser: { AssumedRoleId: `${role.id}:${name}`, Arn: session.arn },
      ...(policies.length > 0 ? { PackedPolicySize: 1 } : {}),
    };
  }

  /** A role that does not exist is denied, not reported missing: STS tells nobody which roles there are. */
  #roleAt(input: AssumeRoleCommandInput, caller: Caller): Readonly<RoleRecord> {
    const role = this.#directory.roles.get(input.RoleArn?.split("/").at(-1) ?? "");
    const requirement = withContext(assumption(input), { "aws:SourceArn": caller.sourceArn });
    // A service that names no source passes the kernel unjudged, but a role still chooses which of them may act in it.
    const reason = caller.kind === "service" ? this.#access.judgeService(caller.name, requirement) : undefined;
    if (role?.arn === input.RoleArn && role && reason === undefined) return role;
    throw denial(
      "sts",
      caller,
      requirement,
      reason ?? "because no resource-based policy allows the sts:AssumeRole action",
    );
  }

  #managedDocument(arn: string): string {
    const document = this.#directory.managedDocument(arn);
    if (document === undefined) throw new AwsError("MalformedPolicyDocument", `Policy ${arn} does not exist`, 400);
    return document;
  }
}

function assumption(input: AssumeRoleCommandInput) {
  return withContext(
    { action: "sts:AssumeRole", resource: input.RoleArn ?? "" },
    {
      ...tagsOf(input.Tags),
      "sts:ExternalId": input.ExternalId,
      "sts:RoleSessionName": input.RoleSessionName,
      "sts:TransitiveTagKeys": input.TransitiveTagKeys,
    },
  );
}

function refuseUnsupported(input: AssumeRoleCommandInput): void {
  for (const name of ["SerialNumber", "TokenCode", "ProvidedContexts", "TransitiveTagKeys"] as const) {
    if (input[name] === undefined) continue;
    throw new AwsError(
      "NotImplemented",
      `the embedded cloud does not have the parameter ${name} of sts:AssumeRole`,
      501,
    );
  }
}

function checkedSessionName(name: string): string {
  if (/^[\w+=,.@-]{2,64}$/.test(name)) return name;
  throw validationError(
    `1 validation error detected: Value '${name}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]* and have a length between 2 and 64`,
  );
}

function checkedDuration(seconds: number, role: Readonly<RoleRecord>, caller: Caller): number {
  if (seconds < 900) {
    throw validationError(
      `1 validation error detected: Value '${seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900`,
    );
  }
  // "This setting does not limit sessions assumed by AWS services." Source: IAM user guide, maximum session duration.
  if (caller.kind === "service") return seconds;
  if (seconds > role.maxSessionSeconds) {
    throw validationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
  if (caller.kind === "role" && seconds > chainedSecondsMax) {
    throw validationError(
      "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    );
  }
  return seconds;
}
