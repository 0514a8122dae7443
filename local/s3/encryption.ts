import type { ServerSideEncryptionConfiguration } from "@aws-sdk/client-s3";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Kernel } from "../core/kernel.ts";
import { bucketArn } from "./buckets.ts";
import type { BucketDocument, ObjectEncryption } from "./documents.ts";
import { invalidArgument } from "./errors.ts";

/** Every bucket encrypts with S3's own keys unless it says otherwise (since January 2023). */
export const defaultEncryption: ServerSideEncryptionConfiguration = {
  Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" }, BucketKeyEnabled: false }],
};

/** Alias of the key S3 uses when `aws:kms` names none; its policy lets everyone in the account use it through S3. */
const managedKeyAlias = "alias/aws/s3";

interface EncryptionInput {
  ServerSideEncryption?: string | undefined;
  SSEKMSKeyId?: string | undefined;
  BucketKeyEnabled?: boolean | undefined;
}

/**
 * How a new object is encrypted: as its request says, else as its bucket does.
 * @throws {AwsError} InvalidArgument; KMS.NotFoundException and KMS.DisabledException for keys that cannot be used.
 */
export async function resolveEncryption(
  kernel: Kernel,
  bucket: Readonly<BucketDocument>,
  input: EncryptionInput,
): Promise<ObjectEncryption> {
  const rule = bucket.encryption.Rules?.[0];
  const fallback = rule?.ApplyServerSideEncryptionByDefault;
  const algorithm = input.ServerSideEncryption ?? fallback?.SSEAlgorithm ?? "AES256";
  if (algorithm === "AES256") {
    if (input.SSEKMSKeyId !== undefined) {
      const message =
        "Server Side Encryption with Customer provided key is incompatible with the encryption method specified";
      throw invalidArgument(message, "x-amz-server-side-encryption-aws-kms-key-id", input.SSEKMSKeyId);
    }
    return { algorithm };
  }
  if (algorithm !== "aws:kms" && algorithm !== "aws:kms:dsse") {
    throw invalidArgument(
      "The encryption method specified is not supported",
      "x-amz-server-side-encryption",
      algorithm,
    );
  }
  const inherited = input.ServerSideEncryption === undefined ? fallback?.KMSMasterKeyID : undefined;
  const keyArn = await usableKey(kernel, input.SSEKMSKeyId ?? inherited ?? managedKeyAlias);
  return { algorithm, keyArn, bucketKey: input.BucketKeyEnabled ?? rule?.BucketKeyEnabled ?? false };
}

async function usableKey(kernel: Kernel, keyId: string): Promise<string> {
  const s3 = kernel.serviceCaller("s3.amazonaws.com");
  try {
    const { KeyMetadata: key } = await kernel.call<{ KeyMetadata?: { Arn?: string; KeyState?: string } }>(
      "kms",
      "DescribeKey",
      { KeyId: keyId },
      s3,
    );
    if (key?.KeyState !== "Enabled")
      throw new AwsError("KMS.DisabledException", `${key?.Arn} is ${key?.KeyState}.`, 400);
    return key.Arn ?? keyId;
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== "NotFoundException") throw error;
    throw new AwsError("KMS.NotFoundException", error.message, 400);
  }
}

/**
 * The permission on the KMS key that reading or writing an object needs beside S3's own. Source: S3 user guide, "Using
 * server-side encryption with AWS KMS keys", and for multipart uploads "Multipart upload API and permissions".
 */
export function authorizeKey(
  kernel: Kernel,
  call: Call,
  bucket: string,
  encryption: ObjectEncryption,
  actions: readonly ("kms:GenerateDataKey" | "kms:Decrypt")[],
): void {
  if (encryption.keyArn === undefined || call.caller.kind === "service") return;
  const context = {
    "kms:CallerAccount": call.caller.accountId,
    "kms:ViaService": `s3.${kernel.settings.region}.amazonaws.com`,
    "kms:EncryptionContext:aws:s3:arn": bucketArn(bucket),
  };
  for (const action of actions) call.authorize({ action, resource: encryption.keyArn, context });
}

/** The members of a response that say how the object is encrypted. */
export function encryptionMembers(encryption: ObjectEncryption) {
  return {
    ServerSideEncryption: encryption.algorithm,
    ...(encryption.keyArn !== undefined && { SSEKMSKeyId: encryption.keyArn }),
    ...(encryption.bucketKey && { BucketKeyEnabled: true }),
  };
}
