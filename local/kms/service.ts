import type {
  CreateAliasRequest,
  CreateGrantRequest,
  CreateKeyRequest,
  DescribeKeyRequest,
  KeyMetadata,
  PutKeyPolicyRequest,
  ScheduleKeyDeletionRequest,
  Tag,
  TagResourceRequest,
  UntagResourceRequest,
} from "@aws-sdk/client-kms";
import { AwsError } from "../core/aws-error.ts";
import type { Caller, Kernel, Operation, Service } from "../core/kernel.ts";
import { type KeyDocument, Keys } from "./keys.ts";

/** Unit: days. KMS waits at least a week before a key is gone for ever; a month unless told otherwise. */
const deletionDays = { least: 7, most: 30 };
const dayMs = 86_400_000;

/**
 * KMS: keys, aliases, policies and grants, which decide who may use an image. Differences from AWS: no key material, so
 * Encrypt, Decrypt and GenerateDataKey are missing; grants are recorded, and judged by the key's policy alone.
 */
export class KmsService implements Service {
  readonly id = "kms";
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #kernel: Kernel;
  readonly #keys: Keys;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#keys = new Keys(kernel);
    this.operations = {
      ...this.#keyOperations(),
      ...this.#policyOperations(),
      ...this.#aliasOperations(),
      ...this.#tagOperations(),
    };
    kernel.jobs.on<{ keyId: string }>("kms.delete", ({ keyId }) => {
      if (this.#keys.documents.get(keyId)?.state === "PendingDeletion") this.#keys.documents.delete(keyId);
    });
  }

  /** Policy of a key, for whoever judges a call on it. */
  keyPolicy(arn: string): string | undefined {
    return this.#keys.documents.get(arn.split("key/")[1] ?? "")?.policy;
  }

  /** ARN of the key a reference means; the account's key for EBS when it is left out. */
  arnOf(reference: string | undefined): string {
    return this.#keys.arn(this.#keys.find(reference ?? "alias/aws/ebs").id);
  }

  /** @throws {AwsError} when the key cannot be used, or `caller` lacks one of the actions on it. */
  assertUsable(keyArn: string, caller: Caller, actions: readonly string[]): void {
    this.#keys.assertEnabled(this.#keys.find(keyArn));
    for (const action of actions) {
      // EC2 and EBS ask KMS in the caller's name, for a grant that only AWS's own resources may use.
      const context = { "kms:CallerAccount": caller.accountId, "kms:GrantIsForAWSResource": "true" };
      const reason = this.#kernel.judge(caller, { action, resource: keyArn, context });
      if (reason === undefined || caller.kind === "service") continue;
      const message = `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${keyArn} ${reason}`;
      throw new AwsError("AccessDeniedException", message, 400);
    }
  }

  #on(action: string) {
    return (input: { KeyId?: string | undefined }, call: { caller: Caller }) => [
      {
        action: `kms:${action}`,
        resource: this.#arnFor(input.KeyId),
        context: { "kms:CallerAccount": call.caller.accountId },
      },
    ];
  }

  /** ARN to judge a call by: of the key named, or of what was named when there is no such key. */
  #arnFor(reference: string | undefined): string {
    try {
      return this.#keys.arn(this.#keys.find(reference).id);
    } catch {
      return this.#kernel.arn("kms", `key/${reference ?? ""}`);
    }
  }

  #keyOperations(): Record<string, Operation> {
    return {
      CreateKey: { run: (input: CreateKeyRequest) => ({ KeyMetadata: this.#describe(this.#create(input)) }) },
      DescribeKey: {
        permissions: this.#on("DescribeKey"),
        run: (input: DescribeKeyRequest) => ({ KeyMetadata: this.#describe(this.#keys.find(input.KeyId)) }),
      },
      ListKeys: {
        run: () => ({
          Keys: this.#keys.documents.list().map(({ id }) => ({ KeyId: id, KeyArn: this.#keys.arn(id) })),
          Truncated: false,
        }),
      },
      EnableKey: { permissions: this.#on("EnableKey"), run: (input) => this.#change(input, { state: "Enabled" }) },
      DisableKey: { permissions: this.#on("DisableKey"), run: (input) => this.#change(input, { state: "Disabled" }) },
      EnableKeyRotation: {
        permissions: this.#on("EnableKeyRotation"),
        run: (input) => this.#change(input, { rotation: true }),
      },
      DisableKeyRotation: {
        permissions: this.#on("DisableKeyRotation"),
        run: (input) => this.#change(input, { rotation: false }),
      },
      GetKeyRotationStatus: {
        permissions: this.#on("GetKeyRotationStatus"),
        run: (input) => ({ KeyRotationEnabled: this.#keys.find(input.KeyId).rotation }),
      },
      UpdateKeyDescription: {
        permissions: this.#on("UpdateKeyDescription"),
        run: (input) => this.#change(input, { description: input.Description }),
      },
      ScheduleKeyDeletion: {
        permissions: this.#on("ScheduleKeyDeletion"),
        run: (input: ScheduleKeyDeletionRequest) => this.#scheduleDeletion(input),
      },
      CancelKeyDeletion: {
        permissions: this.#on("CancelKeyDeletion"),
        run: (input) => {
          const key = this.#keys.find(input.KeyId);
          this.#kernel.jobs.cancel(`kms.delete ${key.id}`);
          this.#change(input, { state: "Disabled" });
          return { KeyId: this.#keys.arn(key.id) };
        },
      },
    };
  }

  #policyOperations(): Record<string, Operation> {
    return {
      GetKeyPolicy: {
        permissions: this.#on("GetKeyPolicy"),
        run: (input) => ({ Policy: this.#keys.find(input.KeyId).policy, PolicyName: "default" }),
      },
      PutKeyPolicy: {
        permissions: this.#on("PutKeyPolicy"),
        run: (input: PutKeyPolicyRequest) => this.#change(input, { policy: checkedPolicy(input.Policy ?? "") }),
      },
      ListKeyPolicies: {
        permissions: this.#on("ListKeyPolicies"),
        run: () => ({ PolicyNames: ["default"], Truncated: false }),
      },
      CreateGrant: {
        permissions: this.#on("CreateGrant"),
        run: (input: CreateGrantRequest) => {
          const key = this.#keys.find(input.KeyId);
          this.#keys.assertEnabled(key);
          const id = this.#kernel.random.hex(64);
          const grantee = input.GranteePrincipal ?? "";
          this.#keys.grants.put(id, {
            id,
            keyId: key.id,
            grantee,
            operations: [...(input.Operations ?? [])],
            createdMs: this.#kernel.clock.now(),
          });
          return { GrantId: id, GrantToken: this.#kernel.random.hex(64) };
        },
      },
      ListGrants: {
        permissions: this.#on("ListGrants"),
        run: (input) => {
          const { id } = this.#keys.find(input.KeyId);
          const grants = this.#keys.grants.list().filter(({ keyId }) => keyId === id);
          return {
            Grants: grants.map((grant) => ({
              KeyId: this.#keys.arn(id),
              GrantId: grant.id,
              GranteePrincipal: grant.grantee,
              Operations: grant.operations,
              CreationDate: new Date(grant.createdMs),
            })),
            Truncated: false,
          };
        },
      },
      RevokeGrant: {
        permissions: this.#on("RevokeGrant"),
        run: (input) => {
          if (!this.#keys.grants.delete(input.GrantId ?? ""))
            throw new AwsError("NotFoundException", `Grant ${input.GrantId} does not exist`, 400);
        },
      },
    };
  }

  #aliasOperations(): Record<string, Operation> {
    return {
      CreateAlias: {
        run: (input: CreateAliasRequest) => {
          const name = input.AliasName ?? "";
          if (!/^alias\/[a-zA-Z0-9/_-]+$/.test(name) || name.startsWith("alias/aws/")) {
            throw new AwsError("InvalidAliasNameException", `${name} is no name an alias may have`, 400);
          }
          if (this.#keys.aliases.get(name))
            throw new AwsError(
              "AlreadyExistsException",
              `An alias with the name ${this.#kernel.arn("kms", name)} already exists`,
              400,
            );
          const { id } = this.#keys.find(input.TargetKeyId);
          this.#keys.aliases.put(name, { name, keyId: id, createdMs: this.#kernel.clock.now() });
        },
      },
      UpdateAlias: {
        run: (input: CreateAliasRequest) => {
          const alias = this.#keys.aliases.get(input.AliasName ?? "");
          if (!alias) throw new AwsError("NotFoundException", `Alias ${input.AliasName} is not found.`, 400);
          this.#keys.aliases.put(alias.name, { ...alias, keyId: this.#keys.find(input.TargetKeyId).id });
        },
      },
      DeleteAlias: {
        run: (input: CreateAliasRequest) => {
          if (!this.#keys.aliases.delete(input.AliasName ?? ""))
            throw new AwsError("NotFoundException", `Alias ${input.AliasName} is not found.`, 400);
        },
      },
      ListAliases: {
        run: (input: DescribeKeyRequest) => {
          const only = input.KeyId === undefined ? undefined : this.#keys.find(input.KeyId).id;
          const aliases = this.#keys.aliases.list().filter(({ keyId }) => only === undefined || keyId === only);
          return {
            Aliases: aliases.map(({ name, keyId, createdMs }) => ({
              AliasName: name,
              AliasArn: this.#kernel.arn("kms", name),
              TargetKeyId: keyId,
              CreationDate: new Date(createdMs),
            })),
            Truncated: false,
          };
        },
      },
    };
  }

  #tagOperations(): Record<string, Operation> {
    return {
      TagResource: {
        permissions: this.#on("TagResource"),
        run: (input: TagResourceRequest) =>
          this.#change(input, { tags: { ...this.#keys.find(input.KeyId).tags, ...tagsOf(input.Tags) } }),
      },
      UntagResource: {
        permissions: this.#on("UntagResource"),
        run: (input: UntagResourceRequest) => {
          const left = Object.entries(this.#keys.find(input.KeyId).tags).filter(
            ([name]) => !(input.TagKeys ?? []).includes(name),
          );
          this.#change(input, { tags: Object.fromEntries(left) });
        },
      },
      ListResourceTags: {
        permissions: this.#on("ListResourceTags"),
        run: (input: DescribeKeyRequest) => {
          const tags = Object.entries(this.#keys.find(input.KeyId).tags);
          return { Tags: tags.map(([TagKey, TagValue]) => ({ TagKey, TagValue })), Truncated: false };
        },
      },
    };
  }

  #create(input: CreateKeyRequest): KeyDocument {
    const spec = input.KeySpec ?? "SYMMETRIC_DEFAULT";
    if (spec !== "SYMMETRIC_DEFAULT")
      throw new AwsError("UnsupportedOperationException", `the embedded cloud makes no ${spec} keys`, 400);
    const key: KeyDocument = {
      id: this.#kernel.random.uuid(),
      description: input.Description ?? "",
      manager: "CUSTOMER",
      state: "Enabled",
      createdMs: this.#kernel.clock.now(),
      policy: input.Policy === undefined ? this.#keys.defaultPolicy() : checkedPolicy(input.Policy),
      rotation: false,
      tags: tagsOf(input.Tags),
    };
    this.#keys.documents.put(key.id, key);
    return key;
  }

  #change(input: { KeyId?: string | undefined }, change: Partial<KeyDocument>): void {
    const key = this.#keys.find(input.KeyId);
    if (key.manager === "AWS")
      throw new AwsError("AccessDeniedException", `${this.#keys.arn(key.id)} is managed by AWS`, 400);
    this.#keys.documents.put(key.id, { ...key, ...change });
  }

  #scheduleDeletion(input: ScheduleKeyDeletionRequest) {
    const days = input.PendingWindowInDays ?? deletionDays.most;
    if (days < deletionDays.least || days > deletionDays.most) {
      throw new AwsError(
        "ValidationException",
        `PendingWindowInDays must be between ${deletionDays.least} and ${deletionDays.most}`,
        400,
      );
    }
    const key = this.#keys.find(input.KeyId);
    const deletionMs = this.#kernel.clock.now() + days * dayMs;
    this.#change(input, { state: "PendingDeletion", deletionMs });
    this.#kernel.jobs.schedule("kms.delete", deletionMs, { keyId: key.id }, `kms.delete ${key.id}`);
    return {
      KeyId: this.#keys.arn(key.id),
      DeletionDate: new Date(deletionMs),
      KeyState: "PendingDeletion",
      PendingWindowInDays: days,
    };
  }

  #describe(key: Readonly<KeyDocument>): KeyMetadata {
    return {
      AWSAccountId: this.#kernel.settings.accountId,
      KeyId: key.id,
      Arn: this.#keys.arn(key.id),
      CreationDate: new Date(key.createdMs),
      Enabled: key.state === "Enabled",
      Description: key.description,
      KeyUsage: "ENCRYPT_DECRYPT",
      KeyState: key.state,
      ...(key.deletionMs !== undefined && { DeletionDate: new Date(key.deletionMs) }),
      Origin: "AWS_KMS",
      KeyManager: key.manager,
      CustomerMasterKeySpec: "SYMMETRIC_DEFAULT",
      KeySpec: "SYMMETRIC_DEFAULT",
      EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
      MultiRegion: false,
    };
  }
}

function tagsOf(tags: Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).map(({ TagKey = "", TagValue = "" }) => [TagKey, TagValue]));
}

/** @throws {AwsError} MalformedPolicyDocumentException when it is no policy at all. */
function checkedPolicy(text: string): string {
  try {
    const document = JSON.parse(text) as { Statement?: unknown };
    if (document.Statement !== undefined) return text;
  } catch {
    // Falls through to the one answer KMS gives for both.
  }
  throw new AwsError("MalformedPolicyDocumentException", "The policy is not a valid JSON policy document.", 400);
}
