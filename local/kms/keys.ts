import { AwsError } from "../core/aws-error.ts";
import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";

/** One key. Source of the states: KMS API reference, KeyState. */
export interface KeyDocument {
  id: string;
  description: string;
  manager: "AWS" | "CUSTOMER";
  state: "Enabled" | "Disabled" | "PendingDeletion";
  createdMs: number;
  /** Modelled instant at which a key that waits for its deletion is gone. */
  deletionMs?: number;
  policy: string;
  rotation: boolean;
  tags: Record<string, string>;
}

export interface AliasDocument {
  name: string;
  keyId: string;
  createdMs: number;
}

export interface GrantDocument {
  id: string;
  keyId: string;
  grantee: string;
  operations: string[];
  createdMs: number;
}

/** Keys AWS makes by itself the first time a service needs one. */
const managedAliases = {
  "alias/aws/ebs": "Default key that protects EBS volumes",
  "alias/aws/s3": "Default key that protects S3 objects",
};

/** The keys of an account and the names that lead to them. */
export class Keys {
  readonly documents: Collection<KeyDocument>;
  readonly aliases: Collection<AliasDocument>;
  readonly grants: Collection<GrantDocument>;
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.documents = kernel.store.collection("kms.keys");
    this.aliases = kernel.store.collection("kms.aliases");
    this.grants = kernel.store.collection("kms.grants");
    for (const [alias, description] of Object.entries(managedAliases)) this.#seed(alias, description);
  }

  arn(keyId: string): string {
    return this.#kernel.arn("kms", `key/${keyId}`);
  }

  /**
   * The key that an id, key ARN, alias or alias ARN names.
   * @throws {AwsError} NotFoundException, as KMS answers.
   */
  find(reference: string | undefined): Readonly<KeyDocument> {
    const name = (reference ?? "").replace(/^arn:[^:]*:kms:[^:]*:[^:]*:/, "");
    const keyId = name.startsWith("alias/") ? this.aliases.get(name)?.keyId : name.replace(/^key\//, "");
    const key = keyId === undefined ? undefined : this.documents.get(keyId);
    if (key) return key;
    const shown = name.startsWith("alias/")
      ? `Alias ${this.#kernel.arn("kms", name)} is not found.`
      : `Key '${reference}' does not exist`;
    throw new AwsError("NotFoundException", shown, 400);
  }

  /** @throws {AwsError} DisabledException or KMSInvalidStateException when the key cannot be used now. */
  assertEnabled(key: Readonly<KeyDocument>): void {
    if (key.state === "Enabled") return;
    const arn = this.arn(key.id);
    if (key.state === "Disabled") throw new AwsError("DisabledException", `${arn} is disabled.`, 400);
    throw new AwsError("KMSInvalidStateException", `${arn} is pending deletion.`, 400);
  }

  /** A policy that leaves everything to the account's IAM policies: what KMS gives a key that names none. */
  defaultPolicy(): string {
    const root = `arn:aws:iam::${this.#kernel.settings.accountId}:root`;
    const statement = {
      Sid: "Enable IAM User Permissions",
      Effect: "Allow",
      Principal: { AWS: root },
      Action: "kms:*",
      Resource: "*",
    };
    return JSON.stringify({ Version: "2012-10-17", Id: "key-default-1", Statement: [statement] });
  }

  #seed(alias: string, description: string): void {
    if (this.aliases.get(alias)) return;
    const id = this.#kernel.random.uuid();
    const createdMs = this.#kernel.clock.now();
    this.documents.put(id, {
      id,
      description,
      manager: "AWS",
      state: "Enabled",
      createdMs,
      policy: this.#managedPolicy(),
      rotation: true,
      tags: {},
    });
    this.aliases.put(alias, { name: alias, keyId: id, createdMs });
  }

  /** An AWS managed key may be used by anyone in the account, through the service it belongs to. */
  #managedPolicy(): string {
    const { accountId } = this.#kernel.settings;
    const Condition = { StringEquals: { "kms:CallerAccount": accountId } };
    const statement = { Effect: "Allow", Principal: { AWS: "*" }, Action: "kms:*", Resource: "*", Condition };
    return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  }
}
