import { AwsError } from "../core/aws-error.ts";

/** S3's errors, as its API reference's "Error responses" page words them. */

export function noSuchBucket(bucket: string): AwsError {
  return new AwsError("NoSuchBucket", "The specified bucket does not exist", 404, { BucketName: bucket });
}

export function noSuchKey(key: string, deleteMarker?: { versionId: string }): AwsError {
  const marker = deleteMarker ? { DeleteMarker: true, VersionId: deleteMarker.versionId } : {};
  return new AwsError("NoSuchKey", "The specified key does not exist.", 404, { Key: key, ...marker });
}

export function noSuchVersion(key: string, versionId: string): AwsError {
  const members = { Key: key, VersionId: versionId };
  return new AwsError("NoSuchVersion", "The specified version does not exist.", 404, members);
}

export function noSuchUpload(uploadId: string): AwsError {
  return new AwsError(
    "NoSuchUpload",
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    404,
    { UploadId: uploadId },
  );
}

export function invalidArgument(message: string, name: string, value: unknown): AwsError {
  return new AwsError("InvalidArgument", message, 400, { ArgumentName: name, ArgumentValue: String(value) });
}

export function invalidRequest(message: string): AwsError {
  return new AwsError("InvalidRequest", message, 400);
}

export function malformedXml(): AwsError {
  return new AwsError(
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
    400,
  );
}

/** @param condition The header that did not hold, such as `If-None-Match`. */
export function preconditionFailed(condition: string): AwsError {
  const message = "At least one of the pre-conditions you specified did not hold";
  return new AwsError("PreconditionFailed", message, 412, { Condition: condition });
}

export function conditionalRequestConflict(key: string): AwsError {
  return new AwsError(
    "ConditionalRequestConflict",
    "The conditional request cannot succeed due to a conflicting operation against this resource.",
    409,
    { Key: key },
  );
}

export function badDigest(name: string): AwsError {
  return new AwsError("BadDigest", `The ${name} you specified did not match what we received.`, 400);
}

/**
 * Refuses members that matter and that this cloud does not have, instead of ignoring them.
 * @throws {AwsError} NotImplemented naming the first one present.
 */
export function refuseMembers(input: object, names: readonly string[]): void {
  for (const name of names) {
    if ((input as Record<string, unknown>)[name] === undefined) continue;
    throw new AwsError("NotImplemented", `the embedded cloud does not have ${name} on S3 requests`, 501, {
      Header: name,
    });
  }
}

/** Customer-provided keys, object lock, grants and other things of object requests that are refused by name. */
export const refusedObjectMembers = [
  "SSECustomerAlgorithm",
  "SSECustomerKey",
  "SSECustomerKeyMD5",
  "CopySourceSSECustomerAlgorithm",
  "CopySourceSSECustomerKey",
  "CopySourceSSECustomerKeyMD5",
  "SSEKMSEncryptionContext",
  "ObjectLockMode",
  "ObjectLockRetainUntilDate",
  "ObjectLockLegalHoldStatus",
  "BypassGovernanceRetention",
  "MFA",
  "GrantFullControl",
  "GrantRead",
  "GrantReadACP",
  "GrantWriteACP",
  "WebsiteRedirectLocation",
  "WriteOffsetBytes",
] as const;
