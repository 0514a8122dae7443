import { AwsError } from "../core/aws-error.ts";
import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import { notFound, validation } from "./errors.ts";
import { type AliasRecord, aliasArn, type GrantRecord, type KeyRecord, keyArn } from "./key-record.ts";

/** Services whose key every account has. AWS makes each at its first use; here they are there from the start. */
const managedServices = ["ebs", "s3", "ssm", "lambda", "sns", "sqs"];

/** The account's keys, aliases and grants. */
export class KeyRing {
  readonly kernel: Kernel;
  readonly keys: Collection<KeyRecord>;
  readonly aliases: Collection<AliasRecord>;
  readonly grants: Collection<GrantRecord>;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.keys = kernel.store.collection("kms.keys");
    this.aliases = kernel.store.collection("kms.aliases");
    this.grants = kernel.store.collection("kms.grants");
    for (const service of managedServices) this.#seed(service);
  }

  /**
   * The key that an id, ARN, alias or alias ARN names.
   * @throws {AwsError} NotFoundException.
   */
  find(reference: string | undefined): Readonly<KeyRecord> {
    const name = reference ?? "";
    const local = name.startsWith("arn:") ? name.split(":").slice(5).join(":") : name;
    if (local.startsWith("alias/")) {
      const alias = this.aliases.get(local);
      const key = alias && this.keys.get(alias.keyId);
      if (!key) throw notFound(`Alias ${aliasArn(this.kernel, local)} is not found.`);
      return key;
    }
    const id = local.replace(/^key\//, "");
    const key = this.keys.get(id);
    if (!key) throw notFound(`Key '${keyArn(this.kernel, id)}' does not exist`);
    return key;
  }

  /** @throws {AwsError} NotFound-, Disabled- or KMSInvalidStateException. */
  findEnabled(reference: string | undefined): Readonly<KeyRecord> {
    const key = this.find(reference);
    const arn = keyArn(this.kernel, key.id);
    if (key.state === "Disabled") throw new AwsError("DisabledException", `${arn} is disabled.`);
    if (key.state === "PendingDeletion") throw invalidState(`${arn} is pending deletion.`);
    return key;
  }

  /** A key that the account's people manage; AWS's own refuse it. @throws {AwsError} */
  findManageable(reference: string | undefined): Readonly<KeyRecord> {
    const key = this.find(reference);
    if (reference?.includes("alias/")) {
      throw validation(`Invalid keyId ${reference}: this operation takes a key ID or key ARN`);
    }
    if (key.manager === "AWS") {
      const arn = keyArn(this.kernel, key.id);
      throw new AwsError("AccessDeniedException", `The key ${arn} is managed by AWS and cannot be changed.`);
    }
    return key;
  }

  aliasesOf(keyId: string): Readonly<AliasRecord>[] {
    return this.aliases.list().filter((alias) => alias.keyId === keyId);
  }

  grantsOf(keyId: string): Readonly<GrantRecord>[] {
    return this.grants.list(`${keyId}|`);
  }

  /** Forgets a key whose waiting time is over. */
  destroy(keyId: string): void {
    for (const alias of this.aliasesOf(keyId)) this.aliases.delete(alias.name);
    for (const grant of this.grantsOf(keyId)) this.grants.delete(`${keyId}|${grant.id}`);
    this.keys.delete(keyId);
  }

  #seed(service: string): void {
    const name = `alias/aws/${service}`;
    if (this.aliases.get(name)) return;
    const now = this.kernel.clock.now();
    const id = this.kernel.random.uuid();
    this.keys.put(id, {
      id,
      description: `Default key that protects my ${service.toUpperCase()} data when no other key is defined`,
      createdAtMs: now,
      state: "Enabled",
      manager: "AWS",
      rotates: true,
      policy: JSON.stringify(managedPolicy(this.kernel, service)),
      tags: {},
      material: this.kernel.random.hex(64),
    });
    this.aliases.put(name, { name, keyId: id, createdAtMs: now, updatedAtMs: now });
  }
}

export function invalidState(message: string): AwsError {
  return new AwsError("KMSInvalidStateException", message);
}

/** Everyone in the account may use the key, through its service only. Source: "AWS managed keys", view a key policy. */
function managedPolicy(kernel: Kernel, service: string) {
  const { accountId, region } = kernel.settings;
  const host = service === "ebs" ? "ec2" : service;
  return {
    Version: "2012-10-17",
    Id: `auto-${service}-2`,
    Statement: [
      {
        Sid: "Allow access through the service for all principals in the account that are authorized to use it",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: [
          "kms:Encrypt",
          "kms:Decrypt",
          "kms:ReEncrypt*",
          "kms:GenerateDataKey*",
          "kms:CreateGrant",
          "kms:DescribeKey",
        ],
        Resource: "*",
        Condition: {
          StringEquals: { "kms:CallerAccount": accountId, "kms:ViaService": `${host}.${region}.amazonaws.com` },
        },
      },
      {
        Sid: "Allow direct access to key metadata to the account",
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${accountId}:root` },
        Action: ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
        Resource: "*",
      },
    ],
  };
}

/** What a key has whose maker gave no policy: the account decides by IAM. Source: "Default key policy". */
export function defaultPolicy(kernel: Kernel): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Id: "key-default-1",
    Statement: [
      {
        Sid: "Enable IAM User Permissions",
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${kernel.settings.accountId}:root` },
        Action: "kms:*",
        Resource: "*",
      },
    ],
  });
}
