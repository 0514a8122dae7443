import type { KeyMetadata } from "@aws-sdk/client-kms";
import type { Kernel } from "../core/kernel.ts";

export interface KeyRecord {
  id: string;
  description: string;
  createdAtMs: number;
  /** `PendingDeletion` until its deletion date, then it is gone. */
  state: "Enabled" | "Disabled" | "PendingDeletion";
  deletionAtMs?: number;
  pendingDays?: number;
  /** `AWS` for the account's keys of other services, such as alias/aws/ebs. */
  manager: "CUSTOMER" | "AWS";
  rotates: boolean;
  policy: string;
  tags: Record<string, string>;
  /** Hexadecimal AES-256 key. */
  material: string;
}

export interface AliasRecord {
  /** With its prefix: `alias/…`. */
  name: string;
  keyId: string;
  createdAtMs: number;
  updatedAtMs: number;
}

export interface GrantRecord {
  id: string;
  keyId: string;
  token: string;
  name?: string;
  granteePrincipal: string;
  retiringPrincipal?: string;
  issuingAccount: string;
  operations: string[];
  /** Encryption context the grant holds for: exactly this, or at least this. */
  contextEquals?: Record<string, string>;
  contextSubset?: Record<string, string>;
  createdAtMs: number;
}

export function keyArn(kernel: Kernel, id: string): string {
  return kernel.arn("kms", `key/${id}`);
}

export function aliasArn(kernel: Kernel, name: string): string {
  return kernel.arn("kms", name);
}

export function describeKey(kernel: Kernel, key: Readonly<KeyRecord>): KeyMetadata {
  return {
    AWSAccountId: kernel.settings.accountId,
    KeyId: key.id,
    Arn: keyArn(kernel, key.id),
    CreationDate: new Date(key.createdAtMs),
    Enabled: key.state === "Enabled",
    Description: key.description,
    KeyUsage: "ENCRYPT_DECRYPT",
    KeyState: key.state,
    ...(key.deletionAtMs !== undefined && { DeletionDate: new Date(key.deletionAtMs) }),
    ...(key.pendingDays !== undefined && { PendingDeletionWindowInDays: key.pendingDays }),
    Origin: "AWS_KMS",
    KeyManager: key.manager,
    CustomerMasterKeySpec: "SYMMETRIC_DEFAULT",
    KeySpec: "SYMMETRIC_DEFAULT",
    EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
    MultiRegion: false,
  };
}
