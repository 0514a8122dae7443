import type { Caller, Kernel } from "../core/kernel.ts";

/** What EBS and EC2 need of KMS: which key a reference means, and whether somebody may use it. */
export interface KeyAccess {
  /**
   * ARN of the key that an id, ARN or alias names; of the account's key for EBS (`alias/aws/ebs`) when left out.
   * @throws {AwsError} when there is no such key.
   */
  arnOf(reference: string | undefined): string;
  /** @throws {AwsError} when the key is disabled, or `caller` may not do one of `actions` (such as `kms:CreateGrant`). */
  assertUsable(keyArn: string, caller: Caller, actions: readonly string[]): void;
}

/**
 * What whoever creates or uses encrypted volumes and snapshots must be allowed on the key. Source: EBS user guide,
 * "Requirements for Amazon EBS encryption", permissions for users.
 */
export const volumeKeyActions: readonly string[] = [
  "kms:CreateGrant",
  "kms:Decrypt",
  "kms:DescribeKey",
  "kms:GenerateDataKeyWithoutPlaintext",
  "kms:ReEncryptFrom",
  "kms:ReEncryptTo",
];

/** A KMS in which every key exists and everyone may use it: for tests of what has nothing to do with keys. */
export function everyKeyUsable(kernel: Kernel): KeyAccess {
  return {
    arnOf(reference) {
      if (reference?.startsWith("arn:")) return reference;
      const id = reference?.replace(/^(alias|key)\//, "") ?? "00000000-0000-4000-8000-000000000eb5";
      return kernel.arn("kms", `key/${id}`);
    },
    assertUsable() {},
  };
}
