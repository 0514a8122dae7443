import type { Caller, Kernel, Operation, Service } from "../core/kernel.ts";
import { aliasOperations } from "./aliases.ts";
import { cryptographicOperations } from "./cryptography.ts";
import { grantOperations } from "./grants.ts";
import { KeyPermissions } from "./key-access.ts";
import { keyArn } from "./key-record.ts";
import { KeyRing } from "./key-ring.ts";
import { keyOperations } from "./keys.ts";

/**
 * AWS KMS: symmetric keys with policies, aliases and grants, and real AES-256-GCM. Differences from AWS: no asymmetric,
 * HMAC, multi-Region or imported keys; rotation is recorded and changes nothing; grants hold at once.
 */
export class KmsService implements Service {
  readonly id = "kms";
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #kernel: Kernel;
  readonly #ring: KeyRing;
  readonly #permissions: KeyPermissions;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#ring = new KeyRing(kernel);
    this.#permissions = new KeyPermissions(kernel, this.#ring);
    this.operations = {
      ...keyOperations(this.#ring, this.#permissions),
      ...aliasOperations(this.#ring, this.#permissions),
      ...grantOperations(this.#ring, this.#permissions),
      ...cryptographicOperations(this.#ring, this.#permissions),
    };
  }

  /** The policy of a key by its ARN, for the policy engine: it must allow, directly or by letting the account decide. */
  keyPolicy(arn: string): string | undefined {
    return this.#ring.keys.get(arn.slice(arn.lastIndexOf("/") + 1))?.policy;
  }

  /**
   * ARN of the key that an ID, ARN or alias names; of the account's key for EBS when left out.
   * @throws {AwsError} NotFoundException.
   */
  arnOf(reference: string | undefined): string {
    return keyArn(this.#kernel, this.#ring.find(reference ?? "alias/aws/ebs").id);
  }

  /**
   * Whether `caller` may have EC2 or EBS use a key for it.
   * @param actions With their prefix, such as `kms:CreateGrant`.
   * @throws {AwsError} NotFound-, Disabled-, KMSInvalidState- or AccessDeniedException, naming principal, action and key.
   */
  assertUsable(reference: string, caller: Caller, actions: readonly string[]): void {
    const host = `ec2.${this.#kernel.settings.region}.amazonaws.com`;
    this.#permissions.assertUsable(reference, caller, actions, host);
  }
}
